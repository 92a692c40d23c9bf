package program

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
)

const (
	// before and after are how much around a text is looked at.
	before, after = 64, 256
	bufferSize    = before + after + 64<<10
	// mostHits bounds how often a text is looked at in one file. Real programs hold theirs some
	// hundred times; one made of nothing else would take minutes.
	mostHits = 1 << 16
	// mostVersions is how many versions are told of a file that names several.
	mostVersions = 4
)

// search looks for the version of one product in one file.
type search struct {
	product  string
	text     []byte         // what the pattern begins with; empty for the beginning of the file
	left     *regexp.Regexp // what has to end where the text begins; nil for anything
	pattern  *regexp.Regexp
	hits     int
	versions []string // sorted, each once
}

// searchAll reads to the end, once for all searches. The buffer must be longer than before and
// after together. What is found depends on the content alone: around each text it sees all of
// before and after, wherever a read begins or ends.
func searchAll(r io.Reader, buffer []byte, searches []*search) error {
	start, filled := 0, 0
	for {
		n, err := io.ReadFull(r, buffer[filled:])
		filled += n
		isLast := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		end := filled
		switch {
		case isLast:
		case err != nil:
			return err
		default:
			end -= after
		}
		for _, s := range searches {
			if err := s.between(buffer[:filled], start, end); err != nil {
				return err
			}
		}
		if isLast {
			return nil
		}
		kept := max(0, end-before)
		filled = copy(buffer, buffer[kept:filled])
		start = end - kept
	}
}

// between looks at every text that begins between start and end.
func (s *search) between(content []byte, start, end int) error {
	for start < end && (len(s.text) > 0 || s.hits == 0) {
		i := bytes.Index(content[start:min(end+len(s.text)-1, len(content))], s.text)
		if i < 0 {
			return nil
		}
		if s.hits++; s.hits > mostHits {
			return fmt.Errorf("it holds %q more than %d times", s.text, mostHits)
		}
		at := start + i
		s.note(s.version(content[max(0, at-before):at], content[at:min(at+after, len(content))]))
		start = at + 1
	}
	return nil
}

// version returns the version next to a text: left of it, or right, where the text begins. It
// is empty if there is none.
func (s *search) version(left, right []byte) string {
	groups := s.pattern.FindSubmatch(right)
	if groups != nil && s.left != nil {
		groups = s.left.FindSubmatch(left)
	}
	if groups == nil {
		return ""
	}
	return string(bytes.Join(groups[1:], []byte(".")))
}

func (s *search) note(version string) {
	i, known := slices.BinarySearch(s.versions, version)
	if version != "" && !known && len(s.versions) < mostVersions {
		s.versions = slices.Insert(s.versions, i, version)
	}
}
