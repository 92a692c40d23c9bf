package e2e

import (
	"archive/zip"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/osv-scalibr/semantic"

	"plimsoll.dev/plimsoll/internal/testparts"
)

// The slow matcher: raw OSV records as JSON, evaluated as the schema's pseudo-code has it
// (ossf.github.io/osv-schema, "Evaluation"), with versions ordered by osv-scalibr's semantic
// package. It shares no code with plimsoll.

type rawRecord struct {
	ID                         string
	Aliases, Upstream, Related []string
	Withdrawn                  string
	Affected                   []rawAffected
}

type rawAffected struct {
	Package  struct{ Ecosystem, Name string }
	Ranges   []rawRange
	Versions []string
}

type rawRange struct {
	Type   string
	Events []map[string]string
}

// rawRecords reads every record of an ecosystem, by (ecosystem with release, package name).
func rawRecords(t *testing.T, base string) map[[2]string][]*rawRecord {
	t.Helper()
	archive, err := zip.OpenReader(testparts.Shared(t, "data", "osv", base, "all.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	records := map[[2]string][]*rawRecord{}
	for _, entry := range archive.File {
		file, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		record := new(rawRecord)
		if err := json.Unmarshal(content, record); err != nil {
			t.Fatalf("%s: %v", entry.Name, err)
		}
		seen := map[[2]string]bool{}
		for _, a := range record.Affected {
			key := [2]string{a.Package.Ecosystem, a.Package.Name}
			if !seen[key] {
				seen[key] = true
				records[key] = append(records[key], record)
			}
		}
	}
	return records
}

// affects tells whether a record affects a version of a package.
func (r *rawRecord) affects(ecosystem, name, version string) (bool, error) {
	if r.Withdrawn != "" {
		return false, nil
	}
	for _, a := range r.Affected {
		if a.Package.Ecosystem != ecosystem || a.Package.Name != name {
			continue
		}
		if slices.Contains(a.Versions, version) {
			return true, nil
		}
		for _, g := range a.Ranges {
			if g.Type == "GIT" {
				continue
			}
			inside, err := g.contains(ecosystem, version)
			if inside || err != nil {
				return inside, err
			}
		}
	}
	return false, nil
}

func (g rawRange) contains(ecosystem, version string) (bool, error) {
	base, _, _ := strings.Cut(ecosystem, ":")
	parsed, err := semantic.Parse(version, base)
	if err != nil {
		return false, err
	}
	events := slices.Clone(g.Events)
	var failed error
	order := func(e map[string]string) string {
		for _, v := range e {
			return v
		}
		return ""
	}
	less := func(a, b string) bool {
		if a == "0" || b == "0" {
			return a == "0" && b != "0"
		}
		v, err := semantic.Parse(a, base)
		if err != nil {
			failed = err
			return false
		}
		c, err := v.CompareStr(b)
		if err != nil {
			failed = err
		}
		return c < 0
	}
	sort.SliceStable(events, func(i, j int) bool { return less(order(events[i]), order(events[j])) })
	inside := false
	for _, e := range events {
		at := order(e)
		c := 1
		if at != "0" {
			if c, err = parsed.CompareStr(at); err != nil {
				return false, err
			}
		}
		switch {
		case e["introduced"] != "" && c >= 0:
			inside = true
		case e["fixed"] != "" && c >= 0:
			inside = false
		case e["last_affected"] != "" && c > 0:
			inside = false
		}
	}
	return inside, failed
}

// cves returns the CVEs that a record speaks of, else its own id, as docs/contract.md has it.
func (r *rawRecord) cves() []string {
	names := append(append([]string{r.ID}, r.Aliases...), r.Upstream...)
	cve := regexp.MustCompile(`^CVE-\d+-\d+$`)
	var list []string
	for _, name := range names {
		if cve.MatchString(name) {
			list = append(list, name)
		}
	}
	if len(list) == 0 {
		return []string{r.ID}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
