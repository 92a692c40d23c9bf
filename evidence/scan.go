package evidence

import (
	"cmp"
	"fmt"
	"strconv"

	"plimsoll.dev/plimsoll/finding"
)

// Vulnerabilities is the in-toto predicate vulns v0.2: what a scanner found, with which data.
type Vulnerabilities struct {
	Scanner  Scanner  `json:"scanner"`
	Metadata ScanTime `json:"metadata"`
}

// Scanner is who looked, in what, and the result.
type Scanner struct {
	URI     string          `json:"uri"`
	Version string          `json:"version,omitempty"`
	DB      ScannerDB       `json:"db"`
	Result  []Vulnerability `json:"result"`
}

// ScannerDB is the advisory database that a scanner used.
type ScannerDB struct {
	URI        string `json:"uri,omitempty"`
	Version    string `json:"version,omitempty"`
	LastUpdate string `json:"lastUpdate,omitempty"` // RFC 3339
}

// Vulnerability is one of a scan's results.
type Vulnerability struct {
	ID          string              `json:"id"`
	Severity    []SeverityScore     `json:"severity,omitempty"`
	Annotations []map[string]string `json:"annotations,omitempty"`
}

// SeverityScore is a severity by one method.
type SeverityScore struct {
	Method string `json:"method"`
	Score  string `json:"score"`
}

// ScanTime says when the scan ran; both RFC 3339.
type ScanTime struct {
	ScanStartedOn  string `json:"scanStartedOn"`
	ScanFinishedOn string `json:"scanFinishedOn"`
}

// VulnerabilitiesOf states the vulnerabilities among findings, in their order. What is not
// affected, or waived, is there with its status: who reads it has another policy.
func VulnerabilitiesOf(findings []finding.Finding, scanner Scanner, when ScanTime) Vulnerabilities {
	scanner.Result = []Vulnerability{} // an empty list says that nothing was found
	for i := range findings {
		f := &findings[i]
		if f.Kind != finding.Vulnerability {
			continue
		}
		row := Vulnerability{ID: f.ID, Severity: []SeverityScore{{Method: cmp.Or(f.SeveritySource, "plimsoll"), Score: f.Severity.String()}}}
		for _, rating := range f.Ratings {
			if rating.Score > 0 {
				row.Severity = append(row.Severity, SeverityScore{Method: rating.Source, Score: strconv.FormatFloat(rating.Score, 'f', 1, 64)})
			}
		}
		about := map[string]string{"package": f.Package}
		if f.Status != "" {
			about["status"] = string(f.Status)
		}
		row.Annotations = []map[string]string{about}
		scanner.Result = append(scanner.Result, row)
	}
	return Vulnerabilities{Scanner: scanner, Metadata: when}
}

// check refuses a predicate that says less than the specification asks for.
func (v Vulnerabilities) check() error {
	for name, value := range map[string]string{
		"scanner.uri": v.Scanner.URI, "scanner.db.lastUpdate": v.Scanner.DB.LastUpdate,
		"metadata.scanStartedOn": v.Metadata.ScanStartedOn, "metadata.scanFinishedOn": v.Metadata.ScanFinishedOn,
	} {
		if value == "" {
			return fmt.Errorf("the predicate vulns v0.2 needs %s", name)
		}
	}
	return nil
}

// Statement says it of subjects.
func (v Vulnerabilities) Statement(subjects ...Subject) (Statement, error) {
	if err := v.check(); err != nil {
		return Statement{}, err
	}
	return NewStatement(VulnsType, v, subjects...)
}
