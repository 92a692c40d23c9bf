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

// wrap breaks s at spaces into lines of at most width columns, and a word that is longer
// anywhere.
func wrap(s string, width int) []string {
	lines := strings.Split(text.WrapSoft(s, width), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
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
	default:
		return purlType + " packages"
	}
}
