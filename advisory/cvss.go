package advisory

import (
	"fmt"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"
)

// maxVectorLength bounds a CVSS vector. The longest, version 4.0 with every metric given, has
// 180 characters.
const maxVectorLength = 256

// RateCVSS scores a CVSS vector of version 2.0, 3.0, 3.1 or 4.0 and returns the rating that
// source gives with it: the base score, for 4.0 the score of the metrics given.
//
// If the vector is malformed the rating is kept with an unknown severity, and the error says why;
// the vector is kept as long as it can be printed.
func RateCVSS(source, vector string) (Rating, error) {
	score, err := scoreCVSS(vector)
	if err != nil {
		if len(vector) > maxVectorLength || strings.ContainsFunc(vector, func(c rune) bool { return c < ' ' || c > '~' }) {
			return Rating{Source: source}, fmt.Errorf("CVSS vector %.80q: %w", vector, err)
		}
		return Rating{Source: source, Vector: vector}, fmt.Errorf("CVSS vector %.80q: %w", vector, err)
	}
	severity := SeverityOfScore(score)
	if severity == Critical && !strings.HasPrefix(vector, "CVSS:") {
		severity = High // version 2 has no "critical" (nvd.nist.gov/vuln-metrics/cvss)
	}
	return Rating{Source: source, Score: score, Vector: vector, Severity: severity}, nil
}

func scoreCVSS(vector string) (float64, error) {
	if len(vector) > maxVectorLength {
		return 0, fmt.Errorf("longer than %d characters", maxVectorLength)
	}
	switch {
	case strings.HasPrefix(vector, "CVSS:4.0/"):
		v, err := gocvss40.ParseVector(vector)
		if err != nil {
			return 0, err
		}
		return v.Score(), nil
	case strings.HasPrefix(vector, "CVSS:3.1/"):
		v, err := gocvss31.ParseVector(vector)
		if err != nil {
			return 0, err
		}
		return v.BaseScore(), nil
	case strings.HasPrefix(vector, "CVSS:3.0/"):
		v, err := gocvss30.ParseVector(vector)
		if err != nil {
			return 0, err
		}
		return v.BaseScore(), nil
	default:
		v, err := gocvss20.ParseVector(vector)
		if err != nil {
			return 0, err
		}
		return v.BaseScore(), nil
	}
}

// SeverityOfWord reads a severity as publishers write it: in any case, with the synonyms of
// GitHub (moderate), Debian (unimportant) and Red Hat (important).
func SeverityOfWord(word string) (Severity, bool) {
	switch strings.ToLower(word) {
	case "critical":
		return Critical, true
	case "high", "important":
		return High, true
	case "medium", "moderate":
		return Medium, true
	case "low":
		return Low, true
	case "negligible", "unimportant", "none":
		return Negligible, true
	default:
		return SeverityUnknown, false
	}
}
