// Package epss reads the daily file of the Exploit Prediction Scoring System
// (first.org/epss/data_stats): gzip, a comment with model version and date, a header, then one
// line "CVE-2024-0001,0.00042,0.11043" for each CVE.
//
// The file is not trusted: it is bounded, and a line that is not of this form is an error that
// names it.
package epss

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/advisory"
)

// maxInflated bounds the inflated file. In 2026 it has 10 MiB.
const maxInflated = 1 << 30

// Scores is one day's file.
type Scores struct {
	Model string    // such as v2026.06.15; empty if the file does not say
	Date  time.Time // of the scores; zero if the file does not say
	// Entries are in the file's order.
	Entries []advisory.EPSS
}

// Read reads a compressed file; name is what errors call it.
func Read(r io.Reader, name string) (Scores, error) {
	return read(r, name, maxInflated)
}

func read(r io.Reader, name string, limit int64) (Scores, error) {
	inflated, err := gzip.NewReader(r)
	if err != nil {
		return Scores{}, fmt.Errorf("reading %s: %w; fetch it again", name, err)
	}
	bounded := &io.LimitedReader{R: inflated, N: limit + 1}
	var scores Scores
	lines := bufio.NewScanner(bounded)
	header := false
	for number := 1; lines.Scan(); number++ {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "#"):
			err = scores.readComment(line)
		case !header:
			header = true
			if line != "cve,epss,percentile" {
				err = errors.New("want the columns cve,epss,percentile")
			}
		default:
			err = scores.readEntry(line)
		}
		if bounded.N <= 0 {
			return Scores{}, fmt.Errorf("reading %s: it inflates to more than %d bytes", name, limit)
		}
		if err != nil {
			return Scores{}, fmt.Errorf("reading %s, line %d: %w", name, number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return Scores{}, fmt.Errorf("reading %s: %w; fetch it again", name, err)
	}
	if !header {
		return Scores{}, fmt.Errorf("reading %s: it is empty; fetch it again", name)
	}
	return scores, nil
}

// readComment reads "#model_version:v2026.06.15,score_date:2026-08-16T00:00:00Z".
func (s *Scores) readComment(line string) error {
	for field := range strings.SplitSeq(strings.TrimPrefix(line, "#"), ",") {
		key, value, _ := strings.Cut(field, ":")
		switch key {
		case "model_version":
			if len(value) > 100 {
				return errors.New("the model's version is longer than 100 characters")
			}
			s.Model = value
		case "score_date":
			date, err := parseDate(value)
			if err != nil {
				return err
			}
			s.Date = date
		}
	}
	return nil
}

// parseDate reads RFC 3339, also with a zone written +0000, as in files of before 2026.
func parseDate(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700"} {
		if date, err := time.Parse(layout, s); err == nil {
			return date.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("score date %.40q: want RFC 3339", s)
}

func (s *Scores) readEntry(line string) error {
	cve, rest, _ := strings.Cut(line, ",")
	score, percentile, _ := strings.Cut(rest, ",")
	if _, ok := advisory.ParseCVE(cve); !ok {
		return fmt.Errorf("%.40q is no CVE id", cve)
	}
	entry := advisory.EPSS{CVE: strings.Clone(cve)}
	var err error
	if entry.Score, err = parseShare(score); err != nil {
		return err
	}
	if entry.Percentile, err = parseShare(percentile); err != nil {
		return err
	}
	s.Entries = append(s.Entries, entry)
	return nil
}

// parseShare reads a number from 0 to 1.
func parseShare(s string) (float64, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= 0 && f <= 1) {
		return 0, fmt.Errorf("%.40q is not a number from 0 to 1", s)
	}
	return f, nil
}
