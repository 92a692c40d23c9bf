// Package kev reads CISA's catalogue of known exploited vulnerabilities in its JSON form
// (cisa.gov/known-exploited-vulnerabilities-catalog): which CVEs are in it, and since when.
//
// The file is not trusted: it is bounded, and an entry that is not of the form is an error that
// names it. Descriptions and due dates are not read.
package kev

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"plimsoll.dev/plimsoll/advisory"
)

// maxLength bounds the file. In 2026 it has 1.6 MB.
const maxLength = 256 << 20

// Catalogue is the file.
type Catalogue struct {
	Version  string    // such as 2026.08.07
	Released time.Time // zero if the file does not say
	// Entries are in the file's order.
	Entries []advisory.KEV
}

// Read reads the catalogue; name is what errors call it.
func Read(r io.Reader, name string) (Catalogue, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxLength+1))
	if err != nil {
		return Catalogue{}, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(text) > maxLength {
		return Catalogue{}, fmt.Errorf("reading %s: it is larger than %d bytes", name, maxLength)
	}
	catalogue, err := parse(text)
	if err != nil {
		return Catalogue{}, fmt.Errorf("reading %s: %w", name, err)
	}
	return catalogue, nil
}

func parse(text []byte) (Catalogue, error) {
	var file struct {
		Version         string    `json:"catalogVersion"`
		Released        time.Time `json:"dateReleased"`
		Vulnerabilities []struct {
			CVE   string `json:"cveID"`
			Added string `json:"dateAdded"`
		} `json:"vulnerabilities"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return Catalogue{}, fmt.Errorf("decoding: %w", err)
	}
	if file.Vulnerabilities == nil {
		return Catalogue{}, fmt.Errorf("it has no list of vulnerabilities; fetch it again")
	}
	if len(file.Version) > 100 {
		return Catalogue{}, fmt.Errorf("its version is longer than 100 characters")
	}
	catalogue := Catalogue{Version: file.Version, Released: file.Released.UTC()}
	for i, v := range file.Vulnerabilities {
		if _, ok := advisory.ParseCVE(v.CVE); !ok {
			return Catalogue{}, fmt.Errorf("vulnerabilities[%d]: %.40q is no CVE id", i, v.CVE)
		}
		added, err := time.Parse(time.DateOnly, v.Added)
		if err != nil {
			return Catalogue{}, fmt.Errorf("vulnerabilities[%d] (%s): date %.40q: want YYYY-MM-DD", i, v.CVE, v.Added)
		}
		catalogue.Entries = append(catalogue.Entries, advisory.KEV{CVE: v.CVE, DateAdded: added})
	}
	return catalogue, nil
}
