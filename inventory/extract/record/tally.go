package record

import "fmt"

// Tally counts what a parser could not make sense of, so that a file full of nonsense gives one
// gap and not a million. The zero Tally is empty.
type Tally struct {
	count int
	first string
}

// Add counts one more; the first keeps its reason.
func (t *Tally) Add(format string, arguments ...any) {
	if t.count++; t.count == 1 {
		t.first = fmt.Sprintf(format, arguments...)
	}
}

// AppendTo adds a gap that tells the number and the first reason, if there is any.
func (t *Tally) AppendTo(gaps []Gap, code string) []Gap {
	if t.count == 0 {
		return gaps
	}
	why := t.first
	if t.count > 1 {
		why = fmt.Sprintf("%d entries; the first: %s", t.count, t.first)
	}
	return append(gaps, Gap{Code: code, Why: why})
}
