package db

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/advisory"
)

// Record is one advisory, without what it says of packages.
type Record struct {
	Shard string // the source, such as osv/Debian
	ID    string
	// CVEs are all that it speaks of, sorted. Aliases are its other names, CVEs left out.
	CVEs, Aliases []string
	// Streams are the module streams that its fixes belong to, sorted; empty if it names none.
	Streams []string
	// Published and Withdrawn are zero if absent. A withdrawn record no longer counts.
	Published, Withdrawn time.Time
	// Erratum tells that the record announces a fix (DSA-, USN-, RHSA-, ...): its publication
	// is when the fix was known.
	Erratum bool
	Ratings []advisory.Rating
}

// record decodes a record.
func (s *advisoryShard) record(index int) (Record, error) {
	var buffer [64]byte
	id, r, err := s.records.at(index, buffer[:0])
	if err != nil {
		return Record{}, err
	}
	record := Record{Shard: s.entry.source.Name, ID: string(id)}
	flags := r.uvarint()
	record.Erratum = flags&recordErratum != 0
	if flags&recordPublished != 0 {
		record.Published = decodeTime(r.varint())
	}
	if flags&recordWithdrawn != 0 {
		record.Withdrawn = decodeTime(r.varint())
	}
	if flags&recordCVEInID != 0 {
		i := strings.Index(record.ID, cvePrefix)
		if i < 0 {
			return Record{}, ErrCorrupt
		}
		record.CVEs = []string{record.ID[i:]}
	} else {
		for range r.count(r.left()) {
			year, number := r.count(math.MaxUint16), r.uvarint()
			if r.err != nil || number > math.MaxUint32 {
				return Record{}, cmp.Or(r.err, ErrCorrupt)
			}
			record.CVEs = append(record.CVEs, advisory.CVE{Year: uint16(year), Number: uint32(number)}.String())
		}
	}
	for range r.count(r.left()) {
		if r.err == nil {
			record.Aliases = append(record.Aliases, r.string())
		}
	}
	if flags&recordStreams != 0 {
		for range r.count(r.left()) {
			if r.err == nil {
				record.Streams = append(record.Streams, r.string())
			}
		}
	}
	record.Ratings, err = s.readRatings(&r, func() (string, error) { return record.ID, nil })
	return record, err
}

const cvePrefix = "CVE-"

// recordID returns the id alone.
func (s *advisoryShard) recordID(index int) (string, error) {
	id, _, err := s.records.at(index, nil)
	return string(id), err
}

// cveInID returns the CVE at the end of an id such as DEBIAN-CVE-2024-3094.
func cveInID(id string) (advisory.CVE, bool) {
	i := strings.Index(id, cvePrefix)
	if i < 0 {
		return advisory.CVE{}, false
	}
	return advisory.ParseCVE(id[i:])
}

// readRatings reads a list of ratings; id returns that of their record.
func (s *advisoryShard) readRatings(r *reader, id func() (string, error)) ([]advisory.Rating, error) {
	count := r.count(r.left())
	if count == 0 || r.err != nil {
		return nil, r.err
	}
	known, err := s.ratings()
	if err != nil {
		return nil, err
	}
	ratings := make([]advisory.Rating, 0, count)
	for range count {
		index := r.count(len(known) - 1)
		if r.err != nil {
			return nil, r.err
		}
		rating := known[index]
		if rating.Source == "" {
			if rating.Source, err = id(); err != nil {
				return nil, err
			}
		}
		ratings = append(ratings, rating)
	}
	return ratings, nil
}

// readKnownRatings reads ratingSection whole: it is small, since many records say the same. A
// source that is the record's id is left empty.
func (s *advisoryShard) readKnownRatings() ([]advisory.Rating, error) {
	r := s.section(ratingSection)
	stored := readList(&r, true)
	var ratings []advisory.Rating
	for key, payload := range stored.all(&r) {
		source, rest, _ := strings.Cut(key, ratingSeparator)
		vector, _, _ := strings.Cut(rest, ratingSeparator)
		ratings = append(ratings, advisory.Rating{
			Source: source, Vector: vector,
			Score:    float64(payload.count(maxTenths)) / 10,
			Severity: advisory.Severity(payload.count(int(advisory.Critical))),
		})
		if payload.err != nil {
			return nil, payload.err
		}
	}
	return ratings, r.err
}

const (
	// ratingSeparator stands between source and vector; ids and sources are printable.
	ratingSeparator = "\x00"
	maxTenths       = 100
)

// RatingsOf returns what the records of a CVE say of it, whatever their ecosystem, sorted by
// source and without repetitions.
func (d *DB) RatingsOf(cve string) ([]advisory.Rating, error) {
	number, ok := advisory.ParseCVE(cve)
	if !ok {
		return nil, nil
	}
	var ratings []advisory.Rating
	for _, s := range d.shards {
		found, err := s.ratingsOf(number)
		if err != nil {
			return nil, fmt.Errorf("reading the ratings of %s in %s: %w", cve, s.entry.source.Name, err)
		}
		ratings = append(ratings, found...)
	}
	return advisory.SortRatings(ratings), nil
}

func (s *advisoryShard) ratingsOf(cve advisory.CVE) ([]advisory.Rating, error) {
	if err := s.prepare(); err != nil {
		return nil, err
	}
	span := s.span[cveSection]
	table := cveTable{shard: s.shard, start: span.start, end: span.end, columns: 1}
	var few [8]uint32
	indexes, err := table.find(few[:0], cve)
	if err != nil {
		return nil, err
	}
	var ratings []advisory.Rating
	for _, index := range indexes {
		record, err := s.record(int(index))
		if err != nil {
			return nil, err
		}
		if record.Withdrawn.IsZero() {
			ratings = append(ratings, record.Ratings...)
		}
	}
	return ratings, nil
}

// EPSS returns the score of a CVE; false if it has none.
func (d *DB) EPSS(cve string) (advisory.EPSS, bool, error) {
	values, err := lookUpCVE(d.epss, cve, epssColumns)
	if err != nil || values == nil {
		return advisory.EPSS{}, false, err
	}
	return advisory.EPSS{CVE: cve, Score: float64(values[0]) / epssUnit, Percentile: float64(values[1]) / epssUnit}, true, nil
}

// KEV returns the entry of a CVE in CISA's catalogue; false if it has none.
func (d *DB) KEV(cve string) (advisory.KEV, bool, error) {
	values, err := lookUpCVE(d.kev, cve, kevColumns)
	if err != nil || values == nil {
		return advisory.KEV{}, false, err
	}
	return advisory.KEV{CVE: cve, DateAdded: time.Unix(int64(values[0])*secondsPerDay, 0).UTC()}, true, nil
}

// The tables of EPSS (score, percentile; EPSS publishes five decimals) and KEV (day since 1970).
const (
	epssColumns   = 2
	epssUnit      = 1e5
	kevColumns    = 1
	secondsPerDay = 24 * 60 * 60
)

// lookUpCVE returns the values of a CVE in a shard that is one table; nil if there are none.
func lookUpCVE(s *shard, cve string, columns int) ([]uint32, error) {
	number, ok := advisory.ParseCVE(cve)
	if !ok || s == nil {
		return nil, nil
	}
	table := cveTable{shard: s, start: 0, end: s.length, columns: columns}
	values, err := table.find(nil, number)
	if err != nil {
		return nil, fmt.Errorf("looking up %s in %s: %w", cve, s.entry.source.Name, err)
	}
	if len(values) < columns {
		return nil, nil
	}
	return values[:columns], nil
}
