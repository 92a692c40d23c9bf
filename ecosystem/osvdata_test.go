package ecosystem

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/osv-scalibr/semantic"
)

// Reading every record takes a minute under the race detector.
var records = flag.Int("records", 2000, "how many `records` of each ecosystem in OSV's data to take versions from, evenly spread; 0 for all")

// versionsInOSV returns the versions that a copy of OSV's data names for an ecosystem, in
// events and in lists, once each and sorted. The copy is kept beside the checkout; without it the
// test is skipped, except in CI where the shared folder is there and so the data must be.
func versionsInOSV(t *testing.T, ecosystem string) []string {
	t.Helper()
	shared := filepath.Join("..", "..", "shared")
	archive, err := zip.OpenReader(filepath.Join(shared, "data", "osv", ecosystem, "all.zip"))
	if err != nil {
		if _, absent := os.Stat(shared); absent == nil && os.Getenv("CI") == "true" {
			t.Fatalf("%v: the shared folder lacks its OSV data", err)
		}
		t.Skipf("no OSV data to compare with: %v", err)
	}
	defer archive.Close()
	seen := map[string]bool{}
	step := 1
	if *records > 0 {
		step += len(archive.File) / *records
	}
	for i := 0; i < len(archive.File); i += step {
		collectVersions(t, archive.File[i], ecosystem, seen)
	}
	var versions []string
	for v := range seen {
		versions = append(versions, v)
	}
	slices.Sort(versions)
	return versions
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

// TestKeysAreOrderPreserving holds the keys of versions in OSV's data against osv-scalibr's
// semantic: each against its neighbour in the keys' order, where a mistake would show first, and
// as many pairs drawn at random.
func TestKeysAreOrderPreserving(t *testing.T) {
	for _, ecosystem := range []string{"Debian", "Ubuntu", "Alpine", "Go", "crates.io", "npm", "Hex", "SwiftURL"} {
		t.Run(ecosystem, func(t *testing.T) {
			t.Parallel()
			ordering := OrderingOf(ecosystem)
			versions := versionsInOSV(t, ecosystem)
			keys := map[string][]byte{}
			for _, v := range versions {
				key, err := ordering.AppendKey(nil, v)
				if err != nil {
					t.Errorf("a version of OSV's data is refused: %v", err)
				}
				if len(key) > ordinaryKeyLength {
					t.Errorf("the key of %q has %d bytes, more than Compare keeps on its stack", v, len(key))
				}
				keys[v] = key
			}
			slices.SortStableFunc(versions, func(a, b string) int { return bytes.Compare(keys[a], keys[b]) })
			ref := reference(ordering)
			compared, excepted := 0, 0
			compare := func(a, b string) {
				compared++
				want, err := semantic.MustParse(a, ecosystem).CompareStr(b)
				if err != nil {
					t.Errorf("semantic refuses %q or %q: %v", a, b, err)
				}
				got := bytes.Compare(keys[a], keys[b])
				if reference, known := ref(a, b); known && got != reference {
					t.Errorf("%q and %q: keys say %d, the upstream tool's walk says %d", a, b, got, reference)
				}
				switch {
				case got == want:
				case ecosystem == "Alpine" && apkException(a, b):
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
