package json

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"plimsoll.dev/plimsoll/internal/printable"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/diff"
	"plimsoll.dev/plimsoll/report/preview"
)

// WriteDiff writes a diff, in the same manner as Write does a report. It does not change d.
func WriteDiff(w io.Writer, d *diff.Diff) error {
	normal := *d
	normal.EvaluatedAt = wholeSeconds(d.EvaluatedAt)
	normal.Database = normalDatabase(d.Database)
	return WriteDocument(w, "diff", normal)
}

// WriteExplanation writes an explanation, in the same manner as Write does a report.
func WriteExplanation(w io.Writer, e *report.Explanation) error {
	return WriteDocument(w, "explanation", e)
}

// WritePreview writes a preview, in the same manner as Write does a report.
func WritePreview(w io.Writer, p *preview.Preview) error {
	return WriteDocument(w, "preview", p)
}

// WriteDocument writes any other document, in the same manner as Write does a report. What names it
// in errors.
func WriteDocument(w io.Writer, what string, document any) error {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("encode the %s: %w", what, err)
	}
	if _, err := w.Write(printable.JSON(buffer.Bytes())); err != nil {
		return fmt.Errorf("write the JSON %s: %w", what, err)
	}
	return nil
}

// normalDatabase returns a database with a list of sources and times in UTC and whole seconds.
func normalDatabase(database *report.Database) *report.Database {
	if database == nil {
		return nil
	}
	normal := report.Database{Digest: database.Digest, Sources: make([]report.Source, len(database.Sources))}
	for i, source := range database.Sources {
		source.AsOf, source.Newest = wholeSeconds(source.AsOf), wholeSeconds(source.Newest)
		normal.Sources[i] = source
	}
	return &normal
}
