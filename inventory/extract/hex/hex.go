// Package hex reads the packages of Elixir and Erlang: mix.lock and rebar.lock.
//
// It does not see what a release was built from: its folders (lib/NAME-VERSION/ebin) name OTP
// applications, which are not packages of Hex by the same name as a rule.
package hex

import (
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// New returns the extractor.
func New() listing.Extractor {
	return listing.New(listing.Format{
		Name: "hex", Version: 1, Type: "hex",
		PURL: func(p record.Package) string { return ecosystem.HexPURL(p.Name, p.Version) },
		Kinds: []listing.Kind{
			{Evidence: listing.Locked, Is: listing.Named("mix.lock"), Parse: parseMix},
			{Evidence: listing.Locked, Is: listing.Named("rebar.lock"), Parse: parseRebar},
		},
	})
}

// parseMix reads a map with a line for each dependency (mix/dep/lock.ex):
//
//	"jason": {:hex, :jason, "1.4.0", "hash", [:mix], [...], "hexpm", "hash"},
//
// What is not from Hex has no version, only a commit.
func parseMix(f listing.File, list *listing.List) error {
	for number, line := range listing.Lines(f.Content) {
		text := strings.TrimSpace(string(line))
		entry, isEntry := strings.CutPrefix(text, `"`)
		if !isEntry {
			if strings.Trim(text, "%{}") != "" && !strings.HasPrefix(text, "#") {
				list.Malformed("line %d is not an entry", number)
			}
			continue
		}
		application, rest, _ := strings.Cut(entry, `": {:`)
		source, rest, found := strings.Cut(rest, ", ")
		switch {
		case !found:
			list.Malformed("line %d is not an entry", number)
		case source == "hex":
			addHex(list, number, rest)
		case source != "path":
			list.Add(record.Package{Name: application})
		}
	}
	return nil
}

// addHex reads what follows :hex: the name as an atom, and the version. A private package's
// repository is "hexpm:ORGANIZATION".
func addHex(list *listing.List, number int, text string) {
	atom, rest, _ := strings.Cut(text, ", ")
	rest, isText := strings.CutPrefix(rest, `"`)
	version, rest, closed := strings.Cut(rest, `"`)
	if !isText || !closed || !strings.HasPrefix(atom, ":") {
		list.Malformed("line %d states no version", number)
		return
	}
	name := strings.Trim(atom, `:"`)
	if _, repository, private := strings.Cut(rest, `"hexpm:`); private {
		organization, _, _ := strings.Cut(repository, `"`)
		name = organization + "/" + name
	}
	list.Add(record.Package{Name: name, Version: version})
}

// parseRebar reads the entries {<<"app">>,{pkg,<<"name">>,<<"version">>},0} (rebar3,
// rebar_config.erl); what is not from Hex is {git,...} and has no version.
func parseRebar(f listing.File, list *listing.List) error {
	_, entries, _ := strings.Cut(string(f.Content), `{<<"`)
	for entry := range strings.SplitSeq(entries, `{<<"`) {
		application, source, _ := strings.Cut(entry, `">>,`)
		source = strings.TrimSpace(source)
		if rest, isPackage := strings.CutPrefix(source, `{pkg,<<"`); isPackage {
			name, rest, _ := strings.Cut(rest, `">>,<<"`)
			version, _, _ := strings.Cut(rest, `">>`)
			list.Add(record.Package{Name: name, Version: version})
		} else if strings.HasPrefix(source, "{git") || strings.HasPrefix(source, "{hg,") {
			list.Add(record.Package{Name: application})
		}
	}
	return nil
}
