package db

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/internal/testparts"
)

// question is a package as an image has it.
type question struct{ ecosystem, name, version string }

// realQuestions returns packages of a release with versions that records name.
func realQuestions(b *testing.B, from, base, release string, count int) []question {
	packages := realPackages(realRecords(b, from, base, 1), base)
	maps.DeleteFunc(packages, func(p realPackage, _ []said) bool { return p.ecosystem != release })
	random := rand.New(rand.NewPCG(5, 6))
	var questions []question
	names := slices.SortedFunc(maps.Keys(packages), func(x, y realPackage) int { return cmp.Compare(x.name, y.name) })
	random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, p := range names[:min(count, len(names))] {
		versions := versionsOf(packages[p])
		questions = append(questions, question{p.ecosystem, p.name, versions[random.IntN(len(versions))]})
	}
	return questions
}

// BenchmarkOpenAndMatch1000 opens the database of all real advisories, with its file in the page
// cache, and matches 1,000 packages of Debian 12, decoding every record that is found. Nothing is
// kept from one round to the next, so each pays for checking the blocks that it touches.
func BenchmarkOpenAndMatch1000(b *testing.B) {
	from := testparts.Shared(b, "data")
	path := filepath.Join(b.TempDir(), "advisories.db")
	if _, err := Build(b.Context(), from, path, Options{}); err != nil {
		b.Fatal(err)
	}
	questions := realQuestions(b, from, "Debian", "Debian:12", 1000)
	found := 0
	b.ReportAllocs()
	for b.Loop() {
		found = 0
		d, err := Open(path)
		if err != nil {
			b.Fatal(err)
		}
		for _, q := range questions {
			found += len(benchmarkAsk(b, d, q))
		}
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(questions)), "packages")
	b.ReportMetric(float64(found), "records")
}

func benchmarkAsk(b *testing.B, d *DB, q question) []Record {
	cursor, err := d.Lookup(q.ecosystem, q.name)
	if err != nil {
		b.Fatal(err)
	}
	var buffer [128]byte
	key, err := ecosystem.OrderingOf(q.ecosystem).AppendKey(buffer[:0], q.version)
	if err != nil {
		b.Fatal(err)
	}
	var records []Record
	for cursor.Next() {
		if cursor.Match(key, q.version).State == NotAffected {
			continue
		}
		record, err := cursor.Record()
		if err != nil {
			b.Fatal(err)
		}
		records = append(records, record)
	}
	if err := cursor.Err(); err != nil {
		b.Fatal(err)
	}
	return records
}

// BenchmarkBuild builds the database of all real advisories.
func BenchmarkBuild(b *testing.B) {
	from := testparts.Shared(b, "data")
	for b.Loop() {
		if _, _, err := BuildBytes(b.Context(), from, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
