package table

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"plimsoll.dev/plimsoll/report"
)

// clean is report.Clean for a sentence, and bounds how much of a screen a hostile one can fill.
func clean(s string) string { return cut(s, 800) }

// cleanName is report.Clean for a name, a version or a path. The longest that are honest have
// about a hundred characters; longer ones lose their middle, so that both ends can be told.
func cleanName(s string) string { return cut(s, 160) }

func cut(s string, most int) string {
	runes := []rune(s) // bytes that are not UTF-8 would become U+FFFD: s is kept if it fits
	if len(runes) <= most {
		return report.Clean(s)
	}
	half := most / 2
	return report.Clean(string(runes[:half])) + "…" + report.Clean(string(runes[len(runes)-half:]))
}

// columns is the number of columns that s takes on a terminal.
func columns(s string) int { return text.StringWidthWithoutEscSequences(s) }

// wrap breaks s, which has no colours yet, at spaces into lines of at most width columns. Breaking
// may bring to the front of a line what a build system takes for a command; it is escaped here,
// while the line can still be broken again.
func wrap(s string, width int) []string {
	var lines []string
	for rest := breakUp(s, width); len(rest) > 0; {
		line := rest[0]
		rest = rest[1:]
		if safe := report.Line(line); safe != line {
			rest = append(breakUp(safe, width), rest...)
			continue
		}
		lines = append(lines, line)
	}
	return lines
}

// breakUp breaks s at spaces, and a word that is wider than a line anywhere. An empty s is one
// empty line.
func breakUp(s string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(s) {
		last := &lines[len(lines)-1]
		if *last != "" && columns(*last)+1+columns(word) <= width {
			*last += " " + word
			continue
		}
		pieces := chop(word, width)
		if *last == "" {
			lines = lines[:len(lines)-1]
		}
		lines = append(lines, pieces...)
	}
	return lines
}

// chop cuts a word into pieces of at most width columns. A mark stays with its letter, because
// it takes no room.
func chop(word string, width int) []string {
	var pieces []string
	start, wide := 0, 0
	for i, r := range word {
		w := text.RuneWidth(r)
		if wide += w; wide > width {
			pieces = append(pieces, word[start:i])
			start, wide = i, w
		}
	}
	return append(pieces, word[start:])
}

// count is a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// bytesOf writes a size in decimal units, as registries do.
func bytesOf(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	default:
		return fmt.Sprintf("%d B", n)
	}
}

// percent writes a probability; small ones keep what distinguishes them from none.
func percent(p float64) string {
	switch {
	case p < 0.001:
		return "<0.1 %"
	case p < 0.1:
		return fmt.Sprintf("%.1f %%", p*100)
	default:
		return fmt.Sprintf("%.0f %%", p*100)
	}
}

// dimension says a dimension of coverage (docs/contract.md) in words.
func dimension(name string) string {
	kind, of, _ := strings.Cut(name, "/")
	of = clean(of)
	switch kind {
	case "packages":
		return packagesOf(of)
	case "advisories":
		return "advisories for " + of
	case "files":
		return "executable files"
	case "secret":
		return "secrets"
	case "config":
		return "image configuration"
	case "license":
		return "licences"
	default:
		return clean(name)
	}
}

// packagesOf says in words what packages of a purl type are.
func packagesOf(purlType string) string {
	switch purlType {
	case "deb":
		return "Debian packages"
	case "apk":
		return "Alpine packages"
	case "rpm":
		return "RPM packages"
	case "golang":
		return "Go modules"
	case "npm":
		return "npm packages"
	case "pypi":
		return "Python packages"
	case "maven":
		return "Java packages"
	case "gem":
		return "Ruby gems"
	case "cargo":
		return "Rust crates"
	case "nuget":
		return ".NET packages"
	case "composer":
		return "PHP packages"
	case "hex":
		return "Elixir and Erlang packages"
	case "pub":
		return "Dart packages"
	case "swift":
		return "Swift packages"
	case "cran":
		return "R packages"
	case "julia":
		return "Julia packages"
	case "hackage":
		return "Haskell packages"
	case "luarocks":
		return "Lua packages"
	case "cpan":
		return "Perl packages"
	case "opam":
		return "OCaml packages"
	case "bitnami":
		return "Bitnami components"
	case "alpm":
		return "Arch Linux packages"
	case "nix":
		return "Nix packages"
	case "generic":
		return "programs without a package"
	case "ebuild":
		return "Gentoo packages"
	default:
		return purlType + " packages"
	}
}
