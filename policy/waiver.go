package policy

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/strictyaml"
)

// Waiver is an exception from rules: somebody answers for it, somebody else has approved it, and
// it ends. Only ParseWaivers makes one; a zero Waiver waives nothing.
type Waiver struct {
	digest   image.Digest // of the file that holds it
	file     string       // its name, for messages
	place    place        // where its id stands
	id       string
	owner    string
	approver string
	approved time.Time // zero if it does not say
	ticket   string

	vulnerabilities, rules []string
	purls                  []packageGlob
	images                 []glob
	digests                []image.Digest

	decision      Decision
	justification string
	reason        string
	action        string
	expires       time.Time
	endWhen       EndWhen

	signers []string // whose signatures of the file were verified
}

// Decision is what a waiver says about what it waives.
type Decision string

// The decisions. One that is under investigation waives nothing: it is only said.
const (
	NotAffected        Decision = "not_affected"
	AcceptRisk         Decision = "accept_risk"
	FalsePositive      Decision = "false_positive"
	UnderInvestigation Decision = "under_investigation"
)

// EndWhen is what ends a waiver before its date.
type EndWhen string

// The ends. Where it is not known whether there is a fix, there may be one.
const (
	FixAvailable     EndWhen = "fixAvailable"
	ComponentChanged EndWhen = "componentChanged" // the versions of its purls are no longer there
)

// ID is the waiver's metadata.id.
func (w Waiver) ID() string { return w.id }

// Digest is that of the exact bytes of the file that holds the waiver: what has to be signed.
func (w Waiver) Digest() image.Digest { return w.digest }

// Signed returns the waiver as one of a file that these have signed, as the trust calls them. Whoever
// calls it has verified their signatures.
func (w Waiver) Signed(by ...string) Waiver {
	w.signers = sortedSet(slices.Concat(w.signers, by))
	return w
}

// SignedBy are those whose signatures of the file were verified.
func (w Waiver) SignedBy() []string { return slices.Clone(w.signers) }

// Owner is who answers for what is waived.
func (w Waiver) Owner() string { return w.owner }

// Approver is who approved it.
func (w Waiver) Approver() string { return w.approver }

// Expires is when it ends.
func (w Waiver) Expires() time.Time { return w.expires }

// Approved is when it was approved, zero if it does not say.
func (w Waiver) Approved() time.Time { return w.approved }

// Ticket is where it is tracked, empty if it does not say.
func (w Waiver) Ticket() string { return w.ticket }

// Decision is what it says about what it waives.
func (w Waiver) Decision() Decision { return w.decision }

// Reason is why, in the owner's words.
func (w Waiver) Reason() string { return w.reason }

// Justification is why something is not affected, in OpenVEX's words; empty if it does not say.
func (w Waiver) Justification() string { return w.justification }

// Action is what will be done, empty if it does not say.
func (w Waiver) Action() string { return w.action }

// Vulnerabilities are the ids that it is about.
func (w Waiver) Vulnerabilities() []string { return slices.Clone(w.vulnerabilities) }

// Purls are the packages that it is about, empty for all.
func (w Waiver) Purls() []string {
	var purls []string
	for _, g := range w.purls {
		purls = append(purls, g.text)
	}
	return purls
}

// Rules are the ids of the rules that it is about, empty for all.
func (w Waiver) Rules() []string { return slices.Clone(w.rules) }

// Images are the patterns of the images that it is about, empty for all.
func (w Waiver) Images() []string {
	var images []string
	for _, g := range w.images {
		images = append(images, string(g))
	}
	return images
}

// Digests are those of the images that it is about, empty for all.
func (w Waiver) Digests() []image.Digest { return slices.Clone(w.digests) }

// ParseWaivers reads the waivers of a file, in its order. The name is for messages only. If
// anything is wrong it returns no waiver and a *ParseError.
func ParseWaivers(name string, data []byte) ([]Waiver, error) {
	d := newDecoder(name, "a waiver", "four")
	var waivers []Waiver
	lines := map[string]int{}
	d.Documents(data, func(root *yaml.Node) {
		w, id := d.waiver(root, d.Top())
		switch line, twice := lines[w.id]; {
		case id == nil:
		case twice:
			d.Problem(id, "waiver %q stands already in line %d; give each waiver an id of its own", w.id, line)
		default:
			lines[w.id] = id.Line
			w.place = place{id.Line, id.Column}
		}
		waivers = append(waivers, w)
	})
	if len(waivers) == 0 && d.Clean() {
		d.At(1, 1, "the file holds no waiver; begin with apiVersion: %s", apiVersion)
	}
	if err := d.Err(); err != nil {
		return nil, err
	}
	digest := image.DigestOf(data)
	for i := range waivers {
		waivers[i].digest, waivers[i].file = digest, name
	}
	return waivers, nil
}

// ReadWaiver reads a waiver that stands inside a document of another kind. What is wrong is for
// the decoder to tell; the waiver then waives nothing.
func ReadWaiver(d *strictyaml.Decoder, n *yaml.Node, what string) Waiver {
	w, _ := (&decoder{Decoder: d}).waiver(n, what)
	if !d.Clean() {
		return Waiver{}
	}
	w.digest = image.DigestOf(d.Data())
	return w
}

func (d *decoder) waiver(n *yaml.Node, what string) (w Waiver, id *yaml.Node) {
	if kind, ok := strictyaml.Member(n, "kind"); ok && kind.Kind == yaml.ScalarNode && kind.Value != "Waiver" {
		d.Problem(kind, "kind is %s; a waiver file holds documents of the kind Waiver alone: move this one to a file of its own", strictyaml.Quote(kind.Value))
		return w, nil
	}
	w.place = place{n.Line, n.Column}
	d.Mapping(n, what,
		strictyaml.Required("apiVersion", func(n *yaml.Node, what string) { d.Choice(n, what, apiVersion) }),
		strictyaml.Required("kind", func(n *yaml.Node, what string) { d.Choice(n, what, "Waiver") }),
		strictyaml.Required("metadata", func(n *yaml.Node, what string) { id = d.waiverMetadata(n, what, &w) }),
		strictyaml.Required("match", func(n *yaml.Node, what string) { d.waiverMatch(n, what, &w) }),
		strictyaml.Required("decision", func(n *yaml.Node, what string) {
			d.Choice(n, what, string(NotAffected), string(AcceptRisk), string(FalsePositive), string(UnderInvestigation))
			w.decision = Decision(n.Value)
		}),
		strictyaml.Optional("justification", func(n *yaml.Node, what string) {
			d.Choice(n, what, justifications()...)
			w.justification = n.Value
		}),
		strictyaml.Required("reason", func(n *yaml.Node, what string) { w.reason = d.Text(n, what) }),
		strictyaml.Optional("actionStatement", func(n *yaml.Node, what string) { w.action = d.Text(n, what) }),
		strictyaml.Required("expires", func(n *yaml.Node, what string) { w.expires = d.Moment(n, what) }),
		strictyaml.Optional("endWhen", func(n *yaml.Node, what string) {
			d.Choice(n, what, string(FixAvailable), string(ComponentChanged))
			w.endWhen = EndWhen(n.Value)
		}),
	)
	d.consistent(n, w)
	return w, id
}

// justifications are OpenVEX's (specification 0.2.0, "Status Justifications").
func justifications() []string {
	return []string{"component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
		"vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist"}
}

func (d *decoder) waiverMetadata(n *yaml.Node, what string, w *Waiver) (id *yaml.Node) {
	d.Mapping(n, what,
		strictyaml.Required("id", func(n *yaml.Node, what string) { id, w.id = n, d.Text(n, what) }),
		strictyaml.Required("owner", func(n *yaml.Node, what string) { w.owner = d.Text(n, what) }),
		strictyaml.Required("approvedBy", func(n *yaml.Node, what string) { w.approver = d.Text(n, what) }),
		strictyaml.Optional("approvedAt", func(n *yaml.Node, what string) { w.approved = d.Moment(n, what) }),
		strictyaml.Optional("ticket", func(n *yaml.Node, what string) { w.ticket = d.Text(n, what) }),
	)
	if approver, ok := strictyaml.Member(n, "approvedBy"); ok && w.approver != "" && sameIdentity(w.approver, w.owner) {
		d.Problem(approver, "%s is the owner; whoever answers for a risk cannot approve it: name somebody else", what+".approvedBy")
	}
	return id
}

// sameIdentity compares two people; the case of an address does not make another one.
func sameIdentity(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

func (d *decoder) waiverMatch(n *yaml.Node, what string, w *Waiver) {
	d.Mapping(n, what,
		strictyaml.Optional("vulnerabilities", func(n *yaml.Node, what string) {
			d.List(n, what, mostItems, func(n *yaml.Node, what string) {
				id := d.Text(n, what)
				if strings.ContainsAny(id, "*? ") {
					d.Problem(n, "%s is %s; a waiver names vulnerabilities one by one", what, strictyaml.Quote(id))
				}
				w.vulnerabilities = append(w.vulnerabilities, id)
			})
		}),
		strictyaml.Optional("rules", func(n *yaml.Node, what string) {
			d.List(n, what, mostItems, func(n *yaml.Node, what string) { w.rules = append(w.rules, d.Identifier(n, what)) })
		}),
		strictyaml.Optional("purls", func(n *yaml.Node, what string) {
			d.List(n, what, mostItems, func(n *yaml.Node, what string) {
				if g, ok := pattern(d, n, what, parsePackageGlob); ok {
					w.purls = append(w.purls, g)
				}
			})
		}),
		strictyaml.Optional("images", func(n *yaml.Node, what string) {
			d.List(n, what, mostItems, func(n *yaml.Node, what string) {
				if g, ok := pattern(d, n, what, parseRepositoryGlob); ok {
					w.images = append(w.images, g)
				}
			})
		}),
		strictyaml.Optional("digests", func(n *yaml.Node, what string) {
			d.List(n, what, mostItems, func(n *yaml.Node, what string) {
				if digest, ok := pattern(d, n, what, image.ParseDigest); ok {
					w.digests = append(w.digests, digest)
				}
			})
		}),
	)
	if n.Kind == yaml.MappingNode && len(w.vulnerabilities) == 0 && len(w.rules) == 0 {
		d.Problem(n, "%s names neither vulnerabilities nor rules; name what is waived", what)
	}
}

// consistent refuses what is well written and makes no sense.
func (d *decoder) consistent(n *yaml.Node, w Waiver) {
	if w.justification != "" && w.decision != NotAffected && w.decision != FalsePositive {
		d.Problem(n, "justification says why something is not affected, and the decision is %s; leave it out", w.decision)
	}
	if !w.approved.IsZero() && !w.expires.IsZero() && !w.approved.Before(w.expires) {
		d.Problem(n, "the waiver ends before it was approved; mend expires or metadata.approvedAt")
	}
	versioned := len(w.purls) > 0 && !slices.ContainsFunc(w.purls, func(g packageGlob) bool {
		return g.version == "" || strings.Contains(string(g.version), "*")
	})
	if w.endWhen == ComponentChanged && !versioned {
		d.Problem(n, "endWhen is componentChanged; match.purls must name the components with their versions, such as pkg:deb/debian/openssl@3.0.11-1")
	}
}

// about tells whether a waiver is about an image at all; if not, why.
func (w *Waiver) about(in *Input) (bool, string) {
	if len(w.images) > 0 && !slices.ContainsFunc(w.images, func(g glob) bool { return in.Repository != "" && g.matches(in.Repository) }) {
		return false, "it is about other images"
	}
	target := in.Facts.Target
	if len(w.digests) > 0 && !slices.ContainsFunc(w.digests, func(d image.Digest) bool {
		return d == target.ImageID || d == target.Digest || d == target.IndexDigest
	}) {
		return false, "it is about other digests"
	}
	return true, ""
}

// names tells whether a waiver means a finding.
func (w *Waiver) names(s *subject, f *finding.Finding) bool {
	if len(w.vulnerabilities) > 0 && !slices.ContainsFunc(w.vulnerabilities, func(id string) bool { return isCalled(f, id) }) {
		return false
	}
	return len(w.purls) == 0 || w.namesPackage(s, f.Package)
}

func (w *Waiver) namesPackage(s *subject, purl string) bool {
	name, ok := s.nameOfPURL(purl)
	return ok && slices.ContainsFunc(w.purls, name.matches)
}

// isCalled tells whether a finding has a name.
func isCalled(f *finding.Finding, id string) bool {
	return f.ID == id || slices.Contains(f.Aliases, id) || slices.Contains(f.Advisories, id)
}

func compareWaivers(a, b Waiver) int {
	return cmp.Or(strings.Compare(a.id, b.id), strings.Compare(a.digest.Hex(), b.digest.Hex()))
}
