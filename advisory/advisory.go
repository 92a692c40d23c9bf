// Package advisory is what the world says about vulnerabilities, in the words of the OSV schema
// (ossf.github.io/osv-schema, 1.7): Advisory, Affected, Range, Event.
//
// It holds facts only: identifiers, names, ranges, ratings and dates; no prose. Package feed and
// its folders read upstream formats into these types, package db compiles them.
package advisory

import "time"

// Advisory is one record of one source.
type Advisory struct {
	ID string
	// Aliases name the same vulnerability elsewhere; Upstream are those that this record's
	// fix or copy derives from; Related are merely near, except in erratum ecosystems.
	Aliases, Upstream, Related     []string
	Published, Modified, Withdrawn time.Time // zero if absent
	Ratings                        []Rating  // of the record as a whole
	// Streams are the module streams that the record speaks of, such as nodejs:18; only for a
	// record whose fixes are packages of modules (rpm), and empty if it does not name them.
	Streams  []string
	Affected []Affected
}

// Affected is one package that a record speaks of.
type Affected struct {
	// Ecosystem is OSV's name with its release, such as Debian:12.
	Ecosystem, Name string
	Ranges          []Range
	// Versions lists affected versions one by one; a version is affected if a range holds it
	// or it stands here.
	Versions []string
	// Ratings apply to this package only: a distribution's urgency, a per-package CVSS.
	Ratings []Rating
	// WontFix tells that the publisher will not mend this package: its support has ended.
	WontFix bool
}

// RangeType says how a range's versions are ordered.
type RangeType uint8

// The range types of OSV. Git ranges speak of commits and never match a package version.
const (
	EcosystemRange RangeType = iota + 1
	SemverRange
	GitRange
)

// Range is a set of versions as events; the events are in no particular order.
type Range struct {
	Type   RangeType
	Events []Event
}

// EventKind is what happens at an event's version.
type EventKind uint8

// The kinds of event.
const (
	Introduced   EventKind = iota + 1 // affected from here on; "0" is before every version
	Fixed                             // not affected from here on
	LastAffected                      // not affected after this version
	Limit                             // ranges end here; "*" is no limit
)

// Event is one edge of a range.
type Event struct {
	Kind    EventKind
	Version string
}

// Rating is one source's word on how bad a vulnerability is.
type Rating struct {
	// Source names who says so: a record's id for its CVSS, or debian/urgency,
	// ubuntu/priority, ghsa/severity and the like for a word.
	Source   string   `json:"source"`
	Score    float64  `json:"score,omitzero"` // CVSS base score, 0 to 10
	Vector   string   `json:"vector,omitempty"`
	Severity Severity `json:"severity"`
}

// KEV is an entry of CISA's catalogue of known exploited vulnerabilities.
type KEV struct {
	CVE       string
	DateAdded time.Time
}

// EPSS is the Exploit Prediction Scoring System's estimate for a CVE, each from 0 to 1.
type EPSS struct {
	CVE               string
	Score, Percentile float64
}
