package advisory

import (
	"fmt"
	"slices"
)

// Severity is how bad a vulnerability is. The zero Severity is SeverityUnknown.
type Severity uint8

// The severities, mildest first. Unknown is no severity at all: it is never compared as the
// mildest.
const (
	SeverityUnknown Severity = iota
	Negligible
	Low
	Medium
	High
	Critical
)

func severityNames() []string {
	return []string{"unknown", "negligible", "low", "medium", "high", "critical"}
}

// ParseSeverity reads a severity's name.
func ParseSeverity(s string) (Severity, error) {
	i := slices.Index(severityNames(), s)
	if i < 0 {
		return 0, fmt.Errorf("severity %.40q: want critical, high, medium, low, negligible or unknown", s)
	}
	return Severity(i), nil
}

// SeverityOfScore returns the rating of a CVSS base score (CVSS v3.1 specification, table 14;
// v4.0 has the same bounds). A score of 0 is CVSS's "None", here Negligible.
func SeverityOfScore(score float64) Severity {
	switch {
	case score >= 9:
		return Critical
	case score >= 7:
		return High
	case score >= 4:
		return Medium
	case score > 0:
		return Low
	default:
		return Negligible
	}
}

func (s Severity) String() string {
	names := severityNames()
	if int(s) >= len(names) {
		return names[SeverityUnknown]
	}
	return names[s]
}

// MarshalText implements encoding.TextMarshaler.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Severity) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSeverity(string(text))
	return err
}
