package program

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// product is how one product is recognised.
type product struct {
	// name is the product's, and the name of the purl.
	name string
	// bitnami is what Bitnami's advisories call it (OSV's ecosystem Bitnami); "" if they do not
	// speak of it.
	bitnami string
	// files are the names of its programs and libraries, without folders. "*" stands for any text.
	// Where one file has many names as hard links, the first by alphabet is among them: it is the
	// one that a layer holds the content under.
	files []string
	// isText says that the files are texts; they are ELF files otherwise.
	isText bool
	// pattern is a regular expression that begins with some bytes as they are: those are what is
	// searched for. Without any, it is held against the beginning of the file. "{}" is what the
	// first "*" of the file's name stood for. Its groups, joined by dots, are the version.
	pattern string
	// left, if set, is a pattern for what ends where pattern begins. Then the groups are in it.
	left string
	// example is text from a real program, and source what it was in: with a version of Debian's, a
	// package of Debian 12.
	example, source string
}

// isNamed tells whether a file's name is one of the product's.
func (p *product) isNamed(base string) bool {
	_, named := p.star(base)
	return named
}

// star returns what the "*" in the first pattern that fits a file's name stands for. It is valid
// UTF-8, as regular expressions are.
func (p *product) star(base string) (star string, named bool) {
	for _, pattern := range p.files {
		if star, named = matchName(pattern, base); named {
			return star, utf8.ValidString(star)
		}
	}
	return "", false
}

// matchName matches a name with a pattern and returns what the first "*" in it stands for: as
// much as it can.
func matchName(pattern, name string) (star string, matches bool) {
	first, more, hasStar := strings.Cut(pattern, "*")
	if !hasStar {
		return "", pattern == name
	}
	rest, begins := strings.CutPrefix(name, first)
	if !begins {
		return "", false
	}
	for i := len(rest); i >= 0; i-- {
		if _, matches = matchName(more, rest[i:]); matches {
			return rest[:i], true
		}
	}
	return "", false
}

// search prepares the search for the product in a file in whose name the star stood for a text.
func (p *product) search(star string) *search {
	compile := func(expression string) *regexp.Regexp {
		return regexp.MustCompile(strings.ReplaceAll(expression, "{}", regexp.QuoteMeta(star)))
	}
	text, _ := compile(p.pattern).LiteralPrefix()
	s := &search{product: p.name, text: []byte(text), pattern: compile("^(?:" + p.pattern + ")")}
	if p.left != "" {
		s.left = compile("(?:" + p.left + ")$")
	}
	return s
}

// Bitnami returns what Bitnami's advisories call a product; "" if they do not speak of it.
func Bitnami(name string) string {
	table := products()
	i := slices.IndexFunc(table, func(p product) bool { return p.name == name })
	if i < 0 {
		return ""
	}
	return table[i].bitnami
}
