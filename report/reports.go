package report

import "plimsoll.dev/plimsoll/verdict"

// ReportsSchema names the JSON form of Reports.
const ReportsSchema = "plimsoll.dev/reports/v1"

// Reports are those on every platform's image that one name stands for.
type Reports struct {
	Schema  string   `json:"schema"` // plimsoll.dev/reports/v1
	Reports []Report `json:"reports"`
	// Missed are the platforms that the index lists and the medium does not have.
	Missed []Missed `json:"missed,omitempty"`
	// Outcome is the index's: at each stage the strictest of its images', a missed one's being
	// what the policies make of an image of which nothing is known. Absent without policies.
	Outcome map[verdict.Stage]verdict.Outcome `json:"outcome,omitempty"`
}

// Missed is an image that could not be scanned.
type Missed struct {
	Platform string `json:"platform"`
	Why      string `json:"why"`
}
