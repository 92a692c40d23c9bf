// Package report is the one document that a scan or a check ends in, and what every output
// format has in common.
//
// A Report holds what was found out (facts, findings, coverage), what it was compared with
// (database, engine) and, for a check, the verdict. Its JSON form is that of docs/contract.md,
// described by docs/schema/report.v1.schema.json. Producers hand over sorted lists; nothing here
// sorts, judges or looks anything up. Each folder below this one writes one format through Sink.
//
// Text in a report comes from images, and images come from strangers: whoever writes text for
// people sends it through Clean.
package report

import (
	"io"
	"time"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/verdict"
)

// Schema names the report's JSON form.
const Schema = verdict.Schema

// Sink writes a report in one format. The same report gives the same bytes, whatever the clock,
// the time zone or the environment. A failed Write leaves w with part of the output.
type Sink interface {
	Write(w io.Writer, r *Report) error
}

// Report is the JSON document; the fields stand in the order of docs/contract.md. What is not
// known is absent.
type Report struct {
	Schema      string    `json:"schema"`      // plimsoll.dev/report/v1
	EvaluatedAt time.Time `json:"evaluatedAt"` // written in UTC and whole seconds
	Replay      bool      `json:"replay"`      // made with --now: no gate accepts it
	// ScannedAt is when the image was scanned, if this report evaluates an earlier one again.
	ScannedAt time.Time `json:"scannedAt,omitzero"` // written in UTC and whole seconds

	Target   inventory.Target      `json:"target"`
	Distro   *inventory.Distro     `json:"distro,omitempty"`
	Packages []inventory.Package   `json:"packages"`
	Manifest inventory.ManifestRef `json:"manifest,omitzero"`
	Files    inventory.FileFacts   `json:"files,omitzero"`

	Findings   []finding.Finding    `json:"findings"`
	Suppressed []finding.Suppressed `json:"suppressed"`
	// Coverage is that of the facts and that of the findings, merged.
	Coverage inventory.Coverage `json:"coverage"`
	// Database is absent if no advisories were looked up.
	Database *Database `json:"database,omitempty"`
	Engine   Engine    `json:"engine"`
	// Evidence is what is said of the image and was verified; absent if nobody looked.
	Evidence *policy.Attestations `json:"evidence,omitempty"`
	// Verdict is absent if no policy was evaluated.
	Verdict *verdict.Verdict `json:"verdict,omitempty"`
}

// Database says which advisories the findings come from.
type Database struct {
	Digest  image.Digest `json:"digest"`
	Sources []Source     `json:"sources"`
}

// Source is one upstream in the database.
type Source struct {
	Name    string    `json:"name"` // the shard, such as osv/Debian, epss or kev
	Records int       `json:"records"`
	AsOf    time.Time `json:"asOf,omitzero"`   // when the upstream was last checked
	Newest  time.Time `json:"newest,omitzero"` // its newest record
}

// Engine is the program that made the report.
type Engine struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}
