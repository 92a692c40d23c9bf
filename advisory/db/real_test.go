package db

import (
	"archive/zip"
	"cmp"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/advisory/feed/osv"
	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/internal/testparts"
)

// realRecords reads every n-th record of an ecosystem.
func realRecords(t testing.TB, from, base string, n int) []advisory.Advisory {
	t.Helper()
	archive, err := zip.OpenReader(filepath.Join(from, "osv", base, "all.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := archive.Close(); err != nil {
			t.Error(err)
		}
	}()
	var records []advisory.Advisory
	for i := 0; i < len(archive.File); i += n {
		text, err := fs.ReadFile(archive, archive.File[i].Name)
		if err != nil {
			t.Fatal(err)
		}
		record, err := osv.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
	return records
}

// said is what one record says of a package.
type said struct {
	id       string
	affected *advisory.Affected
}

// realPackage is a package of one release.
type realPackage struct{ ecosystem, name string }

// realPackages sorts records by the packages that they speak of.
func realPackages(records []advisory.Advisory, base string) map[realPackage][]said {
	packages := map[realPackage][]said{}
	for i := range records {
		for j := range records[i].Affected {
			a := &records[i].Affected[j]
			if ecosystem.Base(a.Ecosystem) == base {
				p := realPackage{a.Ecosystem, ecosystem.NormalName(a.Ecosystem, a.Name)}
				packages[p] = append(packages[p], said{records[i].ID, a})
			}
		}
	}
	return packages
}

// versionsOf returns the versions that some of the records name.
func versionsOf(records []said) []string {
	var versions []string
	for _, s := range records {
		versions = append(versions, s.affected.Versions...)
		for _, r := range s.affected.Ranges {
			for _, e := range r.Events {
				versions = append(versions, e.Version)
			}
		}
	}
	slices.Sort(versions)
	return slices.Compact(versions)
}

// TestRealAdvisories: for every package of every ecosystem that the copy holds, the schema's evaluation of the raw
// records and the database name the same records, at versions where answers change. Of the large
// ecosystems a part of the records is taken, to be quick under the race detector.
func TestRealAdvisories(t *testing.T) {
	from := testparts.Shared(t, "data")
	for base, every := range map[string]int{"Alpine": 5, "Debian": 10, "Ubuntu": 5, "Go": 1,
		"AlmaLinux": 10, "Bitnami": 5, "CRAN": 1, "CleanStart": 2, "GHC": 1, "Hackage": 1, "Hex": 1, "Julia": 2, "Maven": 5, "NuGet": 2,
		"Packagist": 5, "Pub": 1, "PyPI": 10, "Red Hat": 50, "Rocky Linux": 5, "RubyGems": 2, "SUSE": 2, "SwiftURL": 1, "crates.io": 2,
		"npm": 5, "opam": 1, "openSUSE": 2} {
		t.Run(base, func(t *testing.T) {
			records := realRecords(t, from, base, every)
			d := openTest(t, assembled(t, base, records))
			packages := realPackages(records, base)
			random := rand.New(rand.NewPCG(3, 4))
			asked, hits := 0, 0
			names := slices.SortedFunc(maps.Keys(packages), func(a, b realPackage) int {
				return cmp.Or(strings.Compare(a.ecosystem, b.ecosystem), strings.Compare(a.name, b.name))
			})
			for _, p := range names {
				records := packages[p]
				versions := slices.DeleteFunc(versionsOf(records), func(version string) bool {
					// The few that the ecosystem's tool refuses are undecided, or a range's only fix.
					_, err := ecosystem.OrderingOf(p.ecosystem).AppendKey(nil, version)
					return err != nil
				})
				for range min(2, len(versions)) {
					version := versions[random.IntN(len(versions))]
					want := referenceIDs(p, records, version)
					var got []string
					for _, a := range ask(t, d, p.ecosystem, p.name, version) {
						got = append(got, a.Record.ID)
					}
					if !slices.Equal(want, slices.Compact(got)) {
						t.Errorf("%v %q: want %v, got %v", p, version, want, got)
					}
					asked++
					hits += len(want)
				}
			}
			t.Logf("%d packages, %d look-ups, %d records found", len(packages), asked, hits)
		})
	}
}

// assembled makes a database of one ecosystem's records.
func assembled(t testing.TB, base string, records []advisory.Advisory) []byte {
	t.Helper()
	a := newAssembler(base)
	for _, record := range records {
		a.add(record)
	}
	data, err := a.assemble()
	if err != nil {
		t.Fatal(err)
	}
	file, _ := joinShards([]builtShard{finish(advisories, Source{Name: shardPrefix + base}, data, a.count)})
	return file
}

func referenceIDs(p realPackage, records []said, version string) []string {
	var ids []string
	for _, s := range records {
		if vulnerable, decided := referenceIsVulnerable(ecosystem.OrderingOf(p.ecosystem), s.affected, version); vulnerable || !decided {
			ids = append(ids, s.id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
