package rubygems

import (
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// parseSpecification reads what Gem::Specification#to_ruby writes. Its comment "# stub: NAME
// VERSION PLATFORM PATHS" is all that RubyGems itself reads to list what is installed
// (rubygems/stub_specification.rb); older ones have none, and the assignments say the same.
func parseSpecification(f listing.File, list *listing.List) error {
	var gem record.Package
	for _, line := range listing.Lines(f.Content) {
		text := strings.TrimSpace(string(line))
		if stub, found := strings.CutPrefix(text, "# stub: "); found && gem.Name == "" {
			if words := strings.Fields(stub); len(words) >= 3 {
				gem.Name, gem.Version, gem.Arch = words[0], words[1], words[2]
			}
			continue
		}
		attribute, value, found := strings.Cut(text, " = ")
		_, attribute, isOfGem := strings.Cut(attribute, ".")
		if found && isOfGem {
			assign(&gem, attribute, literals(value))
		}
	}
	list.Add(gem)
	return nil
}

// assign sets what the stub has not.
func assign(gem *record.Package, attribute string, values []string) {
	if len(values) == 0 {
		return
	}
	switch {
	case attribute == "name" && gem.Name == "":
		gem.Name = values[0]
	case attribute == "version" && gem.Version == "":
		gem.Version = values[0]
	case attribute == "platform" && gem.Arch == "":
		gem.Arch = values[0]
	case attribute == "license" || attribute == "licenses":
		gem.Licenses = values
	}
}

// literals returns the texts of "a".freeze, of ["a".freeze, "b".freeze] and of
// Gem::Version.new("a"); nothing for any other expression, as it would have to be run.
func literals(expression string) []string {
	expression = strings.TrimPrefix(expression, "Gem::Version.new(")
	if !strings.HasPrefix(expression, `"`) && !strings.HasPrefix(expression, "[") && !strings.HasPrefix(expression, "'") {
		return nil
	}
	var values []string
	for {
		start := strings.IndexAny(expression, `"'`)
		if start < 0 {
			return values
		}
		quote := expression[start : start+1]
		value, rest, closed := strings.Cut(expression[start+1:], quote)
		if !closed || strings.ContainsAny(value, `\#`) {
			return nil
		}
		values, expression = append(values, value), rest
	}
}
