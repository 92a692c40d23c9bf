package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/sbom"
	"plimsoll.dev/plimsoll/report"
	reportjson "plimsoll.dev/plimsoll/report/json"
	"plimsoll.dev/plimsoll/scan"
)

// scanned is what a scan learned, or what a document says that one learned.
type scanned struct {
	*scan.Result
	stored     *report.Report // the report that it was read from, nil if it was none
	inRegistry bool           // it was read from a registry
}

// documentAt is readDocument for a target that may as well be the name of an image.
func (p *program) documentAt(target string) (*scanned, error) {
	if err := p.checkTarget(target); err != nil {
		return nil, err
	}
	document, err := readDocument(target)
	if err != nil || document == nil || document.stored == nil || document.stored.Evidence == nil || document.stored.Verdict == nil {
		return document, err
	}
	return document, unchanged(target, document) // another's evidence must not become this image's
}

// readDocument reads a target that is no image and holds facts all the same: a bill of materials,
// or a report of an earlier scan. It returns nil if the target is none.
func readDocument(target string) (*scanned, error) {
	path, named := strings.CutPrefix(target, "sbom:")
	if !named && !isDocument(path) {
		return nil, nil
	}
	data, err := readWhole(path)
	if err != nil {
		return nil, fmt.Errorf("opening target %s: %w", target, err)
	}
	result := &scanned{Result: &scan.Result{}}
	if hasSchema(data, report.ReportsSchema) {
		return nil, fmt.Errorf("opening target %s: it holds the reports on several platforms (--all-platforms): name one of them, made with --platform", target)
	}
	if isReport(data) {
		result.stored, err = reportjson.Decode(bytes.NewReader(data), sbom.MaxSize)
		if err == nil {
			result.Facts, result.inRegistry = reportFacts(result.stored), true
		}
	} else {
		result.Facts, err = sbom.Decode(data)
	}
	if err != nil {
		return nil, fmt.Errorf("opening target %s: %w", target, err)
	}
	result.Facts.Target.Reference = target
	return result, nil
}

// isDocument tells whether a path is a file that begins as a document does.
func isDocument(path string) bool {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	file, err := os.Open(path)
	if err != nil {
		return false // whoever opens it next says why
	}
	defer file.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(file, head)
	return (err == nil || errors.Is(err, io.ErrUnexpectedEOF)) && sbom.IsDocument(head[:n])
}

func readWhole(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, sbom.MaxSize+1))
	if err == nil && len(data) > sbom.MaxSize {
		err = fmt.Errorf("%s is larger than %s, which is the most that a document may have", path, formatBytes(sbom.MaxSize))
	}
	return data, err
}

// isReport looks at the schema's name alone. Another version of a report is one too: the error
// shall say so.
func isReport(data []byte) bool { return hasSchema(data, "plimsoll.dev/report/") }

// hasSchema tells whether a document's schema has a name that begins so.
func hasSchema(data []byte, begins string) bool {
	var head struct {
		Schema json.RawMessage `json:"schema"` // others have an object there
	}
	return json.Unmarshal(data, &head) == nil && bytes.HasPrefix(head.Schema, []byte(`"`+begins))
}

// reportFacts takes out of a report what the scan learned from the image alone.
func reportFacts(r *report.Report) inventory.Facts {
	return inventory.Facts{Target: r.Target, Distro: r.Distro, Packages: r.Packages, Manifest: r.Manifest, Files: r.Files, Coverage: factsCoverage(r)}
}

// factsCoverage leaves out what depends on what was looked for, and in which advisories. That the
// configuration is not known, or not in full, is a fact of the target.
func factsCoverage(r *report.Report) inventory.Coverage {
	var coverage inventory.Coverage
	isFact := func(dimension string) bool {
		return strings.HasPrefix(dimension, "packages/") || dimension == "files" ||
			dimension == "config" && slices.Contains([]inventory.State{inventory.Partial, inventory.Unknown}, r.Coverage.States[dimension])
	}
	for dimension, state := range r.Coverage.States {
		if isFact(dimension) {
			coverage.Set(dimension, state)
		}
	}
	for _, gap := range r.Coverage.Gaps {
		if isFact(gap.Dimension) {
			coverage.Gaps = append(coverage.Gaps, gap)
		}
	}
	return coverage
}
