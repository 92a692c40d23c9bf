// Package preview says what a change does to many images at once: another policy, or another
// time. It compares, for each stored report, what holds with what would hold, and says which
// images would be denied, warned of, allowed or no longer known, by which rules, and whose they
// are.
//
// It reads no file and evaluates nothing; the order in which images are added does not matter. An
// image that could not be read is never left out: it counts as unknown.
package preview

import (
	"cmp"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/verdict"
)

// Schema names the JSON form of Preview.
const Schema = "plimsoll.dev/preview/v1"

// Preview is the document.
type Preview struct {
	Schema      string `json:"schema"` // plimsoll.dev/preview/v1
	EvaluatedAt string `json:"evaluatedAt"`
	// Replay: evaluated as of another time than now, so that no gate may go by it.
	Replay   bool          `json:"replay"`
	Stage    verdict.Stage `json:"stage"`
	Policies []string      `json:"policies"`       // that would hold: name, version and digest
	With     []string      `json:"with,omitempty"` // that hold; absent if it is the stored verdicts that hold
	Summary  Summary       `json:"summary"`
	// Images are those for which something changes, or all of them in a replay: by change, owner,
	// repository, platform and file.
	Images []Image `json:"images"`
	// Unreadable are reports that could not be read, Other files that are none; by path.
	Unreadable []File `json:"unreadable"`
	Other      []File `json:"other"`
}

// Summary counts.
type Summary struct {
	Reports    int `json:"reports"` // that were compared
	Unreadable int `json:"unreadable"`
	Other      int `json:"other"`
	// WithoutVerdict are reports that hold none, compared with nothing.
	WithoutVerdict int `json:"withoutVerdict"`
	// Before and After count the outcomes; what could not be read stands under "unknown", and a
	// report without a verdict under "none".
	Before  map[string]int `json:"before"`
	After   map[string]int `json:"after"`
	Changes map[Change]int `json:"changes"`
	Owners  []Owner        `json:"owners"` // most changes first
}

// Owner is somebody whose images change.
type Owner struct {
	Name    string         `json:"name"`
	Changes map[Change]int `json:"changes"`
}

// File is a file that was not compared.
type File struct {
	Path string `json:"path"`
	Why  string `json:"why"`
}

// Change is what happens to an image at the stage.
type Change string

// The changes, in the order in which they are listed.
const (
	Denied  Change = "denied"  // and was not
	Unknown Change = "unknown" // a rule can no longer be answered, and no other rule makes it worse
	Warned  Change = "warned"  // and was allowed
	Allowed Change = "allowed" // milder than before: deny to warn, or to allow
	Other   Change = "other"   // the same outcome, for other reasons; listed in a replay alone
	None    Change = "none"    // listed in a replay alone
)

// Changes returns all changes, in the order in which they are listed.
func Changes() []Change { return []Change{Denied, Unknown, Warned, Allowed, Other, None} }

// Image is one report's image, and what would become of it.
type Image struct {
	Path       string       `json:"path"` // of the report
	Owner      string       `json:"owner"`
	Repository string       `json:"repository,omitempty"`
	Reference  string       `json:"reference,omitempty"`
	ImageID    image.Digest `json:"imageID,omitzero"`
	Platform   string       `json:"platform,omitempty"`
	Change     Change       `json:"change"`
	From       string       `json:"from"` // the outcome; none if no verdict is stored
	To         string       `json:"to"`
	StoredAt   string       `json:"storedAt,omitempty"` // when the verdict that holds was made
	Rules      []Rule       `json:"rules"`              // that make the change
}

// Rule is one rule's part in a change.
type Rule struct {
	Policy  string         `json:"policy,omitempty"`
	ID      string         `json:"id"`
	From    verdict.Result `json:"from,omitempty"` // absent if there was no such rule
	To      verdict.Result `json:"to,omitempty"`   // absent if there will be none
	Message string         `json:"message,omitempty"`
	Fix     string         `json:"fix,omitempty"`
}

// Judged is one side of a comparison: a verdict, and what each of its rules means at each stage;
// without the latter (a stored verdict does not hold it), a rule that did not pass counts.
type Judged struct {
	Verdict *verdict.Verdict // nil if there is none
	Effects []policy.Effect
}

// OwnerOf is whose an image is: what its label org.opencontainers.image.authors says (image-spec,
// annotations.md), else the first two segments of its repository's name, which are the registry
// and the team's folder in most. A label is the word of whoever built the image.
func OwnerOf(target inventory.Target) string {
	const longest = 200 // a label may have megabytes
	if authors := strings.TrimSpace(target.Config.Labels["org.opencontainers.image.authors"]); authors != "" {
		if len(authors) > longest {
			authors = strings.ToValidUTF8(authors[:longest], "") + "…"
		}
		return authors
	}
	if target.Repository == "" {
		return "(no name)"
	}
	segments := strings.SplitN(target.Repository, "/", 3)
	return strings.Join(segments[:min(2, len(segments))], "/")
}

// Compare says what would become of an image. Its strings are the caller's own; see Image.Keep.
func Compare(path string, target inventory.Target, stage verdict.Stage, before, after Judged) Image {
	i := Image{
		Path: path, Owner: OwnerOf(target), Repository: target.Repository, Reference: target.Reference,
		ImageID: target.ImageID, Platform: target.Platform,
		From: "none", To: string(after.Verdict.Outcome[stage]), Rules: []Rule{},
	}
	was := rulesByName{}
	if before.Verdict != nil {
		i.From, i.StoredAt = string(before.Verdict.Outcome[stage]), before.Verdict.EvaluatedAt
		was.add(before.Verdict.Rules)
	}
	i.Change = changeOf(verdict.Outcome(i.From), verdict.Outcome(i.To))
	switch i.Change {
	case Denied, Warned:
		i.Rules = strictest(stage, was, after)
		if !slices.ContainsFunc(i.Rules, func(r Rule) bool { return r.To == verdict.Fail }) {
			i.Change = Unknown
		}
	case Allowed:
		i.Rules = milder(stage, before, after)
	default:
		i.Rules = different(was, after.Verdict.Rules)
		switch {
		case slices.ContainsFunc(i.Rules, isNewlyUnknown):
			i.Change = Unknown
			i.Rules = slices.DeleteFunc(i.Rules, func(r Rule) bool { return !isNewlyUnknown(r) })
		case len(i.Rules) > 0:
			i.Change = Other
		}
	}
	return i
}

// rulesByName finds a rule again: in the policy of the same name, else in any other, since a policy
// that takes another's place asks much the same.
type rulesByName map[string]verdict.Rule

func (n rulesByName) add(rules []verdict.Rule) {
	for _, r := range rules {
		n[r.Policy+"|"+r.ID] = r
		if _, taken := n["|"+r.ID]; !taken {
			n["|"+r.ID] = r
		}
	}
}

func (n rulesByName) find(r verdict.Rule) verdict.Rule {
	if same, found := n[r.Policy+"|"+r.ID]; found {
		return same
	}
	return n["|"+r.ID]
}

// changeOf compares two outcomes. A report without a verdict was neither denied nor allowed.
func changeOf(from, to verdict.Outcome) Change {
	switch {
	case from == to:
		return None
	case to == verdict.Deny:
		return Denied
	case from == "none" && to == verdict.Allow:
		return None
	case verdict.Stricter(from, to) == to:
		return Warned
	default:
		return Allowed
	}
}

// isNewlyUnknown tells whether a rule had an answer and has none now.
func isNewlyUnknown(r Rule) bool { return isUnknown(r.To) && !isUnknown(r.From) }

func isUnknown(r verdict.Result) bool { return r == verdict.Unknown || r == verdict.Error }

// strictest returns the rules that have the outcome be what it is.
func strictest(stage verdict.Stage, was rulesByName, after Judged) []Rule {
	var rules []Rule
	for i, r := range after.Verdict.Rules {
		if after.Effects[i][stage] == after.Verdict.Outcome[stage] {
			rules = append(rules, Rule{r.Policy, r.ID, was.find(r).Result, r.Result, r.Message, r.Fix})
		}
	}
	return rules
}

// milder returns the rules that had the outcome be what it was.
func milder(stage verdict.Stage, before, after Judged) []Rule {
	is := rulesByName{}
	is.add(after.Verdict.Rules)
	rules := []Rule{}
	for i, r := range before.Verdict.Rules {
		decides := r.Result != verdict.Pass && r.Result != verdict.Waived && r.Result != verdict.Deferred
		if before.Effects != nil {
			decides = before.Effects[i][stage] == before.Verdict.Outcome[stage]
		}
		now := is.find(r)
		if decides {
			rules = append(rules, Rule{r.Policy, r.ID, r.Result, now.Result, cmp.Or(now.Message, r.Message), now.Fix})
		}
	}
	return rules
}

// different returns the rules whose result is another.
func different(was rulesByName, rules []verdict.Rule) []Rule {
	list := []Rule{}
	for _, r := range rules {
		if before := was.find(r).Result; before != r.Result && (len(was) > 0 || isUnknown(r.Result)) {
			list = append(list, Rule{r.Policy, r.ID, before, r.Result, r.Message, r.Fix})
		}
	}
	return list
}

// Keep returns the image with strings of its own, so that the report it is from can go.
func (i Image) Keep() Image {
	for _, s := range []*string{&i.Owner, &i.Repository, &i.Reference, &i.Platform, &i.From, &i.To, &i.StoredAt} {
		*s = strings.Clone(*s)
	}
	for at := range i.Rules {
		r := &i.Rules[at]
		for _, s := range []*string{&r.Policy, &r.ID, &r.Message, &r.Fix} {
			*s = strings.Clone(*s)
		}
		r.From, r.To = verdict.Result(strings.Clone(string(r.From))), verdict.Result(strings.Clone(string(r.To)))
	}
	return i
}

// Add takes in one image. All says whether it is listed even if nothing changes.
func (p *Preview) Add(i Image, all bool) {
	p.count(i.From, i.To)
	p.Summary.Reports++
	if i.From == "none" {
		p.Summary.WithoutVerdict++
	}
	p.Summary.Changes[i.Change]++
	if all || i.Change != None && i.Change != Other {
		p.Images = append(p.Images, i)
	}
}

// AddUnreadable takes in a report that could not be read: nothing is known of its image.
func (p *Preview) AddUnreadable(f File) {
	p.count("unknown", "unknown")
	p.Unreadable = append(p.Unreadable, f)
}

func (p *Preview) count(before, after string) {
	if p.Summary.Before == nil {
		p.Summary.Before, p.Summary.After, p.Summary.Changes = map[string]int{}, map[string]int{}, map[Change]int{}
	}
	p.Summary.Before[before]++
	p.Summary.After[after]++
}

// Finish sorts and counts what was added.
func (p *Preview) Finish() {
	if p.Summary.Before == nil {
		p.Summary.Before, p.Summary.After, p.Summary.Changes = map[string]int{}, map[string]int{}, map[Change]int{}
	}
	p.Summary.Unreadable, p.Summary.Other = len(p.Unreadable), len(p.Other)
	p.Images, p.Unreadable, p.Other = orEmpty(p.Images), orEmpty(p.Unreadable), orEmpty(p.Other)
	slices.SortFunc(p.Images, compareImages)
	byPath := func(a, b File) int { return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Why, b.Why)) }
	slices.SortFunc(p.Unreadable, byPath)
	slices.SortFunc(p.Other, byPath)
	owners := map[string]map[Change]int{}
	for _, i := range p.Images {
		if i.Change == None || i.Change == Other {
			continue
		}
		if owners[i.Owner] == nil {
			owners[i.Owner] = map[Change]int{}
		}
		owners[i.Owner][i.Change]++
	}
	p.Summary.Owners = []Owner{}
	for name, changes := range owners {
		p.Summary.Owners = append(p.Summary.Owners, Owner{name, changes})
	}
	slices.SortFunc(p.Summary.Owners, func(a, b Owner) int {
		return cmp.Or(cmp.Compare(b.total(), a.total()), strings.Compare(a.Name, b.Name))
	})
}

func (o Owner) total() int {
	total := 0
	for _, n := range o.Changes {
		total += n
	}
	return total
}

func compareImages(a, b Image) int {
	return cmp.Or(
		cmp.Compare(slices.Index(Changes(), a.Change), slices.Index(Changes(), b.Change)),
		strings.Compare(a.Owner, b.Owner), strings.Compare(a.Repository, b.Repository),
		strings.Compare(a.Platform, b.Platform), strings.Compare(a.Path, b.Path),
		strings.Compare(a.Reference, b.Reference), strings.Compare(a.ImageID.String(), b.ImageID.String()))
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
