// Package verdict is the decision as data: what a policy says about one image, for each stage,
// with the reasons and the digests of everything that went into it.
//
// It decides nothing (package policy does) and signs nothing (package evidence does). The JSON
// form is that of docs/contract.md.
package verdict

import (
	"fmt"
	"slices"

	"plimsoll.dev/plimsoll/image"
)

// Schema names the report's JSON form.
const Schema = "plimsoll.dev/report/v1"

// Stage is one of the four gates.
type Stage string

// The stages, in the order of an image's life.
const (
	Build Stage = "build"
	Ship  Stage = "ship"
	Admit Stage = "admit"
	Run   Stage = "run"
)

// Stages returns all stages in the order of an image's life.
func Stages() []Stage { return []Stage{Build, Ship, Admit, Run} }

// ParseStage reads a stage's name.
func ParseStage(s string) (Stage, error) {
	if !slices.Contains(Stages(), Stage(s)) {
		return "", fmt.Errorf("stage %.40q: want build, ship, admit or run", s)
	}
	return Stage(s), nil
}

// Outcome is what a gate does.
type Outcome string

// The outcomes, mildest first.
const (
	Allow Outcome = "allow"
	Warn  Outcome = "warn"
	Deny  Outcome = "deny"
)

// Stricter returns the stricter of two outcomes.
func Stricter(a, b Outcome) Outcome {
	order := []Outcome{Allow, Warn, Deny}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// Result is what became of one rule. It does not depend on the stage.
type Result string

// The results.
const (
	Pass     Result = "pass"
	Fail     Result = "fail"
	Waived   Result = "waived"   // every offender is waived
	Unknown  Result = "unknown"  // no offender was found, and not everything was seen
	Deferred Result = "deferred" // an input cannot exist yet at this stage
	Error    Result = "error"    // the rule could not be evaluated
)

// Verdict is the decision on one image.
type Verdict struct {
	Outcome     map[Stage]Outcome `json:"outcome"`
	Rules       []Rule            `json:"rules"`
	Waivers     []Exception       `json:"waivers,omitempty"` // in the order of their ids
	VEX         []Exception       `json:"vex,omitempty"`     // in the order of document and statement
	Inputs      Inputs            `json:"inputs"`
	EvaluatedAt string            `json:"evaluatedAt"`          // RFC 3339, UTC, whole seconds
	ValidUntil  string            `json:"validUntil,omitempty"` // RFC 3339, UTC, whole seconds
}

// Rule is one rule's result and its reasons.
type Rule struct {
	Policy    string   `json:"policy,omitempty"` // metadata.name
	ID        string   `json:"id"`
	Result    Result   `json:"result"`
	Offenders []string `json:"offenders,omitempty"` // keys of findings, sorted
	Message   string   `json:"message"`
	Fix       string   `json:"fix,omitempty"` // the smallest change that mends it
}

// Exception is what became of one waiver, or of one statement of a VEX document.
type Exception struct {
	// ID is the waiver's, or the document's and the number of the statement in it, from 1.
	ID            string         `json:"id"`
	Vulnerability string         `json:"vulnerability,omitempty"` // of a statement
	State         ExceptionState `json:"state"`
	Why           string         `json:"why,omitempty"`
	// Applied are the keys of what it was applied to, sorted.
	Applied []string `json:"applied,omitempty"`
	Expires string   `json:"expires,omitempty"` // of a waiver; RFC 3339
}

// ExceptionState is what became of a waiver or a statement.
type ExceptionState string

// The states.
const (
	Used     ExceptionState = "used"
	Expiring ExceptionState = "expiring" // used, and at its end within a week
	Unused   ExceptionState = "unused"   // it is about nothing that was found
	Expired  ExceptionState = "expired"
	Ended    ExceptionState = "ended"   // what it waited for has come: a fix, or another component
	Refused  ExceptionState = "refused" // the policy does not honour it
)

// Inputs are the digests of everything that went into a verdict; a digest is absent if the
// input was.
type Inputs struct {
	Subject  Subject      `json:"subject"`
	Facts    image.Digest `json:"facts"`
	Findings image.Digest `json:"findings"`
	Database image.Digest `json:"database,omitzero"`
	Policy   image.Digest `json:"policy,omitzero"`
	Waivers  image.Digest `json:"waivers,omitzero"`
	VEX      image.Digest `json:"vex,omitzero"`
	Evidence image.Digest `json:"evidence,omitzero"` // absent if none was gathered
	Engine   string       `json:"engine"`
	// ScannedAt is when the image was scanned.
	ScannedAt string `json:"scannedAt,omitempty"` // RFC 3339, UTC, whole seconds
}

// Subject is what a verdict is about: content under a name.
type Subject struct {
	Repository string       `json:"repository,omitempty"`
	Tag        string       `json:"tag,omitempty"`
	Pinned     bool         `json:"pinned,omitempty"` // the name that was asked for has a digest
	ImageID    image.Digest `json:"imageID,omitzero"` // absent for what is no image
	Digest     image.Digest `json:"digest,omitzero"`
	Platform   string       `json:"platform,omitempty"`
	Base       string       `json:"base,omitempty"` // the image that it was built from, as it states
}
