package policy

import _ "embed"

//go:embed starter.yaml
var starter string

// Starter returns the policy that counts where no other was named. It stands in starter.yaml,
// and is written to be read and copied.
func Starter() []Policy {
	// A test parses it. Should it fail all the same, no policy is in scope, and all is denied.
	policies, _ := Parse("starter.yaml", []byte(starter))
	return policies
}

// StarterText returns the text of the starter policy.
func StarterText() string { return starter }
