package db

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/ecosystem"
)

// assembler collects one ecosystem's records and makes a shard of them. The shard depends on
// the records alone, not on the order in which they come.
type assembler struct {
	base     string
	keys     map[ecosystem.Ordering]*keyring
	records  []*compiledRecord
	packages map[string]*compiledPackage
	names    map[string]int // of ecosystems with their releases; first a set, then the index
	ratings  map[string]int // by their stored form; first how often, then the index
	stored   map[string][]byte
	count    ShardStats
}

// compiledPackage is all that an ecosystem says of a package.
type compiledPackage struct {
	releases map[string][]compiledEntry
}

func newAssembler(base string) *assembler {
	return &assembler{
		base: base, keys: map[ecosystem.Ordering]*keyring{},
		packages: map[string]*compiledPackage{}, names: map[string]int{},
		ratings: map[string]int{}, stored: map[string][]byte{},
	}
}

// add takes in a record. Records stand in the archive of each ecosystem that they speak of;
// only what concerns this one is kept.
func (a *assembler) add(record advisory.Advisory) {
	compiled := compileRecord(record)
	a.records = append(a.records, compiled)
	a.count.Records++
	a.countRatings(record.Ratings)
	a.noteRatings(record.ID, record.Ratings)
	for i := range record.Affected {
		one := &record.Affected[i]
		if ecosystem.Base(one.Ecosystem) != a.base {
			continue
		}
		a.names[one.Ecosystem] = 0
		a.countRatings(one.Ratings)
		entry, refused := compileEntry(compiled, one, a.keyring(one.Ecosystem))
		a.count.UnparsableVersions += refused
		if !entry.matters() {
			continue
		}
		a.count.Entries++
		a.noteRatings(record.ID, one.Ratings)
		name := ecosystem.NormalName(one.Ecosystem, one.Name)
		p := a.packages[name]
		if p == nil {
			p = &compiledPackage{releases: map[string][]compiledEntry{}}
			a.packages[name] = p
		}
		p.releases[one.Ecosystem] = append(p.releases[one.Ecosystem], entry)
	}
	compiled.hoistRatings(record.Affected)
	a.noteRatings(record.ID, compiled.Ratings)
}

// keyring returns the keyring of a release: one for all, unless they have orderings of their own.
func (a *assembler) keyring(release string) *keyring {
	ordering := ecosystem.OrderingOf(release)
	if a.keys[ordering] == nil {
		a.keys[ordering] = newKeyring(ordering, keyPrefix(a.base, ordering))
	}
	return a.keys[ordering]
}

// hoistRatings gives a record without ratings the CVSS vectors of its packages, if all of them
// have the same ones: some publishers write them there alone, and other records of the CVE are
// looked up by record.
func (c *compiledRecord) hoistRatings(affected []advisory.Affected) {
	if len(c.Ratings) > 0 || len(affected) == 0 {
		return
	}
	first := affected[0].Ratings
	for i := range affected {
		if !slices.Equal(affected[i].Ratings, first) {
			return
		}
	}
	for _, rating := range first {
		if rating.Vector != "" {
			c.Ratings = append(c.Ratings, rating)
		}
	}
}

func (a *assembler) countRatings(ratings []advisory.Rating) {
	for _, rating := range ratings {
		if rating.Severity == advisory.SeverityUnknown {
			a.count.UnknownRatings++
		}
	}
}

// noteRatings counts the stored forms of ratings, so that frequent ones get short indexes.
func (a *assembler) noteRatings(id string, ratings []advisory.Rating) {
	for _, rating := range ratings {
		key, payload := storedRating(id, rating)
		a.ratings[key]++
		a.stored[key] = payload
	}
}

func storedRating(id string, rating advisory.Rating) (string, []byte) {
	source := rating.Source
	if source == id {
		source = ""
	}
	key := source + ratingSeparator + rating.Vector
	if rating.Vector == "" {
		key += ratingSeparator + rating.Severity.String() // words of one source differ by severity alone
	}
	return key, []byte{byte(rating.Score*10 + 0.5), byte(rating.Severity)}
}

// newest returns the date of the newest record that is not after today, and how many are. If
// today is not known, none is.
func (a *assembler) newest(today time.Time) (newest time.Time, future int) {
	for _, record := range a.records {
		switch {
		case !today.IsZero() && record.Modified.After(today):
			future++
		case record.Modified.After(newest):
			newest = record.Modified
		}
	}
	return newest.Truncate(time.Second), future
}

// assemble encodes the shard.
func (a *assembler) assemble() ([]byte, error) {
	slices.SortFunc(a.records, func(x, y *compiledRecord) int { return strings.Compare(x.ID, y.ID) })
	for i, record := range a.records {
		if i > 0 && a.records[i-1].ID == record.ID {
			return nil, fmt.Errorf("record %s is there twice", record.ID)
		}
		record.index = i
	}
	var parts [sections][]byte
	parts[ratingSection] = a.assembleRatings()
	parts[ecosystemSection] = a.assembleEcosystems()
	parts[recordSection] = a.assembleRecords()
	parts[cveSection] = a.assembleCVEs()
	a.assemblePackages(&parts)
	a.count.Packages = len(a.packages)
	return appendLayout(ecosystem.OrderingOf(a.base), parts)
}

func (a *assembler) assembleRatings() []byte {
	keys := slices.SortedFunc(maps.Keys(a.ratings), func(x, y string) int {
		return cmp.Or(cmp.Compare(a.ratings[y], a.ratings[x]), strings.Compare(x, y))
	})
	items := make([]item, len(keys))
	for i, key := range keys {
		items[i] = item{key: key, payload: a.stored[key]}
	}
	for i, key := range keys {
		a.ratings[key] = i
	}
	return appendList(nil, items, true)
}

func (a *assembler) appendRatings(dst []byte, id string, ratings []advisory.Rating) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(ratings)))
	for _, rating := range ratings {
		key, _ := storedRating(id, rating)
		dst = binary.AppendUvarint(dst, uint64(a.ratings[key]))
	}
	return dst
}

func (a *assembler) assembleEcosystems() []byte {
	names := slices.Sorted(maps.Keys(a.names))
	items := make([]item, len(names))
	for i, name := range names {
		a.names[name] = i
		items[i].key = name
	}
	return appendList(nil, items, false)
}

func (a *assembler) assembleRecords() []byte {
	items := make([]item, len(a.records))
	for i, record := range a.records {
		items[i] = item{key: record.ID, payload: a.appendRecord(nil, record)}
	}
	return appendList(nil, items, true)
}

func (a *assembler) appendRecord(dst []byte, record *compiledRecord) []byte {
	var flags uint64
	if record.erratum {
		flags |= recordErratum
	}
	if encodeTime(record.Published) != 0 {
		flags |= recordPublished
	}
	if encodeTime(record.Withdrawn) != 0 {
		flags |= recordWithdrawn
	}
	inID, ok := cveInID(record.ID)
	if ok && slices.Equal(record.cves, []advisory.CVE{inID}) {
		flags |= recordCVEInID
	}
	if len(record.Streams) > 0 {
		flags |= recordStreams
	}
	dst = binary.AppendUvarint(dst, flags)
	if flags&recordPublished != 0 {
		dst = binary.AppendVarint(dst, encodeTime(record.Published))
	}
	if flags&recordWithdrawn != 0 {
		dst = binary.AppendVarint(dst, encodeTime(record.Withdrawn))
	}
	if flags&recordCVEInID == 0 {
		dst = binary.AppendUvarint(dst, uint64(len(record.cves)))
		for _, cve := range record.cves {
			dst = binary.AppendUvarint(dst, uint64(cve.Year))
			dst = binary.AppendUvarint(dst, uint64(cve.Number))
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(record.aliases)))
	for _, alias := range record.aliases {
		dst = appendString(dst, alias)
	}
	if flags&recordStreams != 0 {
		dst = binary.AppendUvarint(dst, uint64(len(record.Streams)))
		for _, stream := range record.Streams {
			dst = appendString(dst, stream)
		}
	}
	return a.appendRatings(dst, record.ID, record.Ratings)
}

// assembleCVEs lists the records to be asked what they say of a CVE: those that rate it. An
// erratum for many CVEs rates none of them in particular.
func (a *assembler) assembleCVEs() []byte {
	var rows []cveRow
	for _, record := range a.records {
		if len(record.Ratings) == 0 || len(record.cves) != 1 {
			continue
		}
		rows = append(rows, cveRow{cve: record.cves[0], values: [2]uint32{uint32(record.index)}})
	}
	return appendCVETable(nil, rows, 1)
}
