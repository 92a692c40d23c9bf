package rubygems

import (
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// parseLock reads what Bundler writes (bundler/lockfile_generator.rb): sections whose names are
// in capitals; in those that name a source, below "specs:", a gem a line behind four spaces, and
// behind six what it depends on.
func parseLock(f listing.File, list *listing.List) error {
	inSpecs := false
	for number, line := range listing.Lines(f.Content) {
		text := string(line)
		gem, isGem := strings.CutPrefix(text, "    ")
		switch {
		case text == "  specs:":
			inSpecs = true
		case !strings.HasPrefix(text, " "):
			inSpecs = false
			if strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ") != "" {
				list.Malformed("line %d is not the name of a section", number)
			}
		case !inSpecs || !isGem || strings.HasPrefix(gem, " "):
		default:
			name, version, ok := splitGem(gem)
			if !ok {
				list.Malformed("line %d is neither NAME nor NAME (VERSION)", number)
				continue
			}
			list.Add(record.Package{Name: name, Version: version})
		}
	}
	return nil
}

// splitGem reads "NAME (VERSION-PLATFORM)"; a locked version has no dash of its own
// (bundler/lockfile_parser.rb, NAME_VERSION). "!" marks a gem that has its source pinned.
func splitGem(text string) (name, version string, ok bool) {
	name, rest, hasVersion := strings.Cut(strings.TrimSuffix(text, "!"), " (")
	if !hasVersion {
		return name, "", !strings.Contains(name, " ")
	}
	version, closed := strings.CutSuffix(rest, ")")
	version, _, _ = strings.Cut(version, "-")
	return name, version, closed && version != ""
}
