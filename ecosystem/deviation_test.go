package ecosystem

import (
	"regexp"
	"strings"
)

// deviation is a rule where semantic is known to leave the ecosystem's tool, with the reason.
type deviation struct {
	reason string
	// of tells whether semantic may err about a pair, given both orders. It must be as narrow as
	// it can.
	of func(a, b string) bool
}

// either makes a rule for pairs of an expression that matches one of the two.
func either(expression string) func(a, b string) bool {
	e := regexp.MustCompile(expression)
	return func(a, b string) bool { return e.MatchString(a) || e.MatchString(b) }
}

// unlessBoth makes a rule for pairs of which not both match an expression.
func unlessBoth(expression string) func(a, b string) bool {
	e := regexp.MustCompile(expression)
	return func(a, b string) bool { return !e.MatchString(a) || !e.MatchString(b) }
}

// deviations are those of one ecosystem; one that semantic does not know has none.
func deviations(ecosystem string) []deviation {
	switch ecosystem {
	case "Alpine", "CleanStart":
		return []deviation{{"where versions differ in kind of part, apk goes by the kind; semantic pads (see apkException)", apkException}}
	case "AlmaLinux", "Red Hat", "Rocky Linux", "SUSE", "openSUSE":
		return []deviation{{"rpm takes the last hyphen for the release's, semantic the first", either(`-.*-`)}}
	case "PyPI":
		return []deviation{
			{"of a legacy version setuptools keeps all characters, semantic letters, digits, dots and hyphens only", either(`[^a-zA-Z0-9.\-]`)},
			{"setuptools compares parts, semantic runs them together: parts of more than eight digits differ", either(`\d{9}`)},
			{"and a word after which final- or a number comes", either(`(?i)final`)},
		}
	case "Packagist":
		return []deviation{{"semantic is PHP's version_compare alone, without Composer's normalizing",
			unlessBoth(`^v?\d{1,5}(\.\d+){3}(-(alpha|beta|RC|patch)\d*|-dev)?$`)}}
	case "Maven":
		return []deviation{{"semantic follows the specification's text, which differs from Maven where zeros, empty parts, words in the middle or numbers after words meet",
			unlessBoth(`^\d+(\.\d+)*(-(alpha|beta|milestone|rc|cr|snapshot|sp|jre|[c-z][a-z]+)([1-9]\d*)?)?$`)}}
	case "NuGet":
		return []deviation{
			{"NuGet reads labels of at most 32 bits as numbers, semantic any", either(`[-.]-?\d{10}`)},
			{"NuGet leaves blanks around a version out", either(`[^!-~]`)},
			{"semantic drops the first hyphen of labels that is not the first label's", either(`--`)},
		}
	case "RubyGems":
		return []deviation{
			{"to RubyGems a hyphen is .pre., or starts a platform", either(`-`)},
			{"RubyGems leaves blanks around a version out", either(`[^!-~]`)},
			{"semantic drops a zero at the end only if it is written as 0", either(`(^|[^0-9])00+([^0-9]|$)`)},
		}
	case "Pub":
		return []deviation{
			{"semantic compares builds as text, Dart part by part", func(a, b string) bool { return strings.Contains(a, "+") && strings.Contains(b, "+") }},
			{"semantic takes identifiers such as -1 for numbers", either(`[-.]-\d+([.+]|$)`)},
		}
	case "Julia":
		return []deviation{
			{"to semantic builds do not count", either(`\+`)},
			{"to semantic a hyphen alone is nothing", either(`-$`)},
			{"semantic does not know a capital V", either(`^V`)},
			{"semantic takes identifiers such as -1 for numbers", either(`[-.]-\d+([.+]|$)`)},
		}
	case "Bitnami":
		return []deviation{{"semantic takes revisions for pre-releases", either(`-`)}}
	case "Debian", "Ubuntu", "Go", "crates.io", "npm", "Hex", "SwiftURL", "GHC":
		return nil
	}
	return nil
}
