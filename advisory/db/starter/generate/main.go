// Command generate makes the starter database of a copy of its upstreams: starter.db.zst and
// starter.digest. With --notice it also writes what the sources' licences ask to be said.
//
//	go run ./advisory/db/starter/generate --from ../shared/data --as-of 2026-11-22
//
// It fetches nothing. The same input makes the same files.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"plimsoll.dev/plimsoll/advisory/db"
)

// maxCompressed is what the binary has room for.
const maxCompressed = 8 << 20

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	from := flags.String("from", filepath.Join("..", "shared", "data"), "folder with copies of the upstreams")
	asOf := flags.String("as-of", "", "day on which the copies were fetched, YYYY-MM-DD")
	out := flags.String("out", filepath.Join("advisory", "db", "starter"), "folder to write to; sources.tsv is in it")
	notice := flags.String("notice", "", "file to write the sources' notice to")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	fetched, err := time.Parse(time.DateOnly, *asOf)
	if err != nil {
		return fmt.Errorf("--as-of %q: want YYYY-MM-DD", *asOf)
	}
	sources, err := readSources(filepath.Join(*out, "sources.tsv"))
	if err != nil {
		return err
	}
	file, stats, err := db.BuildBytes(ctx, *from, db.Options{
		AsOf: fetched, Sources: sources, OnlyKnownEPSS: true,
		Include: func(shard string) bool { _, known := sources[shard]; return known },
	})
	if err != nil {
		return err
	}
	if len(stats.Missing) > 0 {
		return fmt.Errorf("%s is not whole: %s", *from, strings.Join(stats.Missing, "; "))
	}
	compressed, err := compress(file)
	if err != nil {
		return err
	}
	if len(compressed) > maxCompressed {
		return fmt.Errorf("the database has %d bytes compressed, and the binary has room for %d; leave out a source in sources.tsv", len(compressed), maxCompressed)
	}
	if err := write(*out, compressed, stats, *notice, file); err != nil {
		return err
	}
	report(stats, len(compressed))
	return nil
}

// write writes the files.
func write(out string, compressed []byte, stats db.Stats, notice string, file []byte) error {
	err := errors.Join(
		os.WriteFile(filepath.Join(out, "starter.db.zst"), compressed, 0o644),
		os.WriteFile(filepath.Join(out, "starter.digest"), []byte(stats.Digest.String()+"\n"), 0o644))
	if err != nil || notice == "" {
		return err
	}
	d, err := db.OpenBytes(file)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(notice, []byte(noticeOf(d.Sources())), 0o644), d.Close())
}

// compress compresses as far as it goes: it is done once and read often.
func compress(file []byte) ([]byte, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression),
		zstd.WithWindowSize(32<<20), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return encoder.EncodeAll(file, nil), encoder.Close()
}

// readSources reads sources.tsv: shard, day, licence, attribution.
func readSources(path string) (map[string]db.SourceInfo, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	sources := map[string]db.SourceInfo{}
	for number, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "shard\t") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 4 {
			return nil, fmt.Errorf("%s:%d: want four columns: shard, asOf, licence, attribution", path, number+1)
		}
		day, err := time.Parse(time.DateOnly, fields[1])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %q: want YYYY-MM-DD", path, number+1, fields[1])
		}
		sources[fields[0]] = db.SourceInfo{AsOf: day, Licence: fields[2], Attribution: fields[3]}
	}
	return sources, nil
}

// noticeOf writes what the licences ask for: who made the data, under which licence it is, and
// that it was changed.
func noticeOf(sources []db.Source) string {
	var text strings.Builder
	text.WriteString("The starter database in the binary holds facts from these sources, reduced to identifiers,\n" +
		"package names, ranges, ratings and dates. Each source is a part of its own; those under\n" +
		"CC-BY-SA-4.0 stay under that licence.\n\n")
	for _, s := range sources {
		fmt.Fprintf(&text, "%s, as of %s: %s\n    Licence: %s\n", s.Name, s.AsOf.Format(time.DateOnly), s.Attribution, s.Licence)
	}
	return text.String()
}

func report(stats db.Stats, compressed int) {
	for _, s := range stats.Shards {
		fmt.Printf("%-16s %7d records %6d packages %9d bytes", s.Name, s.Records, s.Packages, s.Bytes)
		if n := s.UnparsableVersions; n > 0 {
			fmt.Printf(", %d versions cannot be ordered", n)
		}
		if n := s.UnknownRatings; n > 0 {
			fmt.Printf(", %d ratings cannot be scored", n)
		}
		if n := s.FutureDated; n > 0 {
			fmt.Printf(", %d dated in the future", n)
		}
		fmt.Println()
	}
	fmt.Printf("%s: %d bytes, %d compressed\n", stats.Digest, stats.Size, compressed)
}
