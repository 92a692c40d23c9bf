package osv

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/advisory"
)

// The schema's fields that are read.
type record struct {
	ID        string     `json:"id"`
	Modified  timestamp  `json:"modified"`
	Published timestamp  `json:"published"`
	Withdrawn timestamp  `json:"withdrawn"`
	Aliases   []string   `json:"aliases"`
	Upstream  []string   `json:"upstream"`
	Related   []string   `json:"related"`
	Summary   string     `json:"summary"`
	Severity  []severity `json:"severity"`
	Affected  []affected `json:"affected"`
	Database  specific   `json:"database_specific"`
}

type affected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Severity  []severity   `json:"severity"`
	Ranges    []eventRange `json:"ranges"`
	Versions  []string     `json:"versions"`
	Ecosystem specific     `json:"ecosystem_specific"`
}

type eventRange struct {
	Type   string  `json:"type"`
	Events []event `json:"events"`
}

type event struct {
	Introduced   string `json:"introduced"`
	Fixed        string `json:"fixed"`
	LastAffected string `json:"last_affected"`
	Limit        string `json:"limit"`
}

type severity struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

// specific is what publishers add in database_specific and ecosystem_specific. Its form is
// theirs: whatever is not of the form expected is as if it were absent.
type specific struct {
	Severity       string // GitHub, Bitnami
	Urgency        string // Debian
	UbuntuPriority string // Ubuntu
}

func (s *specific) UnmarshalJSON(text []byte) error {
	var fields struct {
		Severity       any `json:"severity"`
		Urgency        any `json:"urgency"`
		UbuntuPriority any `json:"ubuntu_priority"`
	}
	if json.Unmarshal(text, &fields) != nil {
		return nil
	}
	s.Severity, _ = fields.Severity.(string)
	s.Urgency, _ = fields.Urgency.(string)
	s.UbuntuPriority, _ = fields.UbuntuPriority.(string)
	return nil
}

// timestamp is RFC 3339 in UTC; null, the empty string and the year 1 are no time.
type timestamp struct{ time.Time }

func (t *timestamp) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil || s == "" {
		return err
	}
	parsed, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return fmt.Errorf("time %.40q: want RFC 3339", s)
	}
	t.Time = parsed.UTC()
	return nil
}

// What names and versions may be long. The longest in use have 100 and 80 characters.
const (
	maxIDLength   = 256
	maxNameLength = 4096
)

// Parse reads one record.
func Parse(text []byte) (advisory.Advisory, error) {
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		return advisory.Advisory{}, fmt.Errorf("decoding an OSV record: %w", err)
	}
	if !isID(r.ID) {
		return advisory.Advisory{}, fmt.Errorf("record id %.80q: want 1 to %d printable ASCII characters", r.ID, maxIDLength)
	}
	if r.Modified.IsZero() {
		return advisory.Advisory{}, fmt.Errorf("record %s has no time of modification", r.ID)
	}
	a := advisory.Advisory{
		ID: r.ID, Aliases: r.Aliases, Upstream: r.Upstream, Related: r.Related,
		Published: r.Published.Time, Modified: r.Modified.Time, Withdrawn: r.Withdrawn.Time,
		Ratings: ratingsOf(r.ID, r.Severity),
	}
	if rating, ok := wordRating(publisher(r.ID)+"/severity", r.Database.Severity); ok {
		a.Ratings = append(a.Ratings, rating)
	}
	for i := range r.Affected {
		one, ok, err := r.Affected[i].convert(r.ID)
		if err != nil {
			return advisory.Advisory{}, fmt.Errorf("record %s, affected[%d]: %w", r.ID, i, err)
		}
		if ok {
			a.Affected = append(a.Affected, one)
		}
	}
	if advisory.IsModular(a) {
		a.Streams = streams(r.Summary)
	}
	return a, nil
}

// isID tells whether s can be a record's id: it is printed, and used in keys.
func isID(s string) bool {
	if s == "" || len(s) > maxIDLength {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' })
}

// convert returns the affected package; false if the entry names none (it speaks of commits).
func (a *affected) convert(id string) (advisory.Affected, bool, error) {
	if a.Package.Ecosystem == "" && a.Package.Name == "" {
		return advisory.Affected{}, false, nil
	}
	if a.Package.Ecosystem == "" || a.Package.Name == "" {
		return advisory.Affected{}, false, errors.New("a package needs both ecosystem and name")
	}
	one := advisory.Affected{Ecosystem: a.Package.Ecosystem, Name: a.Package.Name, Versions: a.Versions}
	if err := checkLengths(append([]string{a.Package.Ecosystem, a.Package.Name}, a.Versions...)); err != nil {
		return advisory.Affected{}, false, err
	}
	for i := range a.Ranges {
		r, err := a.Ranges[i].convert()
		if err != nil {
			return advisory.Affected{}, false, fmt.Errorf("ranges[%d]: %w", i, err)
		}
		one.Ranges = append(one.Ranges, r)
	}
	one.Ratings, one.WontFix = a.ratings(id)
	return one, true, nil
}

func (r *eventRange) convert() (advisory.Range, error) {
	var converted advisory.Range
	switch r.Type {
	case "ECOSYSTEM":
		converted.Type = advisory.EcosystemRange
	case "SEMVER":
		converted.Type = advisory.SemverRange
	case "GIT":
		converted.Type = advisory.GitRange
	default:
		return advisory.Range{}, fmt.Errorf("range type %.40q: want ECOSYSTEM, SEMVER or GIT", r.Type)
	}
	// The schema wants one field in each event object. Older records have several: they are
	// taken as so many events.
	for _, e := range r.Events {
		for _, edge := range []advisory.Event{
			{Kind: advisory.Introduced, Version: e.Introduced}, {Kind: advisory.Fixed, Version: e.Fixed},
			{Kind: advisory.LastAffected, Version: e.LastAffected}, {Kind: advisory.Limit, Version: e.Limit},
		} {
			if edge.Version == "" {
				continue
			}
			if err := checkLengths([]string{edge.Version}); err != nil {
				return advisory.Range{}, err
			}
			converted.Events = append(converted.Events, edge)
		}
	}
	return converted, nil
}

func checkLengths(names []string) error {
	for _, name := range names {
		if len(name) > maxNameLength {
			return fmt.Errorf("%.40q… is longer than %d bytes", name, maxNameLength)
		}
	}
	return nil
}
