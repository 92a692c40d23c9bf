package db

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/advisory/feed/epss"
	"plimsoll.dev/plimsoll/advisory/feed/kev"
)

// The files beside the bucket.
const (
	epssFile = "epss/epss_scores-current.csv.gz"
	kevFile  = "kev/known_exploited_vulnerabilities.json"
)

// openFeed opens a file beside the bucket; nil if it is not wanted or not there.
func (b *builder) openFeed(shard, name string) (fs.File, error) {
	if !b.includes(shard) {
		return nil, nil
	}
	file, err := b.files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		b.missing = append(b.missing, name)
		return nil, nil
	}
	return file, err
}

func (b *builder) buildEPSS() (*builtShard, error) {
	file, err := b.openFeed(epssShard, epssFile)
	if err != nil || file == nil {
		return nil, err
	}
	scores, err := epss.Read(file, epssFile)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	var rows []cveRow
	for _, e := range scores.Entries {
		cve, _ := advisory.ParseCVE(e.CVE) // epss.Read has checked it
		if b.known != nil && !b.known[cve] {
			continue
		}
		unit := func(share float64) uint32 { return uint32(math.Round(share * epssUnit)) }
		rows = append(rows, cveRow{cve: cve, values: [2]uint32{unit(e.Score), unit(e.Percentile)}})
	}
	source := b.source(epssShard)
	source.Records, source.Newest, source.Version = len(rows), scores.Date, scores.Model
	return buildTable(epssScores, source, rows, epssColumns, epssFile)
}

func (b *builder) buildKEV() (*builtShard, error) {
	file, err := b.openFeed(kevShard, kevFile)
	if err != nil || file == nil {
		return nil, err
	}
	catalogue, err := kev.Read(file, kevFile)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	var rows []cveRow
	for _, e := range catalogue.Entries {
		cve, _ := advisory.ParseCVE(e.CVE) // kev.Read has checked it
		day := e.DateAdded.Unix() / secondsPerDay
		if day < 0 || day > math.MaxUint32 {
			return nil, fmt.Errorf("reading %s: %s was added in %d", kevFile, e.CVE, e.DateAdded.Year())
		}
		rows = append(rows, cveRow{cve: cve, values: [2]uint32{uint32(day)}})
	}
	source := b.source(kevShard)
	source.Records, source.Newest, source.Version = len(rows), catalogue.Released, catalogue.Version
	return buildTable(kevEntries, source, rows, kevColumns, kevFile)
}

// buildTable builds a shard that has one row for each CVE.
func buildTable(kind shardKind, source Source, rows []cveRow, columns int, name string) (*builtShard, error) {
	slices.SortStableFunc(rows, func(a, b cveRow) int { return a.cve.Compare(b.cve) })
	for i := 1; i < len(rows); i++ {
		if rows[i].cve == rows[i-1].cve {
			return nil, fmt.Errorf("reading %s: %s is there twice", name, rows[i].cve)
		}
	}
	built := finish(kind, source, appendCVETable(nil, rows, columns), ShardStats{})
	return &built, nil
}
