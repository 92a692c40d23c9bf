// Package json writes a report as the JSON document of docs/contract.md, and reads it back.
//
// The bytes are a function of the report alone: members in the order of the contract, two
// spaces of indentation, a newline at the end. Every character that is not printable is written
// as \uXXXX, and so is one # of two in a row: the value stays what it was, and neither a terminal nor a
// build log finds a command in it. JSON has no bytes, only characters: what is not UTF-8 becomes
// U+FFFD.
//
// The document is described by docs/schema/report.v1.schema.json. Decode is as strict as that
// schema about names and words, but does not check that the digests in a report are true.
package json

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/internal/typedjson"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/verdict"
)

// Sink writes reports as JSON; it implements report.Sink.
type Sink struct{}

// Write writes r. It does not change r.
func (Sink) Write(w io.Writer, r *report.Report) error {
	return write(w, normal(*r), r.Target.Reference)
}

// WriteAll writes the reports on every platform as one document, described by
// docs/schema/reports.v1.schema.json.
func (Sink) WriteAll(w io.Writer, all *report.Reports) error {
	document := *all
	document.Reports = make([]report.Report, len(all.Reports))
	for i, r := range all.Reports {
		document.Reports[i] = normal(r)
	}
	return write(w, document, "every platform")
}

func write(w io.Writer, document any, of string) error {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("encode the report of %s: %w", report.Clean(of), err)
	}
	compact := buffer.Bytes() // ends in a newline
	if _, err := w.Write(pretty(make([]byte, 0, 2*len(compact)), compact)); err != nil {
		return fmt.Errorf("write the JSON report: %w", err)
	}
	return nil
}

// normal returns r with empty lists for absent ones where the contract wants a list, and times
// in UTC and whole seconds.
func normal(r report.Report) report.Report {
	r.EvaluatedAt = wholeSeconds(r.EvaluatedAt)
	r.Packages = list(r.Packages)
	if slices.ContainsFunc(r.Packages, func(p inventory.Package) bool { return p.Locations == nil }) {
		r.Packages = slices.Clone(r.Packages)
		for i := range r.Packages {
			r.Packages[i].Locations = list(r.Packages[i].Locations)
		}
	}
	r.Findings = list(r.Findings)
	r.Suppressed = list(r.Suppressed)
	if r.Database != nil {
		database := *r.Database
		database.Sources = slices.Clone(list(database.Sources))
		for i := range database.Sources {
			source := &database.Sources[i]
			source.AsOf, source.Newest = wholeSeconds(source.AsOf), wholeSeconds(source.Newest)
		}
		r.Database = &database
	}
	if r.Verdict != nil {
		v := *r.Verdict
		v.Rules = list(v.Rules)
		r.Verdict = &v
	}
	return r
}

func wholeSeconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// Decode reads a report of at most limit bytes. It refuses another schema, members and words
// that this version does not know, members that stand twice, and anything after the document: a
// report that was only half understood must not be evaluated.
func Decode(r io.Reader, limit int64) (*report.Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("read the report: it is larger than %d bytes: is it a report?", limit)
	}
	decoder, err := NewDecoder()
	if err != nil {
		return nil, err
	}
	return decoder.Report(data)
}

// Decoder reads many reports. It may be used by several goroutines at once.
type Decoder struct {
	one *typedjson.Decoder[report.Report]
	all *typedjson.Decoder[report.Reports]
}

// NewDecoder prepares the reading of reports.
func NewDecoder() (*Decoder, error) {
	one, err := typedjson.For[report.Report]()
	if err != nil {
		return nil, err
	}
	all, err := typedjson.For[report.Reports]()
	return &Decoder{one, all}, err
}

// Report reads one report, as Decode does. It keeps nothing of data.
func (d *Decoder) Report(data []byte) (*report.Report, error) {
	if err := checkSchema(data, report.Schema); err != nil {
		return nil, err
	}
	decoded, err := d.one.Decode(string(data))
	if err != nil {
		return nil, fmt.Errorf("decode the report: %w: make it again with this version of plimsoll", err)
	}
	if err := checkWords(decoded); err != nil {
		return nil, fmt.Errorf("decode the report: %w: make it again with this version of plimsoll", err)
	}
	return decoded, nil
}

// Reports reads the reports on every platform, just as strictly. It keeps nothing of data.
func (d *Decoder) Reports(data []byte) (*report.Reports, error) {
	if err := checkSchema(data, report.ReportsSchema); err != nil {
		return nil, err
	}
	decoded, err := d.all.Decode(string(data))
	if err != nil {
		return nil, fmt.Errorf("decode the reports: %w: make them again with this version of plimsoll", err)
	}
	for i := range decoded.Reports {
		err := checkWords(&decoded.Reports[i])
		if schema := decoded.Reports[i].Schema; schema != report.Schema {
			err = fmt.Errorf("its schema is %.80q, want %q", schema, report.Schema)
		}
		if err != nil {
			return nil, fmt.Errorf("decode report %d: %w: make it again with this version of plimsoll", i+1, err)
		}
	}
	return decoded, nil
}

// checkSchema looks at the schema's name alone, so that a document of another kind gets an
// error that says so, and not one about its first strange member.
func checkSchema(data []byte, want string) error {
	schema, err := SchemaOf(data)
	if err != nil {
		return fmt.Errorf("decode the report: %w: is it the JSON that scan or check wrote?", err)
	}
	if schema != want {
		return fmt.Errorf("decode the report: its schema is %.80q, want %q: make it again with this version of plimsoll", schema, want)
	}
	return nil
}

// SchemaOf returns what a document says its schema is. All that this program writes begin with
// it; only if one does not, the whole document is read for it.
func SchemaOf(data []byte) (string, error) {
	rest := bytes.TrimLeft(data, " \t\r\n")
	for _, token := range []string{"{", `"schema"`, ":", `"`} {
		after, found := bytes.CutPrefix(rest, []byte(token))
		if rest = after; !found {
			return searchSchema(data)
		}
		if token != `"` {
			rest = bytes.TrimLeft(rest, " \t\r\n")
		}
	}
	end := bytes.IndexByte(rest, '"')
	if end < 0 || bytes.IndexByte(rest[:end], '\\') >= 0 {
		return searchSchema(data)
	}
	return string(rest[:end]), nil
}

func searchSchema(data []byte) (string, error) {
	var document struct {
		Schema string `json:"schema"`
	}
	err := json.Unmarshal(data, &document)
	return document.Schema, err
}

// checkWords refuses words outside the contract's enumerations; severities are checked while
// they are decoded.
func checkWords(r *report.Report) error {
	for dimension, state := range r.Coverage.States {
		if err := oneOf("coverage of "+dimension, state, inventory.Full, inventory.Partial, inventory.Unknown, inventory.NotRun); err != nil {
			return err
		}
	}
	for _, f := range r.Findings {
		err := oneOf("kind", f.Kind, finding.Vulnerability, finding.Config)
		if err == nil {
			err = oneOf("fixState", f.FixState, "", finding.FixAvailable, finding.NotFixed, finding.WontFix, finding.FixDeferred, finding.FixUnknown)
		}
		if err == nil {
			err = oneOf("status", f.Status, "", finding.Affected, finding.NotAffected, finding.Fixed, finding.UnderInvestigation, finding.Waived)
		}
		if err != nil {
			return fmt.Errorf("finding %.200q: %w", f.Key, err)
		}
	}
	for _, s := range r.Suppressed {
		if err := oneOf("reason", s.Reason, finding.Withdrawn, finding.KernelHeaders, finding.OwnedByDistro); err != nil {
			return fmt.Errorf("suppressed %.200q: %w", s.Key, err)
		}
	}
	if r.Verdict == nil {
		return nil
	}
	return checkVerdict(r.Verdict)
}

func checkVerdict(v *verdict.Verdict) error {
	for _, stage := range verdict.Stages() {
		if err := oneOf("outcome of "+string(stage), v.Outcome[stage], verdict.Allow, verdict.Warn, verdict.Deny); err != nil {
			return fmt.Errorf("verdict: %w", err)
		}
	}
	if len(v.Outcome) != len(verdict.Stages()) {
		return fmt.Errorf("verdict: outcome has %d stages, want %d", len(v.Outcome), len(verdict.Stages()))
	}
	for _, rule := range v.Rules {
		if err := oneOf("result", rule.Result, verdict.Pass, verdict.Fail, verdict.Waived, verdict.Unknown, verdict.Deferred, verdict.Error); err != nil {
			return fmt.Errorf("verdict: rule %.80q: %w", rule.ID, err)
		}
	}
	return nil
}

// oneOf refuses a word that is none of those known.
func oneOf[T ~string](what string, word T, known ...T) error {
	if slices.Contains(known, word) {
		return nil
	}
	return fmt.Errorf("%.80s is %.40q, want one of %q", what, word, known)
}
