package ecosystem

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/osv-scalibr/semantic"

	"plimsoll.dev/plimsoll/internal/testparts"
)

// Reading every record takes minutes under the race detector.
var records = flag.Int("records", 500, "how many `records` of each ecosystem in OSV's data to take versions from, evenly spread; 0 for all")

// openOSV opens a copy of OSV's data on an ecosystem, which is kept beside the checkout.
func openOSV(t *testing.T, ecosystem string) *zip.ReadCloser {
	t.Helper()
	archive, err := zip.OpenReader(testparts.Shared(t, "data", "osv", ecosystem, "all.zip"))
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

// versionsInOSV returns the versions that a copy of OSV's data names for an ecosystem, in
// events and in lists, once each and sorted.
func versionsInOSV(t *testing.T, ecosystem string) []string {
	t.Helper()
	archive := openOSV(t, ecosystem)
	defer archive.Close()
	seen := map[string]bool{}
	for i := 0; i < len(archive.File); i += everyRecord(len(archive.File)) {
		collectVersions(t, archive.File[i], ecosystem, seen)
	}
	var versions []string
	for v := range seen {
		versions = append(versions, v)
	}
	slices.Sort(versions)
	return versions
}

// everyRecord returns how many records to go on by.
func everyRecord(all int) int {
	if *records > 0 {
		return 1 + all / *records
	}
	return 1
}

func collectVersions(t *testing.T, file *zip.File, ecosystem string, seen map[string]bool) {
	t.Helper()
	var record struct {
		Affected []struct {
			Package  struct{ Ecosystem string }
			Versions []string
			Ranges   []struct {
				Type   string
				Events []map[string]string
			}
		}
	}
	content, err := file.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	if err := json.NewDecoder(content).Decode(&record); err != nil {
		t.Fatalf("%s: %v", file.Name, err)
	}
	for _, affected := range record.Affected {
		if Base(affected.Package.Ecosystem) != ecosystem {
			continue
		}
		for _, v := range affected.Versions {
			seen[v] = true
		}
		for _, r := range affected.Ranges {
			if r.Type == "GIT" {
				continue // its events are commits
			}
			for _, event := range r.Events {
				for kind, v := range event {
					if kind != "introduced" || v != "0" {
						seen[v] = true
					}
				}
			}
		}
	}
	delete(seen, "")
}

// refusedInOSV are the versions of OSV's data that their ecosystem's tool refuses.
func refusedInOSV(ecosystem string) []string {
	switch ecosystem {
	case "Bitnami":
		return []string{"nightly.2026-03-10.0"} // of no release
	case "CleanStart":
		return []string{"3.1.8.-r0", "3.17-4-r1", "3.7.0.-r1"} // apk: invalid
	case "Maven":
		return []string{"2\ufffd.1.0", "3\ufffd.18"} // broken when they were published
	case "Packagist":
		return []string{"1.3.0r1", "1.3.0r4", "1.5.7c", "2.1.0-dev1", "3.20-test2", "6.0.0-GM"} // Composer: invalid version string
	}
	return nil
}

// TestKeysAreOrderPreserving holds that every version of OSV's data has a key, but for those that
// the ecosystem's own tool refuses. It holds the keys against the reference and osv-scalibr's
// semantic: each against its neighbour in the keys' order, where a mistake would show first, and
// as many pairs drawn at random.
func TestKeysAreOrderPreserving(t *testing.T) {
	for _, ecosystem := range []string{"AlmaLinux", "Alpine", "Bitnami", "CRAN", "CleanStart", "Debian", "GHC", "Go", "Hackage", "Hex", "Julia",
		"Maven", "NuGet", "Packagist", "Pub", "PyPI", "Red Hat", "Rocky Linux", "RubyGems", "SUSE", "SwiftURL", "Ubuntu", "crates.io", "npm", "opam", "openSUSE"} {
		t.Run(ecosystem, func(t *testing.T) {
			t.Parallel()
			ordering := OrderingOf(ecosystem)
			keys := keysInOSV(t, ordering, ecosystem)
			versions := slices.SortedStableFunc(maps.Keys(keys), func(a, b string) int { return bytes.Compare(keys[a], keys[b]) })
			ref := reference(ordering)
			list := deviations(ecosystem)
			compared, excepted := 0, 0
			compare := func(a, b string) {
				compared++
				got := bytes.Compare(keys[a], keys[b])
				if reference, known := ref(a, b); known && got != reference {
					t.Errorf("%q and %q: keys say %d, the upstream tool's walk says %d", a, b, got, reference)
				}
				parsed, err := semantic.Parse(a, ecosystem)
				if errors.Is(err, semantic.ErrUnsupportedEcosystem) {
					return
				}
				if err != nil {
					t.Fatalf("semantic refuses %q: %v", a, err)
				}
				want, err := parsed.CompareStr(b)
				switch {
				case err != nil:
					t.Errorf("semantic refuses %q: %v", b, err)
				case got == want:
				case slices.ContainsFunc(list, func(d deviation) bool { return d.of(a, b) }):
					excepted++
				default:
					t.Errorf("%q and %q: keys say %d, semantic says %d", a, b, got, want)
				}
			}
			for i := 1; i < len(versions); i++ {
				compare(versions[i-1], versions[i])
			}
			random := rand.New(rand.NewPCG(1, 2))
			for range versions {
				compare(versions[random.IntN(len(versions))], versions[random.IntN(len(versions))])
			}
			t.Logf("%d versions, %d pairs compared, %d of them excepted", len(versions), compared, excepted)
		})
	}
}

// keysInOSV returns the keys of the versions in OSV's data.
func keysInOSV(t *testing.T, ordering Ordering, ecosystem string) map[string][]byte {
	t.Helper()
	keys := map[string][]byte{}
	for _, v := range versionsInOSV(t, ecosystem) {
		key, err := ordering.AppendKey(nil, v)
		if err != nil {
			if !slices.Contains(refusedInOSV(ecosystem), v) {
				t.Errorf("a version of OSV's data is refused: %v", err)
			}
			continue
		}
		if len(key) > ordinaryKeyLength {
			t.Errorf("the key of %q has %d bytes, more than Compare keeps on its stack", v, len(key))
		}
		keys[v] = key
	}
	return keys
}

// apkException tells whether semantic is known to leave apk's rule for these two versions: where
// they differ in kind of part, src/version.c of apk-tools goes by the kind and never pads.
func apkException(a, b string) bool {
	const letters = ".abcdefghijklmnopqrstuvwxyz"
	g := newAPKGrammar()
	x, y := g.version.FindStringSubmatch(a), g.version.FindStringSubmatch(b)
	numbersX, numbersY := strings.TrimRight(x[2], letters), strings.TrimRight(y[2], letters)
	switch {
	case hasNumberAfterLetter(x[2]) || hasNumberAfterLetter(y[2]):
		return true // semantic takes what follows the letter for garbage: 6.6.2p1-r0
	case numbersX != numbersY && padded(numbersX) == padded(numbersY):
		return true // semantic pads with zeros: to it 16-r0 and 16.0-r0 are equal, 18-r3 is after 18.0-r0
	}
	return x[5] == "" && strings.Trim(y[5], "0") == "" || y[5] == "" && strings.Trim(x[5], "0") == "" // semantic takes no revision for -r0
}

func hasNumberAfterLetter(numbers string) bool {
	return regexp.MustCompile(`[a-z]\d`).MatchString(numbers)
}

// padded returns a version's numbers without the zeros at their end.
func padded(numbers string) string {
	return regexp.MustCompile(`(\.0+)+$`).ReplaceAllString(numbers, "")
}
