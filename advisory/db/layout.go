package db

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/ecosystem"
)

// The data of a shard of advisories: the ordering of its versions, the lengths of its sections,
// then the sections.
//
// A package stands once, with the versions that its records name, in the ecosystem's order and
// as pre-encoded keys; the ranges of all its releases refer to a version by its rank. So a query
// is compared with the keys of its package once, and with each range as whole numbers.
type sectionKind int

const (
	// ecosystemSection is a list of the names with their releases, such as Debian:12.
	ecosystemSection sectionKind = iota
	// packageSection is a list of names; the payload is uvarint offset and length of a body.
	packageSection
	// bodySection holds what is looked up, package by package:
	//	uvarint versions that have keys, uvarint versions that have none
	//	uvarint offset of their texts in textSection
	//	uvarint length, keys: uvarint shared, uvarint length, the rest
	//	uvarint releases; for each: uvarint ecosystem, uvarint entries, uvarint length, entries
	// An entry is uvarint distance of its record from the one before, uvarint length, and see
	// affectedBits.
	bodySection
	// textSection holds two lists for each package, next to each other: the versions that have
	// keys, by rank, and those that have none, sorted. Ranks go on from one to the other.
	textSection
	// recordSection is a list of ids; the payload is a record, see recordBits.
	recordSection
	// ratingSection is a list of source, NUL and vector, or source, NUL, NUL and severity; the
	// payload is the score in tenths and the severity, a byte each. An empty source is the
	// record's id.
	ratingSection
	// cveSection is a CVE table of the records that rate a CVE.
	cveSection
	sections
)

// affectedBits say what is in an entry, after the count of its intervals (times
// affectedIntervalUnit):
//
//	intervals: uvarint rank of the lower end plus 1, or 0; uvarint rank of the upper end times 4
//	           plus upperKind, or 0
//	listed:    uvarint runs; for each: uvarint gap, uvarint length of ranks that are listed
//	unordered: uvarint ranges; for each: uvarint events; for each: rank times 4 plus kind less 1
//	rated:     uvarint ratings; for each: uvarint index in ratingSection
const (
	affectedWontFix uint64 = 1 << iota
	affectedRated
	affectedListed
	affectedUnordered
	affectedIntervalUnit
)

// recordBits say what is in a record:
//
//	published, withdrawn: varint Unix time
//	unless the CVE is the one in the id: uvarint CVEs; for each: uvarint year, uvarint number
//	uvarint aliases; for each: string
//	if it has streams: uvarint streams; for each: string
//	uvarint ratings; for each: uvarint index in ratingSection
const (
	recordErratum uint64 = 1 << iota
	recordPublished
	recordWithdrawn
	recordCVEInID
	recordStreams
)

// advisoryShard is a shard of advisories that is being read.
type advisoryShard struct {
	*shard
	base string // the ecosystem's name without a release

	open       sync.Once
	failed     error
	span       [sections]struct{ start, end int }
	ordering   ecosystem.Ordering
	ecosystems []string
	packages   list
	records    list
	ratings    func() ([]advisory.Rating, error) // those of ratingSection, read on the first call
}

// prepare reads where things are, once.
func (s *advisoryShard) prepare() error {
	s.open.Do(func() {
		if err := s.readLayout(); err != nil {
			s.failed = fmt.Errorf("reading %s: %w", s.entry.source.Name, err)
		}
	})
	return s.failed
}

func (s *advisoryShard) readLayout() error {
	r := s.shard.reader(0, s.length)
	ordering := ecosystem.Ordering(r.count(255))
	at := 1 + 4*int(sections)
	for i := range s.span {
		length := int(r.uint32())
		if at > s.length-length {
			r.fail(ErrCorrupt)
		}
		s.span[i].start, s.span[i].end = at, at+length
		at += length
	}
	if r.err != nil {
		return r.err
	}
	if ordering != ecosystem.OrderingOf(s.base) {
		return fmt.Errorf("versions are ordered as %s: %w", ordering, ErrVersion)
	}
	s.ordering = ordering
	var names list
	for _, l := range []struct {
		list     *list
		kind     sectionKind
		payloads bool
	}{{&names, ecosystemSection, false}, {&s.packages, packageSection, true}, {&s.records, recordSection, true}} {
		part := s.section(l.kind)
		if *l.list = readList(&part, l.payloads); part.err != nil {
			return part.err
		}
	}
	s.ratings = sync.OnceValues(s.readKnownRatings)
	var part reader
	for name := range names.all(&part) {
		if n := len(s.ecosystems); n > 0 && name <= s.ecosystems[n-1] {
			return ErrCorrupt
		}
		s.ecosystems = append(s.ecosystems, name)
	}
	return part.err
}

// section returns a reader of a section.
func (s *advisoryShard) section(kind sectionKind) reader {
	return s.shard.reader(s.span[kind].start, s.span[kind].end)
}

// within returns a reader of a part of a section.
func (s *advisoryShard) within(kind sectionKind, offset, length int) reader {
	start, end := s.span[kind].start, s.span[kind].end
	if offset < 0 || length < 0 || offset > end-start || length > end-start-offset {
		return reader{err: ErrCorrupt}
	}
	return s.shard.reader(start+offset, start+offset+length)
}

// ecosystemIndex returns the index of a name with its release, -1 if the shard has none.
func (s *advisoryShard) ecosystemIndex(name string) int {
	i, found := slices.BinarySearch(s.ecosystems, name)
	if !found {
		return -1
	}
	return i
}

// appendLayout puts sections together.
func appendLayout(ordering ecosystem.Ordering, parts [sections][]byte) ([]byte, error) {
	data := []byte{byte(ordering)}
	total := 1 + 4*int(sections)
	for _, part := range parts {
		total += len(part)
		data = binary.LittleEndian.AppendUint32(data, uint32(len(part)))
	}
	if total > maxShardLength {
		return nil, fmt.Errorf("it has %d bytes, and a shard can have %d", total, maxShardLength)
	}
	return append(data, slices.Concat(parts[:]...)...), nil
}
