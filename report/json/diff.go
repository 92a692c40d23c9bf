package json

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"plimsoll.dev/plimsoll/internal/printable"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/report/diff"
)

// WriteDiff writes a diff, in the same manner as Write does a report. It does not change d.
func WriteDiff(w io.Writer, d *diff.Diff) error {
	normal := *d
	normal.EvaluatedAt = wholeSeconds(d.EvaluatedAt)
	normal.Database = normalDatabase(d.Database)
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(normal); err != nil {
		return fmt.Errorf("encode the diff: %w", err)
	}
	if _, err := w.Write(printable.JSON(buffer.Bytes())); err != nil {
		return fmt.Errorf("write the JSON diff: %w", err)
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
