// Package osrelease reads which distribution an image is: etc/os-release, else
// usr/lib/os-release, in the words of os-release(5).
//
// It does not guess: no other release file is consulted, and ID_LIKE is passed on, not followed.
// The end of support is what SUPPORT_END says, else what package ecosystem knows of the release.
// Limits: a file of more than 64 KiB is refused.
package osrelease

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// maxSize bounds the file. Those in use are below 1 KiB.
const maxSize = 64 << 10

// Extractor is an extract.Extractor.
type Extractor struct{}

// New returns an Extractor.
func New() Extractor { return Extractor{} }

// Name implements rootfs.Visitor.
func (Extractor) Name() string { return "osrelease" }

// Version implements rootfs.Visitor.
func (Extractor) Version() int { return 3 }

// Known returns the two paths in the order that os-release(5) gives them.
func (Extractor) Known() []string { return []string{"etc/os-release", "usr/lib/os-release"} }

// Wants implements rootfs.Visitor.
func (e Extractor) Wants(entry *rootfs.Entry, _ []byte) rootfs.Want {
	if slices.Contains(e.Known(), entry.Path) {
		return rootfs.Stream
	}
	return rootfs.Ignore
}

// Visit returns the distribution as JSON.
func (Extractor) Visit(_ context.Context, f *rootfs.File) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read os-release: %w", err)
	}
	if len(text) > maxSize {
		return nil, fmt.Errorf("os-release is larger than %d bytes: it names no distribution", maxSize)
	}
	return json.Marshal(parse(text))
}

// Assemble takes the distribution from the first file that there is. One that cannot be read
// leaves the distribution unknown: the second is another file, perhaps of another release.
func (Extractor) Assemble(files []record.File, found *record.Found) {
	if len(files) == 0 {
		return
	}
	file, problem := files[0], files[0].Problem
	var distro inventory.Distro
	switch {
	case problem != "":
	case !file.Read:
		problem = "it was not read"
	default:
		if err := json.Unmarshal(file.Data, &distro); err != nil {
			problem = record.ErrEncoding.Error()
		}
	}
	if problem == "" {
		if distro.EOL == "" {
			distro.EOL = ecosystem.EndOfSupport(ecosystem.Release{ID: distro.ID, VersionID: distro.VersionID, Name: distro.Name})
		}
		found.Distro = &distro
		return
	}
	found.AddGap(inventory.Gap{
		Dimension: "distro", Code: record.UnreadableDatabase, Path: file.Path, Why: problem,
	}, inventory.Unknown)
}

// parse reads NAME=value lines. As in a shell, the last assignment to a name counts. Lines that
// make no sense are passed over, as os-release(5) asks of readers.
func parse(text []byte) inventory.Distro {
	distro := inventory.Distro{ID: "linux"} // the default of os-release(5)
	for line := range bytes.Lines(text) {
		name, raw, found := strings.Cut(strings.TrimSpace(string(line)), "=")
		if !found {
			continue // a comment, an empty line
		}
		value, ok := unquote(raw)
		if !ok {
			continue
		}
		switch name {
		case "ID":
			distro.ID = value
			if value == "" {
				distro.ID = "linux"
			}
		case "VERSION_ID":
			distro.VersionID = value
		case "VERSION_CODENAME":
			distro.Codename = value
		case "PRETTY_NAME":
			distro.Name = value
		case "CPE_NAME":
			distro.CPE = value
		case "VARIANT_ID":
			distro.Variant = value
		case "ID_LIKE":
			distro.IDLike = strings.Fields(value)
		case "SUPPORT_END":
			distro.EOL = value
			if _, err := time.Parse(time.DateOnly, value); err != nil {
				distro.EOL = "" // os-release(5) wants a day as YYYY-MM-DD
			}
		}
	}
	return distro
}

// unquote reads a value by the shell's rules as far as os-release(5) lets them be used: one
// word, or one quoted text; within double quotes a backslash stands before $ " \ and `.
func unquote(raw string) (string, bool) {
	var b strings.Builder
	var quote rune
	rest := raw
	if raw != "" && (raw[0] == '"' || raw[0] == '\'') {
		quote, rest = rune(raw[0]), raw[1:]
	}
	closed, escaped := quote == 0, false
	for _, r := range rest {
		switch {
		case r == utf8.RuneError || unicode.IsControl(r):
			return "", false
		case quote != 0 && closed:
			return b.String(), unicode.IsSpace(r) // only a comment may follow
		case escaped:
			if quote == '"' && !strings.ContainsRune("$\"\\`", r) {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped = true
		case quote != 0 && r == quote:
			closed = true
		case quote == 0 && unicode.IsSpace(r):
			return b.String(), true
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), closed && !escaped
}
