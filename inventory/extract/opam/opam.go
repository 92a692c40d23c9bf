// Package opam reads OCaml's packages: the state of a switch (.opam-switch/switch-state), in which
// opam keeps what it installed, and lock files (NAME.opam.locked).
//
// Of a lock file, what only tests or documentation need is left out. Compiled programs do not say
// what they were built from.
package opam

import (
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// New returns the extractor.
func New() listing.Extractor {
	return listing.New(listing.Format{
		Name: "opam", Version: 1, Type: "opam",
		PURL: func(p record.Package) string { return ecosystem.OpamPURL(p.Name, p.Version) },
		Kinds: []listing.Kind{
			{Evidence: listing.Installed, Is: listing.Named(".opam-switch/switch-state"), Parse: parseState},
			{Evidence: listing.Locked, Is: isLock, Parse: parseLock},
		},
	})
}

func isLock(path string) bool { return strings.HasSuffix(path, ".opam.locked") }

// parseState reads the field installed: a list of "NAME.VERSION" (opam.ocaml.org/doc/Manual.html,
// "switch-state"). A name has no dot.
func parseState(f listing.File, list *listing.List) error {
	for text := range texts(field(string(f.Content), "installed")) {
		name, version, _ := strings.Cut(text, ".")
		list.Add(record.Package{Name: name, Version: version})
	}
	return nil
}

// parseLock reads the field depends: a list of "NAME" {= "VERSION"}, one a line.
func parseLock(f listing.File, list *listing.List) error {
	for line := range strings.Lines(field(string(f.Content), "depends")) {
		name, rest, found := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), `"`), `"`)
		if !found || strings.Contains(rest, "with-test") || strings.Contains(rest, "with-doc") {
			continue
		}
		_, rest, _ = strings.Cut(rest, `= "`)
		version, _, _ := strings.Cut(rest, `"`)
		list.Add(record.Package{Name: name, Version: version})
	}
	return nil
}

// field returns what stands between the brackets of a field at the left margin.
func field(text, name string) string {
	_, rest, found := strings.Cut("\n"+text, "\n"+name+": [")
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, "]")
	return value
}

// texts yields what stands between quotation marks.
func texts(value string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		parts := strings.Split(value, `"`)
		for i := 1; i < len(parts); i += 2 {
			if !yield(parts[i]) {
				return
			}
		}
	}
}
