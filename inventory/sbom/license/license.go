// Package license tells how a licence that a package states may be written in a bill of
// materials: as an id on SPDX's list, as an expression of such ids, or only as a name.
//
// It judges no licence. Ids are compared with their case, as SPDX's list has them; the list is
// that of github.com/github/go-spdx. A text of more than 512 bytes is a name.
package license

import (
	"slices"
	"strings"

	"github.com/github/go-spdx/v2/spdxexp"
	"github.com/github/go-spdx/v2/spdxexp/spdxlicenses"
)

// Form is how a licence may be written.
type Form int

// The forms.
const (
	Name       Form = iota // anything
	Expression             // several ids, or one with an exception (SPDX 2.3, annex D)
	ID                     // one id
)

// maxText bounds what is parsed.
const maxText = 512

// FormOf returns the strictest form that a licence has.
func FormOf(stated string) Form {
	if len(stated) > maxText || strings.TrimSpace(stated) != stated || strings.Contains(stated, "Ref-") {
		return Name // references are to texts that are in some other document
	}
	if isID(stated) {
		return ID
	}
	// The library takes ids in any case; documents are checked against the list as it is.
	valid, _ := spdxexp.ValidateLicenses([]string{stated})
	if !valid || !slices.ContainsFunc(strings.Fields(stated), isOperator) && !strings.HasSuffix(stated, "+") {
		return Name
	}
	for _, word := range strings.FieldsFunc(stated, func(r rune) bool { return strings.ContainsRune("() +", r) }) {
		if !isOperator(word) && !isID(word) && !isException(word) {
			return Name
		}
	}
	return Expression
}

func isOperator(word string) bool { return slices.Contains([]string{"AND", "OR", "WITH"}, word) }

func isID(word string) bool {
	active, id := spdxlicenses.IsActiveLicense(word)
	deprecated, old := spdxlicenses.IsDeprecatedLicense(word)
	return active && id == word || deprecated && old == word
}

func isException(word string) bool {
	known, id := spdxlicenses.IsException(word)
	return known && id == word
}
