package policy

import "strings"

// usableUnder tells whether a package can be used under licences that are allowed. Each text is a
// licence or an SPDX licence expression (SPDX 2.3, annex D), and all of them apply. An expression
// that cannot be read is the name of one licence.
func usableUnder(licenses []string, allowed func(id string) bool) bool {
	for _, text := range licenses {
		if !strings.ContainsAny(text, " ()") { // most are one licence
			if !allowed(text) {
				return false
			}
			continue
		}
		e := licenseExpression{words: licenseWords(text), allowed: allowed}
		result := e.either(0)
		if e.broken || len(e.words) > 0 {
			result = allowed(text)
		}
		if !result {
			return false
		}
	}
	return true
}

// licenseWords splits an expression into licences, operators and brackets. What follows "WITH" is
// part of the licence: "GPL-2.0-only WITH Classpath-exception-2.0".
func licenseWords(text string) []string {
	fields := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text))
	var words []string
	for i := 0; i < len(fields); i++ {
		if fields[i] == "WITH" && len(words) > 0 && i+1 < len(fields) {
			words[len(words)-1] += " WITH " + fields[i+1]
			i++
			continue
		}
		words = append(words, fields[i])
	}
	return words
}

// licenseExpression reads an expression: AND binds closer than OR.
type licenseExpression struct {
	words   []string
	allowed func(id string) bool
	broken  bool
}

// deepestLicense bounds brackets inside brackets.
const deepestLicense = 32

func (e *licenseExpression) either(depth int) bool {
	result := e.both(depth)
	for e.next("OR") {
		right := e.both(depth)
		result = result || right
	}
	return result
}

func (e *licenseExpression) both(depth int) bool {
	result := e.one(depth)
	for e.next("AND") {
		right := e.one(depth)
		result = result && right
	}
	return result
}

func (e *licenseExpression) one(depth int) bool {
	if e.next("(") {
		if depth == deepestLicense {
			e.broken = true
			return false
		}
		result := e.either(depth + 1)
		e.broken = e.broken || !e.next(")")
		return result
	}
	if len(e.words) == 0 || strings.Contains("AND OR WITH ( )", e.words[0]) {
		e.broken = true
		return false
	}
	id := e.words[0]
	e.words = e.words[1:]
	return e.allowed(id)
}

// next takes a word, if it is the next one.
func (e *licenseExpression) next(word string) bool {
	if e.broken || len(e.words) == 0 || e.words[0] != word {
		return false
	}
	e.words = e.words[1:]
	return true
}
