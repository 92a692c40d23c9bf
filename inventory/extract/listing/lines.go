package listing

import (
	"bytes"
	"iter"
)

// Lines yields every line of a text, without its end, with its number from 1.
func Lines(content []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		number := 0
		for line := range bytes.Lines(content) {
			number++
			line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
			if !yield(number, line) {
				return
			}
		}
	}
}
