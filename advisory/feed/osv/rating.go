package osv

import (
	"strings"

	"plimsoll.dev/plimsoll/advisory"
)

// ratingsOf converts severity entries. A vector that cannot be scored is kept as unknown, so
// that it can be counted; a severity type that is not known is left out, as unknown fields are.
func ratingsOf(id string, entries []severity) []advisory.Rating {
	var ratings []advisory.Rating
	for _, s := range entries {
		switch s.Type {
		case "CVSS_V2", "CVSS_V3", "CVSS_V4":
			// An error leaves the severity unknown, and that is what it means.
			rating, _ := advisory.RateCVSS(id, s.Score)
			ratings = append(ratings, rating)
		case "Ubuntu":
			if rating, ok := wordRating("ubuntu/priority", s.Score); ok {
				ratings = append(ratings, rating)
			}
		}
	}
	return ratings
}

// ratings returns what is said of one package alone, and whether its publisher gave it up.
func (a *affected) ratings(id string) (ratings []advisory.Rating, wontFix bool) {
	ratings = ratingsOf(id, a.Severity)
	if rating, ok := wordRating("ubuntu/priority", a.Ecosystem.UbuntuPriority); ok {
		ratings = append(ratings, rating)
	}
	// Debian's urgencies: security-tracker.debian.org/tracker/data/report. "not yet assigned"
	// is no rating, and "end-of-life" says that there will be no fix.
	if rating, ok := wordRating("debian/urgency", a.Ecosystem.Urgency); ok {
		ratings = append(ratings, rating)
	}
	return ratings, a.Ecosystem.Urgency == "end-of-life"
}

// wordRating is a severity given as a word. Words that rate nothing (untriaged) are no rating.
func wordRating(source, word string) (advisory.Rating, bool) {
	severity, ok := advisory.SeverityOfWord(word)
	return advisory.Rating{Source: source, Severity: severity}, ok
}

// publisher is the prefix of a record's id in lower case: ghsa, go, pysec.
func publisher(id string) string {
	prefix, _, _ := strings.Cut(id, "-")
	if prefix == "BIT" {
		return "bitnami"
	}
	return strings.ToLower(prefix)
}
