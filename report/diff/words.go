package diff

import (
	"fmt"
	"strings"

	"plimsoll.dev/plimsoll/finding"
)

// words says a finding's reason as one would to a colleague.
func (f *Finding) words() string {
	from, to := strings.TrimSpace(f.Name+" "+f.From), strings.TrimSpace(f.Name+" "+f.To)
	step := from + " → " + f.To
	switch {
	case f.Status == Unclear:
		return f.unclearWords(from, to)
	case f.Kind == finding.Config:
		return map[Status]string{New: "the configuration of B brings it", Fixed: "the configuration of B mends it", Remaining: "the configuration of both has it"}[f.Status]
	case f.Status == Remaining:
		return f.remainingWords(from, step)
	case f.Status == Fixed && f.Reason == Removed:
		return from + " is gone"
	case f.Status == Fixed && f.Reason == Unchanged:
		return "no longer reported for " + from
	case f.Status == Fixed:
		return step + " fixes it"
	case f.Reason == Added:
		return "came with " + to
	case f.Reason == Unchanged:
		return "now reported for " + to
	default:
		return step + " brought it"
	}
}

func (f *Finding) remainingWords(from, step string) string {
	fix := "no fix is known"
	if len(f.FixedIn) > 0 {
		fix = "fixed in " + f.FixedIn[len(f.FixedIn)-1] // the last satisfies every record
	}
	if f.Reason == Unchanged {
		return fmt.Sprintf("%s is still there; %s", from, fix)
	}
	return fmt.Sprintf("%s does not fix it; %s", step, fix)
}

func (f *Finding) unclearWords(from, to string) string {
	if f.In == "a" {
		return strings.TrimSpace("A has it with "+orConfiguration(from)) + ", and B was not looked at in full"
	}
	return strings.TrimSpace("B has it with "+orConfiguration(to)) + ", and A was not looked at in full"
}

func orConfiguration(name string) string {
	if name == "" {
		return "its configuration"
	}
	return name
}
