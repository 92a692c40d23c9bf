package e2e

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/advisory/db"
	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/internal/testparts"
	"plimsoll.dev/plimsoll/report"
)

// TestAlpineMatches: what apk's own comparator says each image is affected by.
func TestAlpineMatches(t *testing.T) {
	for _, image := range []string{"alpine-3.10.3", "alpine-3.12.12", "alpine-3.16.9", "alpine-3.20.3"} {
		t.Run(image, func(t *testing.T) {
			want := map[string]bool{}
			for _, row := range table(t, testparts.Shared(t, "images", image+".expected.tsv")) {
				want[strings.Join([]string{row["package"], row["version"], row["id"], row["upstream"], row["fixed"]}, " ")] = true
			}
			r := reportOf(t, testparts.Shared(t, "images", image+".tar"))
			source := sources(r)
			got := map[string]bool{}
			for _, f := range r.Findings {
				for _, record := range f.Advisories {
					got[strings.Join([]string{source[f.Package], record, f.ID, strings.Join(f.FixedIn, ",")}, " ")] = true
				}
			}
			sameSet(t, want, got)
		})
	}
}

// sources maps a package's purl to its source's name and version.
func sources(r *report.Report) map[string]string {
	list := map[string]string{}
	for _, p := range r.Packages {
		if p.Source != nil {
			list[p.PURL] = p.Source.Name + " " + p.Source.Version
		}
	}
	return list
}

// TestDebianMatches: the (CVE, package) pairs of the slow matcher, fed with dpkg's own list.
func TestDebianMatches(t *testing.T) {
	raw := rawRecords(t, "Debian")
	for image, release := range map[string]string{
		"debian-slim": "Debian:12", "debian-old": "Debian:11", "debian-python": "Debian:12", "big": "Debian:12"} {
		t.Run(image, func(t *testing.T) {
			dir := built(t, image)
			want := map[string]bool{}
			for _, row := range table(t, filepath.Join(dir+".truth", "dpkg.tsv")) {
				if row["status"] == "config-files" {
					continue
				}
				for _, record := range raw[[2]string{release, row["source"]}] {
					affected, err := record.affects(release, row["source"], row["source_version"])
					if err != nil {
						t.Fatalf("%s, %s: %v", record.ID, row["source"], err)
					}
					for _, cve := range record.cves() {
						if affected {
							want[cve+" "+row["package"]+" "+row["architecture"]] = true
						}
					}
				}
			}
			r := reportOf(t, dir)
			names := map[string]string{}
			for _, p := range r.Packages {
				names[p.PURL] = p.Name + " " + p.Arch
			}
			got := map[string]bool{}
			for _, f := range r.Findings {
				if strings.HasPrefix(f.Package, "pkg:deb/") {
					got[f.ID+" "+names[f.Package]] = true
				}
			}
			// Kernel headers are matched like the rest, and then suppressed with their reason.
			for _, s := range r.Suppressed {
				if s.Reason == finding.KernelHeaders {
					got[s.ID+" "+names[s.Package]] = true
				}
			}
			t.Logf("%d findings, %d suppressed", len(r.Findings), len(r.Suppressed))
			sameSet(t, want, got)
		})
	}
}

// TestGoMatches: the (record, module) pairs of the slow matcher, fed with `go version -m`.
func TestGoMatches(t *testing.T) {
	raw := rawRecords(t, "Go")
	for _, image := range []string{"go-app", "big"} {
		t.Run(image, func(t *testing.T) {
			dir := built(t, image)
			want := map[string]bool{}
			for _, row := range goVersionM(t, filepath.Join(dir+".truth", "go-version.txt")) {
				fields := strings.Fields(row)
				if len(fields) < 3 {
					continue // a main module without a version: never compared
				}
				name, version := fields[1], fields[2]
				for _, record := range raw[[2]string{"Go", name}] {
					affected, err := record.affects("Go", name, strings.TrimPrefix(version, "v"))
					if err != nil {
						t.Fatalf("%s, %s: %v", record.ID, name, err)
					}
					if affected {
						want[record.ID+" "+name+"@"+version] = true
					}
				}
			}
			r := reportOf(t, dir)
			names := map[string]string{}
			for _, p := range r.Packages {
				names[p.PURL] = p.Name + "@" + p.Version
			}
			got := map[string]bool{}
			for _, f := range r.Findings {
				for _, record := range f.Advisories {
					if strings.HasPrefix(f.Package, "pkg:golang/") {
						got[record+" "+names[f.Package]] = true
					}
				}
			}
			sameSet(t, want, got)
		})
	}
}

// TestOSVAnswers: of the records that OSV.dev itself named for a package, and that the raw data
// holds for that package and release, every one must be found. OSV.dev's answers are newer
// than the raw data: a record that is there, but does not speak of the release yet, proves nothing.
func TestOSVAnswers(t *testing.T) {
	file, err := os.Open(testparts.Shared(t, "data", "oracle", "osv-querybatch.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	ids, held := heldRecords(t)
	database, err := db.Open(database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	compared, found, older := map[string]int{}, map[string]int{}, map[string]int{}
	for lines := json.NewDecoder(bufio.NewReader(unzipped)); lines.More(); {
		var query struct {
			Ecosystem, Name, Version string
			IDs                      []string
		}
		if err := lines.Decode(&query); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(query.Ecosystem, "Ubuntu:") && strings.HasSuffix(query.Ecosystem, ".04") {
			query.Ecosystem += ":LTS" // OSV.dev answers for either name; the records use this one
		}
		base := ecosystem.Base(query.Ecosystem)
		ours := recordsFor(t, database, query.Ecosystem, query.Name, query.Version)
		for _, id := range query.IDs {
			switch {
			case !ids[id]:
			case !held[[3]string{id, query.Ecosystem, ecosystem.NormalName(query.Ecosystem, query.Name)}]:
				older[base]++
			case ours[id]:
				compared[base]++
				found[base]++
			default:
				compared[base]++
				t.Logf("not found: %s for %s %s %s", id, query.Ecosystem, query.Name, query.Version)
			}
		}
	}
	total, hits := 0, 0
	for _, base := range slices.Sorted(maps.Keys(compared)) {
		t.Logf("%s: %d of %d", base, found[base], compared[base])
		total += compared[base]
		hits += found[base]
	}
	t.Logf("compared %d ids that both hold, found %d; more are held without an entry for the release: %v", total, hits, older)
	if total < 600 || hits < total {
		t.Errorf("found %d of %d ids: some are missing, or too few were compared", hits, total)
	}
}

// heldRecords names every record in the raw data, and each with the packages that it speaks of.
func heldRecords(t *testing.T) (ids map[string]bool, held map[[3]string]bool) {
	t.Helper()
	ids, held = map[string]bool{}, map[[3]string]bool{}
	for _, base := range []string{"Alpine", "Debian", "Go", "Hackage", "Maven", "NuGet", "Packagist", "PyPI",
		"RubyGems", "SwiftURL", "Ubuntu", "crates.io", "npm", "openSUSE"} {
		for key, records := range rawRecords(t, base) {
			for _, r := range records {
				ids[r.ID] = true
				held[[3]string{r.ID, key[0], ecosystem.NormalName(key[0], key[1])}] = true
			}
		}
	}
	return ids, held
}

// recordsFor asks the database for the records that affect a version.
func recordsFor(t *testing.T, database *db.DB, osv, name, version string) map[string]bool {
	t.Helper()
	key, err := ecosystem.OrderingOf(osv).AppendKey(nil, version)
	if err != nil {
		key = nil
	}
	cursor, err := database.Lookup(osv, name)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for cursor.Next() {
		if cursor.Match(key, version).State != db.Affected {
			continue
		}
		record, err := cursor.Record()
		if err != nil {
			t.Fatal(err)
		}
		found[record.ID] = true
	}
	if err := cursor.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

func sameSet(t *testing.T, want, got map[string]bool) {
	t.Helper()
	if len(want) == 0 {
		t.Fatal("nothing is expected: the test compares nothing")
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("matches differ (-expected +plimsoll):\n%s", diff)
	}
	t.Logf("%d matches, the same", len(want))
}
