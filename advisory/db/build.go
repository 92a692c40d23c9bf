package db

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/advisory/feed/osv"
	"plimsoll.dev/plimsoll/image"
)

// Options say what Build cannot read from its input.
type Options struct {
	// AsOf is when the sources were fetched, zero if that is not known. Records dated later are
	// counted.
	AsOf time.Time
	// Sources overrides and completes what is recorded of a shard, by its name.
	Sources map[string]SourceInfo
	// Include tells which shards to build; nil builds all.
	Include func(shard string) bool
	// OnlyKnownEPSS leaves out the scores of CVEs that no record in the database names.
	OnlyKnownEPSS bool
	// Progress is told how many records have been read, one call at a time; it may be nil.
	Progress func(done, total int)
}

// SourceInfo is what is known of a source from elsewhere.
type SourceInfo struct {
	AsOf                 time.Time // if not zero, instead of Options.AsOf
	Licence, Attribution string
}

// Stats says what a build made.
type Stats struct {
	Digest image.Digest
	Size   int64
	Shards []ShardStats // sorted by name
	// Missing names the files that are expected and not there: archives that ecosystems.txt
	// speaks of, EPSS, KEV.
	Missing []string
}

// ShardStats says what is in a shard.
type ShardStats struct {
	Name     string
	Records  int
	Packages int
	Entries  int // what records say of packages, release by release
	// UnparsableVersions counts versions that the ecosystem's order refuses, UnknownRatings CVSS
	// vectors that cannot be scored, FutureDated records dated after Options.AsOf.
	UnparsableVersions, UnknownRatings, FutureDated int
	Bytes                                           int64
}

// Build makes a database file of a folder that holds a copy of OSV's bucket (the folder osv, or
// the folder itself), epss/epss_scores-current.csv.gz and kev/known_exploited_vulnerabilities.json.
// What is missing is left out and named in Stats, as long as there are advisories.
//
// The file depends on the folder's content and the options alone, byte for byte. It is written
// beside out and renamed, so out is the old file or the new one and never a part.
func Build(ctx context.Context, from, out string, options Options) (Stats, error) {
	file, stats, err := BuildBytes(ctx, from, options)
	if err != nil {
		return Stats{}, fmt.Errorf("building an advisory database of %s: %w", from, err)
	}
	return stats, WriteFile(out, file)
}

// BuildBytes is Build in memory.
func BuildBytes(ctx context.Context, from string, options Options) ([]byte, Stats, error) {
	root, err := os.OpenRoot(from)
	if err != nil {
		return nil, Stats{}, err
	}
	b := &builder{files: root.FS(), options: options}
	built, err := b.build(ctx)
	if err = errors.Join(err, root.Close()); err != nil {
		return nil, Stats{}, err
	}
	file, digest := joinShards(built)
	stats := Stats{Digest: digest, Size: int64(len(file)), Missing: b.missing}
	for i := range built {
		stats.Shards = append(stats.Shards, built[i].stats)
	}
	return file, stats, nil
}

// builder makes the shards of one database.
type builder struct {
	files   fs.FS
	options Options
	bucket  string // folder of OSV's copy
	missing []string

	mu          sync.Mutex // guards what follows
	done, total int
	known       map[advisory.CVE]bool // CVEs that records name, if they are asked for
}

// builtShard is a shard, ready to be written.
type builtShard struct {
	entry entry
	data  []byte
	stats ShardStats
}

func (b *builder) build(ctx context.Context) ([]builtShard, error) {
	archives, err := b.openArchives()
	if err != nil {
		return nil, err
	}
	shards, err := b.buildAdvisories(ctx, archives)
	if err = errors.Join(err, closeAll(archives)); err != nil {
		return nil, err
	}
	for _, build := range []func() (*builtShard, error){b.buildEPSS, b.buildKEV} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		one, err := build()
		if err != nil {
			return nil, err
		}
		if one != nil {
			shards = append(shards, *one)
		}
	}
	slices.SortFunc(shards, func(x, y builtShard) int { return strings.Compare(x.stats.Name, y.stats.Name) })
	return shards, nil
}

// openArchive is the archive of one ecosystem.
type openArchive struct {
	*osv.Archive
	base string
	file fs.File
	size int64
}

func closeAll(archives []openArchive) error {
	var errs []error
	for _, a := range archives {
		errs = append(errs, a.file.Close())
	}
	return errors.Join(errs...)
}

// openArchives opens the archives that ecosystems.txt names, the largest first.
func (b *builder) openArchives() (archives []openArchive, err error) {
	defer func() {
		if err != nil {
			err, archives = errors.Join(err, closeAll(archives)), nil
		}
	}()
	bases, err := b.readEcosystems()
	if err != nil {
		return nil, err
	}
	for _, base := range bases {
		if !b.includes(shardPrefix + base) {
			continue
		}
		name := path.Join(b.bucket, base, "all.zip")
		archive, err := b.openArchive(name)
		if errors.Is(err, fs.ErrNotExist) {
			b.missing = append(b.missing, name)
			continue
		}
		if err != nil {
			return archives, err
		}
		archive.base = base
		archives = append(archives, archive)
		b.total += archive.Len()
	}
	if len(archives) == 0 {
		return nil, errors.New("no ecosystem that ecosystems.txt names has an all.zip; fetch OSV's bucket again")
	}
	slices.SortStableFunc(archives, func(x, y openArchive) int { return cmp.Compare(y.size, x.size) })
	return archives, nil
}

// readEcosystems finds the copy of the bucket.
func (b *builder) readEcosystems() ([]string, error) {
	for _, b.bucket = range []string{"osv", "."} {
		file, err := b.files.Open(path.Join(b.bucket, "ecosystems.txt"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		names, err := osv.ReadEcosystems(file)
		if err = errors.Join(err, file.Close()); err != nil {
			return nil, err
		}
		slices.Sort(names)
		return slices.Compact(names), nil
	}
	return nil, errors.New("there is neither osv/ecosystems.txt nor ecosystems.txt; name a folder with a copy of OSV's bucket")
}

func (b *builder) openArchive(name string) (_ openArchive, err error) {
	file, err := b.files.Open(name)
	if err != nil {
		return openArchive{}, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return openArchive{}, err
	}
	random, ok := file.(io.ReaderAt)
	if !ok {
		return openArchive{}, fmt.Errorf("%s cannot be read at random; name a folder on a disk", name)
	}
	archive, err := osv.NewArchive(random, info.Size(), name, osv.DefaultLimits())
	return openArchive{Archive: archive, file: file, size: info.Size()}, err
}

func (b *builder) includes(shard string) bool {
	return b.options.Include == nil || b.options.Include(shard)
}

// buildAdvisories builds the shards of advisories, as many at a time as there are processors.
func (b *builder) buildAdvisories(ctx context.Context, archives []openArchive) ([]builtShard, error) {
	if b.options.OnlyKnownEPSS {
		b.known = map[advisory.CVE]bool{}
	}
	shards := make([]builtShard, len(archives))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range archives {
		group.Go(func() (err error) {
			shards[i], err = b.buildEcosystem(ctx, archives[i])
			return err
		})
	}
	return shards, group.Wait()
}

func (b *builder) buildEcosystem(ctx context.Context, archive openArchive) (builtShard, error) {
	a := newAssembler(archive.base)
	for record, err := range archive.Records(ctx) {
		if err != nil {
			return builtShard{}, err
		}
		a.add(record)
		b.progress()
	}
	data, err := a.assemble()
	if err != nil {
		return builtShard{}, fmt.Errorf("making %s%s: %w", shardPrefix, archive.base, err)
	}
	b.noteCVEs(a.records)
	source := b.source(shardPrefix + archive.base)
	source.Records = a.count.Records
	source.Newest, source.FutureDated = a.newest(b.options.AsOf)
	return finish(advisories, source, data, a.count), nil
}

func (b *builder) progress() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done++
	const step = 256
	if b.options.Progress != nil && (b.done%step == 0 || b.done == b.total) {
		b.options.Progress(b.done, b.total)
	}
}

func (b *builder) noteCVEs(records []*compiledRecord) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil {
		return
	}
	for _, record := range records {
		for _, cve := range record.cves {
			b.known[cve] = true
		}
	}
}

// source returns what is known of a shard's source before it is read.
func (b *builder) source(name string) Source {
	info := b.options.Sources[name]
	s := Source{Name: name, AsOf: b.options.AsOf, Licence: info.Licence, Attribution: info.Attribution}
	if !info.AsOf.IsZero() {
		s.AsOf = info.AsOf
	}
	return s
}

func finish(kind shardKind, source Source, data []byte, stats ShardStats) builtShard {
	source.Size = int64(len(data))
	stats.Name, stats.Records, stats.FutureDated = source.Name, source.Records, source.FutureDated
	stats.Bytes = source.Size
	return builtShard{entry: entry{kind: kind, source: source}, data: data, stats: stats}
}

// joinShards puts the file together.
func joinShards(shards []builtShard) ([]byte, image.Digest) {
	entries := make([]entry, len(shards))
	parts := make([][]byte, 2, 2+2*len(shards)) // the header and the directory come first
	length := headerLength
	for i := range shards {
		sums := appendSums(nil, shards[i].data)
		entries[i] = shards[i].entry
		entries[i].sums = sha256.Sum256(sums)
		parts = append(parts, shards[i].data, sums)
		length += len(shards[i].data) + len(sums)
	}
	directory := appendDirectory(nil, entries)
	header := appendHeader(nil, directory, int64(length+len(directory)))
	parts[0], parts[1] = header, directory
	root := rootOf(header, directory)
	return slices.Concat(parts...), image.DigestFromSum(root)
}
