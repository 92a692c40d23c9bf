package policy

import (
	"embed"
	"slices"
)

//go:embed ready/starter.yaml ready/strict.yaml ready/regulated.yaml
var ready embed.FS

// ReadyNames are the names of the ready policies, mildest first.
func ReadyNames() []string { return []string{"starter", "strict", "regulated"} }

// Ready returns a ready policy by its name. Each stands in the folder ready, with its tests, and
// is written to be read and copied.
func Ready(name string) ([]Policy, bool) {
	text, ok := ReadyText(name)
	if !ok {
		return nil, false
	}
	// A test parses it. Should it fail all the same, no policy is in scope, and all is denied.
	policies, _ := Parse(name+".yaml", []byte(text))
	return policies, true
}

// ReadyText returns the text of a ready policy.
func ReadyText(name string) (string, bool) {
	if !slices.Contains(ReadyNames(), name) {
		return "", false
	}
	text, err := ready.ReadFile("ready/" + name + ".yaml")
	return string(text), err == nil
}

// Starter returns the policy that counts where no other was named.
func Starter() []Policy {
	policies, _ := Ready("starter")
	return policies
}

// StarterText returns the text of the starter policy.
func StarterText() string {
	text, _ := ReadyText("starter")
	return text
}
