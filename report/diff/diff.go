// Package diff says what changed from one target to another: which findings are fixed, new or
// still there and why, which packages came, went or changed, what changed in the configuration and
// in the layers, and where one of the two was not looked at, so that nothing can be said.
//
// It compares two reports, which hold everything that was found out, and looks nothing up: whoever
// makes the reports uses one database for both, so that what differs is the targets' doing. It
// stands below report because a report is what it reads and a document is what it makes; nothing
// in "what we know" needs it. Its JSON form is described by docs/schema/diff.v1.schema.json;
// report/json and report/table write it.
//
// Limits: a package is the same package if type, namespace and name are. Two versions of one
// package are told apart by where they are, and paired in order where that says nothing.
package diff

import (
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
)

// Schema names the JSON form.
const Schema = "plimsoll.dev/diff/v1"

// Diff is the JSON document.
type Diff struct {
	Schema      string    `json:"schema"`
	EvaluatedAt time.Time `json:"evaluatedAt"` // written in UTC and whole seconds
	Replay      bool      `json:"replay"`      // made with --now

	A Side `json:"a"`
	B Side `json:"b"`

	Findings []Finding  `json:"findings"` // what is new first, then the worst first
	Packages []Package  `json:"packages"` // by type and name
	Config   []Setting  `json:"config"`
	Coverage []Coverage `json:"coverage"` // where A or B was not seen in full, or what they have differs
	// SharedLayers is how many layers from the first on are the same; absent if either has none.
	SharedLayers *int             `json:"sharedLayers,omitempty"`
	Database     *report.Database `json:"database,omitempty"`
	Engine       report.Engine    `json:"engine"`
}

// Side is one of the two targets.
type Side struct {
	Reference  string            `json:"reference"`
	Repository string            `json:"repository,omitempty"`
	ImageID    image.Digest      `json:"imageID,omitzero"`
	Digest     image.Digest      `json:"digest,omitzero"`
	Platform   string            `json:"platform,omitempty"`
	Distro     *inventory.Distro `json:"distro,omitempty"`
	Packages   int               `json:"packages"`
	Findings   int               `json:"findings"`
	Layers     int               `json:"layers"`
	Size       int64             `json:"size"` // of the layers as stored, in bytes
}

// Status is what became of a finding.
type Status string

// The statuses, in the order in which they are listed.
const (
	New       Status = "new"       // in B, and not in A
	Unclear   Status = "unclear"   // in one, and the other was not looked at
	Remaining Status = "remaining" // in both
	Fixed     Status = "fixed"     // in A, and not in B
)

// Reason is why.
type Reason string

// The reasons.
const (
	Upgraded   Reason = "upgraded"
	Downgraded Reason = "downgraded"
	Replaced   Reason = "replaced" // another version, and which is later cannot be said
	Added      Reason = "added"
	Removed    Reason = "removed"
	Unchanged  Reason = "unchanged"  // the same version
	Configured Reason = "configured" // the configuration says so
	NotSeen    Reason = "not-seen"   // the other target was not looked at for such packages
)

// Finding is one finding of A, of B or of both.
type Finding struct {
	Status   Status            `json:"status"`
	ID       string            `json:"id"`
	Kind     finding.Kind      `json:"kind"`
	Severity advisory.Severity `json:"severity"` // in B, else in A
	KEV      bool              `json:"kev"`
	Package  string            `json:"package,omitempty"` // purl in B, else in A
	Name     string            `json:"name,omitempty"`    // of the source package, else the package
	From     string            `json:"from,omitempty"`    // its version in A
	To       string            `json:"to,omitempty"`      // its version in B
	FixedIn  []string          `json:"fixedIn,omitempty"`
	In       string            `json:"in,omitempty"` // a or b, if it is unclear
	Reason   Reason            `json:"reason"`
	Why      string            `json:"why"` // the reason in words
}

// Package is a package that is not the same in both.
type Package struct {
	Change Reason `json:"change"` // added, removed, upgraded, downgraded or replaced
	Type   string `json:"type"`
	Name   string `json:"name"`
	Source string `json:"source,omitempty"` // name of the source package
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
}

// Setting is a part of the configuration that is not the same in both. Values of environment
// variables are not told.
type Setting struct {
	Field  string `json:"field"`          // as in a report's target.config
	Name   string `json:"name,omitempty"` // of an environment variable or a label
	Change Reason `json:"change"`         // added, removed or replaced
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
}

// Coverage is a dimension that was not seen in full, or not alike. An absent state means that the
// report does not speak of it.
type Coverage struct {
	Dimension string          `json:"dimension"`
	A         inventory.State `json:"a,omitempty"`
	B         inventory.State `json:"b,omitempty"`
}

// Of compares two reports.
func Of(a, b *report.Report) *Diff {
	c := newComparison(a, b)
	return &Diff{
		Schema: Schema, EvaluatedAt: b.EvaluatedAt, Replay: b.Replay,
		A: sideOf(a), B: sideOf(b),
		Findings: c.findings(), Packages: c.packages(), Config: settings(a, b), Coverage: coverage(a, b),
		SharedLayers: sharedLayers(a.Target.Layers, b.Target.Layers),
		Database:     b.Database, Engine: b.Engine,
	}
}

func sideOf(r *report.Report) Side {
	s := Side{
		Reference: r.Target.Reference, Repository: r.Target.Repository, ImageID: r.Target.ImageID, Digest: r.Target.Digest,
		Platform: r.Target.Platform, Distro: r.Distro, Packages: len(r.Packages), Findings: len(r.Findings), Layers: len(r.Target.Layers),
	}
	for _, layer := range r.Target.Layers {
		s.Size += layer.Size
	}
	return s
}

func sharedLayers(a, b []inventory.TargetLayer) *int {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	n := 0
	for n < min(len(a), len(b)) && a[n].DiffID == b[n].DiffID {
		n++
	}
	return &n
}
