package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in a file.
type Problem struct {
	File         string
	Line, Column int    // from 1; a column counts characters
	What         string // what is wrong; and, after a semicolon, the next step
}

func (p Problem) Error() string { return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.What) }

// ParseError is what is wrong with a file: the first problems in the
// order of the file, and how many more there are.
type ParseError struct {
	Problems []Problem
	More     int
}

// MostProblems is how many problems are told at once: enough to mend a file in one go, few
// enough to read.
const MostProblems = 10

func (e *ParseError) Error() string {
	lines := make([]string, 0, len(e.Problems)+1)
	for _, p := range e.Problems {
		lines = append(lines, p.Error())
	}
	if e.More > 0 {
		problems := "problems"
		if e.More == 1 {
			problems = "problem"
		}
		lines = append(lines, fmt.Sprintf("and %d more %s; mend these first", e.More, problems))
	}
	return strings.Join(lines, "\n")
}

func newParseError(problems []Problem, more int) *ParseError {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	told := problems[:min(len(problems), MostProblems)]
	return &ParseError{Problems: told, More: len(problems) - len(told) + more}
}

// Nearest returns the candidate that needs the fewest edits to become word; the first of equals.
func Nearest(word string, candidates []string) string {
	best, fewest := "", -1
	for _, candidate := range candidates {
		if edits := editDistance(word, candidate); fewest < 0 || edits < fewest {
			best, fewest = candidate, edits
		}
	}
	return best
}

// editDistance counts the letters to insert, delete or replace to turn a into b (Levenshtein).
// What a person may have meant is short: a is cut to 64 bytes.
func editDistance(a, b string) int {
	a = a[:min(len(a), 64)]
	previous := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range len(a) {
		current := make([]int, len(b)+1)
		current[0] = i + 1
		for j := range len(b) {
			replaced := previous[j]
			if a[i] != b[j] {
				replaced++
			}
			current[j+1] = min(replaced, previous[j+1]+1, current[j]+1)
		}
		previous = current
	}
	return previous[len(b)]
}
