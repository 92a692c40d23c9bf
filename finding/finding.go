// Package finding is what is wrong with an image: vulnerabilities and bad configuration, each
// with its severity, its fix and the proof of why it is reported.
//
// The JSON forms are those of docs/contract.md. Packages below this one make findings; package
// policy decides what they mean.
package finding

import (
	"cmp"
	"strings"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/inventory"
)

// Kind is what sort of thing is wrong.
type Kind string

// The kinds of finding.
const (
	Vulnerability Kind = "vulnerability"
	Config        Kind = "config"
)

// FixState says whether a fix exists.
type FixState string

// The fix states. FixUnknown: the source does not say.
const (
	FixAvailable FixState = "fixed"
	NotFixed     FixState = "not-fixed"
	WontFix      FixState = "wont-fix"
	FixDeferred  FixState = "deferred"
	FixUnknown   FixState = "unknown"
)

// Status is a finding's VEX status, or "waived".
type Status string

// The statuses.
const (
	Affected           Status = "affected"
	NotAffected        Status = "not_affected"
	Fixed              Status = "fixed"
	UnderInvestigation Status = "under_investigation"
	Waived             Status = "waived"
)

// Finding is one row of a report. Vulnerabilities have one row for each (CVE, else the record's
// own id; package).
type Finding struct {
	// Key names the row from scan to scan: kind, id and package, nothing that changes with the
	// day or the machine.
	Key  string `json:"key"`
	Kind Kind   `json:"kind"`
	ID   string `json:"id"`
	// Advisories are the records that speak of it, Aliases its other names.
	Advisories []string `json:"advisories,omitempty"`
	Aliases    []string `json:"aliases,omitempty"`
	Package    string   `json:"package,omitempty"` // purl

	Severity       advisory.Severity `json:"severity"`
	SeveritySource string            `json:"severitySource,omitempty"`
	Ratings        []advisory.Rating `json:"ratings,omitempty"`
	EPSS           *float64          `json:"epss,omitempty"`
	KEV            bool              `json:"kev"`

	FixedIn       []string `json:"fixedIn,omitempty"`
	FixState      FixState `json:"fixState,omitempty"`
	FixKnownSince string   `json:"fixKnownSince,omitempty"` // RFC 3339
	Published     string   `json:"published,omitempty"`     // RFC 3339
	Status        Status   `json:"status,omitempty"`
	Waiver        string   `json:"waiver,omitempty"` // the id of the waiver that counts
	VEX           string   `json:"vex,omitempty"`    // the document, and the statement in it, that the status is from
	Proof         *Proof   `json:"proof,omitempty"`

	Title     string               `json:"title,omitempty"`
	Locations []inventory.Location `json:"locations,omitempty"`
}

// Proof is why a vulnerability is reported: which record, which of its ranges, which version.
type Proof struct {
	Source   string `json:"source"`   // the shard of the database, such as osv/Debian
	Record   string `json:"record"`   // the record's id
	Name     string `json:"name"`     // the name looked up: often the source package's
	Range    string `json:"range"`    // such as ">=0,<3.3.3-r0"
	Compared string `json:"compared"` // the version that was compared
}

// Suppressed is a row that was found and is not reported, with the reason.
type Suppressed struct {
	Key     string `json:"key"`
	ID      string `json:"id"`
	Package string `json:"package"`
	Reason  Reason `json:"reason"`
}

// Reason says why a row is suppressed.
type Reason string

// The reasons.
const (
	Withdrawn     Reason = "withdrawn"      // the record was taken back by its publisher
	KernelHeaders Reason = "kernel-headers" // headers of the kernel are not the kernel
	// OwnedByDistro: the distribution's package brought it, and the distribution's own advisories
	// of that package name the vulnerability: they know what was mended without a new version.
	OwnedByDistro Reason = "owned-by-distro"
)

// VulnerabilityKey is the key of a vulnerability's row.
func VulnerabilityKey(id, purl string) string { return "vulnerability|" + id + "|" + purl }

// ConfigKey is the key of a configuration finding's row.
func ConfigKey(id string) string { return "config|" + id }

// Compare is the order in which findings are listed: by key.
func Compare(a, b Finding) int { return cmp.Compare(a.Key, b.Key) }

// CompareSuppressed is the order in which suppressed rows are listed.
func CompareSuppressed(a, b Suppressed) int {
	return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(string(a.Reason), string(b.Reason)))
}
