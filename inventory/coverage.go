package inventory

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// State is how much of a dimension was seen. There is no state that means "probably fine".
type State string

// The states, best first.
const (
	Full    State = "full"
	Partial State = "partial" // something was seen, and something known to be there was not
	Unknown State = "unknown" // looked for, and nothing can be said
	NotRun  State = "not-run" // not looked for
)

// Gap says what exactly was not understood.
type Gap struct {
	Dimension string `json:"dimension"` // such as packages/golang
	Code      string `json:"code"`      // such as unreadable-database; listed in docs/contract.md
	Path      string `json:"path,omitempty"`
	Why       string `json:"why,omitempty"`
}

// CompareGaps is the order in which gaps are listed.
func CompareGaps(a, b Gap) int {
	return cmp.Or(strings.Compare(a.Dimension, b.Dimension), strings.Compare(a.Code, b.Code),
		strings.Compare(a.Path, b.Path), strings.Compare(a.Why, b.Why))
}

// Coverage is the state of each dimension, and the gaps. Dimensions are packages/<purl type>,
// advisories/<OSV ecosystem with release>, files, secret, config, license.
type Coverage struct {
	States map[string]State
	Gaps   []Gap
}

// Set records a dimension's state unless a worse one is recorded already.
func (c *Coverage) Set(dimension string, s State) {
	if c.States == nil {
		c.States = map[string]State{}
	}
	if old, ok := c.States[dimension]; !ok || rank(s) > rank(old) {
		c.States[dimension] = s
	}
}

// AddGap records a gap and lowers its dimension to s.
func (c *Coverage) AddGap(g Gap, s State) {
	c.Set(g.Dimension, s)
	c.Gaps = append(c.Gaps, g)
}

// State returns a dimension's state; Unknown if nothing was recorded.
func (c Coverage) State(dimension string) State {
	if s, ok := c.States[dimension]; ok {
		return s
	}
	return Unknown
}

// Complete tells whether every dimension whose name starts with one of the prefixes is full.
func (c Coverage) Complete(prefixes ...string) bool {
	for dimension, s := range c.States {
		for _, prefix := range prefixes {
			if strings.HasPrefix(dimension, prefix) && s != Full {
				return false
			}
		}
	}
	return true
}

// Merge returns c with all of other's states and gaps.
func (c Coverage) Merge(other Coverage) Coverage {
	merged := Coverage{States: maps.Clone(c.States), Gaps: slices.Clone(c.Gaps)}
	for dimension, s := range other.States {
		merged.Set(dimension, s)
	}
	merged.Gaps = append(merged.Gaps, other.Gaps...)
	return merged
}

// rank orders states from best to worst. NotRun is the mildest: any state that was looked for
// replaces it.
func rank(s State) int { return slices.Index([]State{NotRun, Full, Partial, Unknown}, s) }

// MarshalJSON writes the states as members beside "gaps", as docs/contract.md has it.
func (c Coverage) MarshalJSON() ([]byte, error) {
	members := make(map[string]any, len(c.States)+1)
	for dimension, s := range c.States {
		members[dimension] = s
	}
	gaps := slices.Clone(c.Gaps)
	slices.SortFunc(gaps, CompareGaps)
	if gaps == nil {
		gaps = []Gap{}
	}
	members["gaps"] = gaps
	var b bytes.Buffer
	encoder := json.NewEncoder(&b) // unlike json.Marshal, leaves the escaping of HTML to the caller
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(members)
	return b.Bytes(), err
}

// UnmarshalJSON reads what MarshalJSON writes.
func (c *Coverage) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	*c = Coverage{States: map[string]State{}}
	for name, raw := range members {
		if name == "gaps" {
			if err := json.Unmarshal(raw, &c.Gaps); err != nil {
				return err
			}
			continue
		}
		var s State
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		c.States[name] = s
	}
	return nil
}
