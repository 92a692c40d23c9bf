package db

import (
	"crypto/sha256"
	"encoding/binary"
	"runtime"
	"slices"
	"testing"
)

// FuzzOpen: whatever the bytes are, opening and asking neither panics nor allocates much more than
// the file is long; and a file that differs from what was built answers with what the original
// holds until it answers with an error.
func FuzzOpen(f *testing.F) {
	original, _ := sample().build(f, Options{})
	want, err := everything(openTest(f, original))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(original)
	f.Add(original[:len(original)/2])
	f.Add(original[:headerLength])
	f.Add([]byte(magic))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, file []byte) {
		d, err := OpenBytes(file)
		if err != nil {
			return
		}
		found, err := everything(d)
		if err == nil && !slices.Equal(found, want) {
			t.Errorf("%d bytes with a true root were accepted and hold something else", len(file))
		}
	})
}

// FuzzForgedShard: a shard whose checksums are right and whose content is anything neither panics
// nor hangs nor allocates without bounds. So nothing hangs on the checksums but integrity.
func FuzzForgedShard(f *testing.F) {
	_, built := parts(f)
	for kind, data := range built {
		f.Add(uint8(kind), data, uint16(40), uint16(1))
		f.Add(uint8(kind), data[:len(data)/2], uint16(3), uint16(0xff))
	}
	f.Fuzz(func(t *testing.T, kind uint8, data []byte, at, value uint16) {
		data = slices.Clone(data)
		if len(data) > 0 {
			data[int(at)%len(data)] ^= byte(value)
		}
		d, err := OpenBytes(forge(shardKind(kind), data))
		if err != nil {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = everything(d)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20+1000*uint64(len(data)) {
			t.Errorf("%d bytes of data made %d bytes of garbage (%v)", len(data), used, err)
		}
	})
}

// parts returns the sample's shards by kind; of advisories the largest.
func parts(t testing.TB) (*DB, map[shardKind][]byte) {
	file, _ := sample().build(t, Options{})
	d := openTest(t, file)
	built := map[shardKind][]byte{}
	keep := func(s *shard) {
		data := file[s.offset : s.offset+int64(s.length)]
		if len(data) > len(built[s.entry.kind]) {
			built[s.entry.kind] = data
		}
	}
	for _, s := range d.shards {
		keep(s.shard)
	}
	keep(d.epss)
	keep(d.kev)
	return d, built
}

// forge makes a file of one shard with any content, as every kind of ecosystem that has another
// ordering.
func forge(kind shardKind, data []byte) []byte {
	var shards []builtShard
	switch kind {
	case epssScores:
		shards = []builtShard{finish(kind, Source{Name: epssShard}, data, ShardStats{})}
	case kevEntries:
		shards = []builtShard{finish(kind, Source{Name: kevShard}, data, ShardStats{})}
	default:
		for _, base := range []string{"Alpine", "Debian", "Go", "OSS-Fuzz"} {
			shards = append(shards, finish(advisories, Source{Name: shardPrefix + base}, data, ShardStats{}))
		}
	}
	file, _ := joinShards(shards)
	return file
}

// FuzzDirectory: a directory that is accepted is the one that its entries make, whatever the
// bytes, and the root says whether header and directory are those that were written.
func FuzzDirectory(f *testing.F) {
	f.Add(appendDirectory(nil, []entry{{kind: kevEntries, source: Source{Name: kevShard, Records: 7, Size: 100}}}))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, directory []byte) {
		entries, err := parseDirectory(directory)
		if err != nil {
			return
		}
		again, err := parseDirectory(appendDirectory(nil, entries))
		if err != nil || len(again) != len(entries) {
			t.Fatalf("%d entries, then %d: %v", len(entries), len(again), err)
		}
		header := appendHeader(nil, directory, headerLength)
		sum := sha256.Sum256(slices.Concat(header[:rootAt], directory))
		if binary.LittleEndian.Uint64(sum[:]) != binary.LittleEndian.Uint64(header[rootAt:]) {
			t.Error("the root is not that of header and directory")
		}
	})
}
