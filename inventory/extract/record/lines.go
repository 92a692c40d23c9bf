package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// longestLine is how much of a line is handed out in one piece.
const longestLine = 64 << 10

// EachLine calls take with every line of a text, without its end. Of a line longer than 64 KiB
// take gets the beginning, and rest the other pieces.
func EachLine(r io.Reader, take func(line []byte, truncated bool), rest func(piece []byte)) error {
	lines := bufio.NewReaderSize(r, longestLine)
	for number := 1; ; number++ {
		line, err := lines.ReadSlice('\n')
		truncated := errors.Is(err, bufio.ErrBufferFull)
		take(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), truncated)
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = lines.ReadSlice('\n')
			rest(line)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read line %d: %w", number, err)
		}
	}
}
