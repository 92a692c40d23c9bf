package ecosystem

import (
	"cmp"
	"math/big"
	"regexp"
	"strings"

	"golang.org/x/mod/semver"
)

// The comparers here are what the keys are checked against, next to osv-scalibr's semantic and
// x/mod's semver: slow, pairwise, and written along the upstream tool's own walk.

// reference returns the ordering's comparer. It knows the answer for versions that the ordering
// accepts, and for Semver only if x/mod does. Orderings that semantic knows well have none.
func reference(o Ordering) func(a, b string) (order int, known bool) {
	switch o {
	case Deb:
		return func(a, b string) (int, bool) { return refDeb(a, b), true }
	case APK:
		g := newAPKGrammar()
		return func(a, b string) (int, bool) { return refAPK(g.parts(a), g.parts(b)), true }
	case Semver:
		return func(a, b string) (int, bool) {
			a, b = "v"+strings.TrimPrefix(a, "v"), "v"+strings.TrimPrefix(b, "v")
			return semver.Compare(a, b), semver.IsValid(a) && semver.IsValid(b)
		}
	case Maven:
		return func(a, b string) (int, bool) { return refMaven(a, b), true }
	case Opam:
		return func(a, b string) (int, bool) { return refOpam(a, b), true }
	case ALPM:
		return func(a, b string) (int, bool) { return refALPM(a, b), true }
	case FreeBSD:
		return func(a, b string) (int, bool) { return refFreeBSD(a, b), true }
	case Conan:
		return func(a, b string) (int, bool) { return refConan(a, b), true }
	}
	return func(string, string) (int, bool) { return 0, false }
}

// refDeb compares as deb-version(7) tells a person to. Both versions must be accepted by Deb.
func refDeb(a, b string) int {
	epochA, upstreamA, revisionA := splitDeb(a)
	epochB, upstreamB, revisionB := splitDeb(b)
	return cmp.Or(refNumber(epochA, epochB), refDebPart(upstreamA, upstreamB), refDebPart(revisionA, revisionB))
}

func splitDeb(version string) (epoch, upstream, revision string) {
	version = strings.Trim(version, " \t")
	epoch, rest, found := strings.Cut(version, ":")
	if !found {
		epoch, rest = "", version
	}
	if i := strings.LastIndex(rest, "-"); i >= 0 {
		return epoch, rest[:i], rest[i+1:]
	}
	return epoch, rest, ""
}

func refDebPart(a, b string) int {
	for a != "" || b != "" {
		runA := strings.IndexAny(a+"0", "0123456789")
		runB := strings.IndexAny(b+"0", "0123456789")
		for i := range max(runA, runB) {
			if c := cmp.Compare(refDebWeight(a[:runA], i), refDebWeight(b[:runB], i)); c != 0 {
				return c
			}
		}
		a, b = a[runA:], b[runB:]
		digitsA, digitsB := leadingDigits(a), leadingDigits(b)
		if c := refNumber(digitsA, digitsB); c != 0 {
			return c
		}
		a, b = a[len(digitsA):], b[len(digitsB):]
	}
	return 0
}

func refDebWeight(run string, i int) int {
	switch {
	case i >= len(run):
		return 0
	case run[i] == '~':
		return -1
	case strings.ContainsAny(run[i:i+1], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"):
		return int(run[i])
	}
	return int(run[i]) + 256
}

func leadingDigits(s string) string { return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))] }

// refNumber compares decimal numbers of any length; none is zero.
func refNumber(a, b string) int {
	var x, y big.Int
	x.SetString("0"+a, 10)
	y.SetString("0"+b, 10)
	return x.Cmp(&y)
}

// The kinds of an Alpine version's parts, in the order of apk-tools' enumeration: where two
// versions differ in kind, the later kind is the lesser version.
const (
	refNumberPart = iota
	refLetter
	refSuffix
	refSuffixNumber
	refHash
	refRevision
	refEnd
)

type refPart struct {
	kind int
	text string
}

// apkGrammar is that of apk-package(5), and the two forms of apk-tools 2 that appendAPKKey names.
type apkGrammar struct {
	version, number, suffix *regexp.Regexp
}

func newAPKGrammar() apkGrammar {
	return apkGrammar{
		version: regexp.MustCompile(`^(\d+)((?:\.\d+|\.?[a-z]\d+)*(?:\.?[a-z])?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*)(?:~([0-9a-f]+))?(?:-r(\d+))?$`),
		number:  regexp.MustCompile(`\.\d*|[a-z]|\d+`),
		suffix:  regexp.MustCompile(`[a-z]+|\d+`),
	}
}

// parts cuts a version up; one that is not of the grammar has none.
func (g apkGrammar) parts(version string) []refPart {
	m := g.version.FindStringSubmatch(version)
	if m == nil {
		return nil
	}
	parts := []refPart{{refNumberPart, m[1]}}
	for _, item := range g.number.FindAllString(m[2], -1) {
		if isLower(item[0]) {
			parts = append(parts, refPart{refLetter, item})
		} else {
			parts = append(parts, refPart{refNumberPart, item})
		}
	}
	for _, item := range g.suffix.FindAllString(m[3], -1) {
		if isLower(item[0]) {
			parts = append(parts, refPart{refSuffix, item})
		} else {
			parts = append(parts, refPart{refSuffixNumber, item})
		}
	}
	if m[4] != "" {
		parts = append(parts, refPart{refHash, m[4]})
	}
	if m[5] != "" {
		parts = append(parts, refPart{refRevision, m[5]})
	}
	return append(parts, refPart{refEnd, ""})
}

func refAPK(a, b []refPart) int {
	for i := 0; ; i++ {
		x, y := a[i], b[i]
		if x.kind != y.kind {
			xBefore, yBefore := x.kind == refSuffix && refSuffixRank(x.text) < 0, y.kind == refSuffix && refSuffixRank(y.text) < 0
			switch {
			case xBefore:
				return -1
			case yBefore:
				return 1
			}
			return cmp.Compare(y.kind, x.kind)
		}
		if x.kind == refEnd {
			return 0
		}
		if c := refAPKPart(x, y); c != 0 {
			return c
		}
	}
}

func refAPKPart(x, y refPart) int {
	switch x.kind {
	case refLetter, refHash:
		return strings.Compare(x.text, y.text)
	case refSuffix:
		return cmp.Compare(refSuffixRank(x.text), refSuffixRank(y.text))
	case refNumberPart:
		if c := cmp.Compare(refNumberClass(x.text), refNumberClass(y.text)); c != 0 {
			return c
		}
		if refNumberClass(x.text) == 0 {
			return strings.Compare(x.text, y.text)
		}
	}
	return refNumber(strings.TrimPrefix(x.text, "."), strings.TrimPrefix(y.text, "."))
}

// refNumberClass: behind a dot, numbers with a leading zero come first, then none at all.
func refNumberClass(text string) int {
	switch {
	case strings.HasPrefix(text, ".0"):
		return 0
	case text == ".":
		return 1
	}
	return 2
}

func refSuffixRank(suffix string) int {
	ranks := map[string]int{"alpha": -4, "beta": -3, "pre": -2, "rc": -1, "cvs": 1, "svn": 2, "git": 3, "hg": 4, "p": 5}
	return ranks[suffix]
}
