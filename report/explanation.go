package report

import (
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/verdict"
)

// ExplanationSchema names the JSON form of Explanation.
const ExplanationSchema = "plimsoll.dev/explanation/v1"

// Explanation is how an image's verdict came about.
type Explanation struct {
	Schema      string                            `json:"schema"` // plimsoll.dev/explanation/v1
	EvaluatedAt string                            `json:"evaluatedAt"`
	Replay      bool                              `json:"replay"`
	Reference   string                            `json:"reference"`
	Subject     verdict.Subject                   `json:"subject"`
	Stage       verdict.Stage                     `json:"stage"` // that was asked for
	Outcome     map[verdict.Stage]verdict.Outcome `json:"outcome"`
	Policies    []policy.PolicyTold               `json:"policies"`
	Rules       []policy.RuleTold                 `json:"rules"`
	Waivers     []verdict.Exception               `json:"waivers"`
	VEX         []verdict.Exception               `json:"vex"`
	ValidUntil  string                            `json:"validUntil,omitempty"`
	// ValidUntilBecause says what happens then.
	ValidUntilBecause string `json:"validUntilBecause,omitempty"`
}

// Explain puts an explanation together.
func Explain(r *Report, stage verdict.Stage, decided policy.Decided, told policy.Explanation) *Explanation {
	return &Explanation{
		Schema: ExplanationSchema, EvaluatedAt: decided.EvaluatedAt, Replay: r.Replay,
		Reference: r.Target.Reference, Subject: decided.Inputs.Subject, Stage: stage, Outcome: decided.Outcome,
		Policies: orEmpty(told.Policies), Rules: orEmpty(told.Rules), Waivers: orEmpty(decided.Waivers), VEX: orEmpty(decided.VEX),
		ValidUntil: decided.ValidUntil, ValidUntilBecause: told.ValidUntilBecause,
	}
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
