package policytest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/finding/imageconfig"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/strictyaml"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/policy"
)

// document is the part of a report that an evaluation reads, by the report's own names.
type document struct {
	target    inventory.Target
	distro    *inventory.Distro
	packages  []inventory.Package
	files     inventory.FileFacts
	findings  []finding.Finding
	coverage  inventory.Coverage
	database  database
	scannedAt time.Time
}

// database is report.Database, which stands below this package on the page.
type database struct {
	Digest  image.Digest `json:"digest"`
	Sources []source     `json:"sources"`
}

type source struct {
	Name    string    `json:"name"`
	Records int       `json:"records"`
	AsOf    time.Time `json:"asOf"`
	Newest  time.Time `json:"newest"`
}

func documentOf(in policy.Input) document {
	doc := document{
		target: in.Facts.Target, distro: in.Facts.Distro, packages: in.Facts.Packages, files: in.Facts.Files,
		findings: in.Findings, coverage: in.Coverage, scannedAt: in.ScannedAt,
		database: database{Digest: in.Database.Digest},
	}
	for _, s := range in.Database.Sources {
		doc.database.Sources = append(doc.database.Sources, source{Name: s.Name, AsOf: s.AsOf})
	}
	return doc
}

// input is the document as the evaluator has it. Where several members of a list are the same,
// the last counts.
func (doc *document) input() policy.Input {
	doc.packages = lastOfEach(doc.packages, func(p inventory.Package) string { return p.PURL })
	doc.complete()
	in := policy.Input{
		Facts:    inventory.Facts{Target: doc.target, Distro: doc.distro, Packages: doc.packages, Files: doc.files, Coverage: doc.coverage},
		Findings: lastOfEach(doc.findings, func(f finding.Finding) string { return f.Key }),
		Coverage: doc.coverage, ScannedAt: doc.scannedAt,
		Database: policy.Database{Digest: doc.database.Digest},
	}
	byPath := func(f inventory.File) string { return strings.TrimPrefix(f.Path, "/") }
	in.Facts.Files.Setuid = lastOfEach(doc.files.Setuid, byPath)
	in.Facts.Files.Unowned = lastOfEach(doc.files.Unowned, byPath)
	in.Facts.Files.UnownedCount = max(doc.files.UnownedCount, len(in.Facts.Files.Unowned))
	for _, s := range lastOfEach(doc.database.Sources, func(s source) string { return s.Name }) {
		in.Database.Sources = append(in.Database.Sources, policy.Source{Name: s.Name, AsOf: s.AsOf})
	}
	return in
}

func lastOfEach[T any](list []T, key func(T) string) []T {
	at := map[string]int{}
	var kept []T
	for _, each := range list {
		if i, twice := at[key(each)]; twice {
			kept[i] = each
			continue
		}
		at[key(each)] = len(kept)
		kept = append(kept, each)
	}
	return kept
}

// complete adds what follows from what a finding says, and the findings that follow from the
// configuration, as a scan would have them.
func (doc *document) complete() {
	findings := slices.Clone(doc.findings)
	for i := range findings {
		f := &findings[i]
		if f.Package == "" && f.Kind == finding.Vulnerability && len(doc.packages) > 0 {
			f.Package = doc.packages[0].PURL
		}
		if f.Key == "" {
			f.Key = finding.VulnerabilityKey(f.ID, f.Package)
			if f.Kind == finding.Config {
				f.Key = finding.ConfigKey(f.ID)
			}
		}
	}
	if !doc.target.ImageID.IsZero() && doc.coverage.States["config"] == inventory.Full {
		findings = slices.DeleteFunc(findings, func(f finding.Finding) bool {
			return f.Kind == finding.Config && slices.Contains(imageconfig.Known(), f.ID)
		})
		findings = append(findings, imageconfig.Check(doc.target.Config)...)
	}
	doc.findings = findings
}

// patch reads a patch and changes a document by it.
func (d *decoder) patch(n *yaml.Node, what string, doc *document) {
	value := func(pointer any) func(*yaml.Node, string) {
		return func(n *yaml.Node, what string) { d.Value(n, what, pointer) }
	}
	d.Mapping(n, what,
		strictyaml.Optional("target", func(n *yaml.Node, what string) {
			d.Value(n, what, &doc.target)
			d.moments(n, what, time.RFC3339, "config.created")
		}),
		strictyaml.Optional("distro", func(n *yaml.Node, what string) {
			d.Value(n, what, &doc.distro)
			d.moments(n, what, time.DateOnly, "eol")
		}),
		strictyaml.Optional("packages", func(n *yaml.Node, what string) { d.packages(n, what, doc) }),
		strictyaml.Optional("files", value(&doc.files)),
		strictyaml.Optional("findings", func(n *yaml.Node, what string) { d.findings(n, what, doc) }),
		strictyaml.Optional("coverage", func(n *yaml.Node, what string) { d.coverage(n, what, doc) }),
		strictyaml.Optional("database", value(&doc.database)),
		strictyaml.Optional("scannedAt", value(&doc.scannedAt)),
	)
}

// evidence reads what was said of the image and verified. Where a test speaks of it, it was gathered.
func (d *decoder) evidence(n *yaml.Node, what string, evidence *policy.Attestations) {
	if n.Tag == "!!null" {
		*evidence = policy.Attestations{}
		return
	}
	d.Value(n, what, evidence)
	if _, said := strictyaml.Member(n, "gathered"); !said {
		evidence.Gathered = true
	}
}

// moments checks members that are texts and have to be times. A name with a dot is a member of a
// member.
func (d *decoder) moments(n *yaml.Node, what, layout string, names ...string) {
	for _, name := range names {
		at, found := n, true
		for _, part := range strings.Split(name, ".") {
			if at, found = strictyaml.Member(at, part); !found {
				break
			}
		}
		if !found || at.Tag == "!!null" {
			continue
		}
		if _, err := time.Parse(layout, at.Value); err != nil {
			d.Problem(at, "%s.%s is %s; write such as %s", what, name, strictyaml.KindOf(at), time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC).Format(layout))
		}
	}
}

// packages reads packages. What the package URL says need not be said again.
func (d *decoder) packages(n *yaml.Node, what string, doc *document) {
	if n.Tag == "!!null" {
		doc.packages = nil
		return
	}
	list := slices.Clone(doc.packages)
	d.List(n, what, strictyaml.MostItems, func(n *yaml.Node, what string) {
		var p inventory.Package
		d.Value(n, what, &p)
		parsed, err := ecosystem.ParsePURL(p.PURL)
		if err != nil {
			d.Problem(n, "%s: %s", what, err)
			return
		}
		name := parsed.Name
		if parsed.Namespace != "" && parsed.Type != "deb" && parsed.Type != "apk" && parsed.Type != "rpm" {
			name = parsed.Namespace + "/" + parsed.Name
		}
		p.Type, p.Name = cmp.Or(p.Type, parsed.Type), cmp.Or(p.Name, name)
		p.Version, p.Arch = cmp.Or(p.Version, parsed.Version), cmp.Or(p.Arch, parsed.Qualifier("arch"))
		list = append(list, p)
	})
	doc.packages = list
}

// findings reads findings, each of which needs little: its id.
func (d *decoder) findings(n *yaml.Node, what string, doc *document) {
	if n.Tag == "!!null" {
		doc.findings = nil
		return
	}
	list := slices.Clone(doc.findings)
	d.List(n, what, strictyaml.MostItems, func(n *yaml.Node, what string) {
		var f finding.Finding
		d.Value(n, what, &f)
		d.moments(n, what, time.RFC3339, "fixKnownSince", "published")
		d.consistent(n, what, &f)
		list = append(list, f)
	})
	doc.findings = list
}

// statedVector stands for the vector of a rating that a test states by its score alone.
const statedVector = "CVSS:3.1"

func (d *decoder) consistent(n *yaml.Node, what string, f *finding.Finding) {
	if f.ID == "" && n.Kind == yaml.MappingNode {
		d.Problem(n, "%s.id is missing; add it", what)
	}
	if f.Status != "" || f.Waiver != "" || f.VEX != "" {
		d.Problem(n, "%s: status, waiver and vex follow from waivers and VEX documents; leave them out", what)
	}
	f.Kind = cmp.Or(f.Kind, finding.Vulnerability)
	if f.Kind == finding.Config && slices.Contains(imageconfig.Known(), f.ID) {
		d.Problem(n, "%s: %s follows from target.config, as in a scan; patch that", what, f.ID)
	}
	d.oneOf(n, what, "kind", string(finding.Vulnerability), string(finding.Config))
	d.oneOf(n, what, "fixState", string(finding.FixAvailable), string(finding.NotFixed), string(finding.WontFix), string(finding.FixDeferred), string(finding.FixUnknown))
	if f.FixState == "" && f.Kind == finding.Vulnerability {
		f.FixState = finding.NotFixed
		if len(f.FixedIn) > 0 {
			f.FixState = finding.FixAvailable
		}
	}
	if f.EPSS != nil && (*f.EPSS < 0 || *f.EPSS > 1) {
		d.Problem(n, "%s.epss is %v; write a number from 0 to 1", what, *f.EPSS)
	}
	for i := range f.Ratings {
		r := &f.Ratings[i]
		if r.Score < 0 || r.Score > 10 {
			d.Problem(n, "%s.ratings.score is %v; write a number from 0 to 10", what, r.Score)
		}
		if r.Vector == "" && r.Score > 0 {
			r.Vector = statedVector
		}
		if r.Severity == advisory.SeverityUnknown && r.Score > 0 {
			r.Severity = advisory.SeverityOfScore(r.Score)
		}
	}
}

// oneOf checks a member that has to be one of a few words.
func (d *decoder) oneOf(n *yaml.Node, what, name string, words ...string) {
	if value, ok := strictyaml.Member(n, name); ok && value.Tag != "!!null" {
		d.Choice(value, what+"."+name, words...)
	}
}

// coverage reads states of dimensions. "null" takes a dimension away: nobody looked.
func (d *decoder) coverage(n *yaml.Node, what string, doc *document) {
	c := inventory.Coverage{States: map[string]inventory.State{}, Gaps: slices.Clone(doc.coverage.Gaps)}
	for dimension, state := range doc.coverage.States {
		c.States[dimension] = state
	}
	if len(n.Content) > 2*strictyaml.MostItems {
		d.Problem(n, "%s has more than %d dimensions; name fewer", what, strictyaml.MostItems)
		return
	}
	states := []inventory.State{inventory.Full, inventory.Partial, inventory.NotRun, inventory.Unknown}
	var keys []strictyaml.Key
	for _, name := range dimensions(n) {
		keys = append(keys, strictyaml.Optional(name, func(n *yaml.Node, what string) {
			if n.Tag == "!!null" {
				delete(c.States, name)
			} else if at := d.Choice(n, what, "full", "partial", "not-run", "unknown"); at >= 0 {
				c.States[name] = states[at]
			}
		}))
	}
	d.Mapping(n, what, append(keys, strictyaml.Optional("gaps", func(n *yaml.Node, what string) { d.Value(n, what, &c.Gaps) }))...)
	doc.coverage = c
}

// dimensions returns the keys that a mapping of coverage may have: the fixed ones, and those that
// it has of a kind that has many.
func dimensions(n *yaml.Node) []string {
	known := []string{"files", "secret", "config", "license", "packages/deb", "advisories/Debian:12"}
	for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		name := n.Content[i].Value
		kind, rest, _ := strings.Cut(name, "/")
		if (kind == "packages" || kind == "advisories") && rest != "" && !slices.Contains(known, name) {
			known = append(known, name)
		}
	}
	return known
}
