package spdx

import (
	"slices"
	"strconv"
	"strings"

	"plimsoll.dev/plimsoll/inventory/sbom/bill"
	"plimsoll.dev/plimsoll/inventory/sbom/license"
)

// statedLicense is the property that lists the licences as the package states them, where the
// expression that SPDX wants is not the same.
const statedLicense = "plimsoll:license"

// declared returns the expression for a component's licences (7.15), all of which hold, and its
// properties.
func (w *writer) declared(c bill.Component) (expression string, list []bill.Property) {
	if len(c.Licenses) == 0 {
		return noAssertion, c.Properties
	}
	terms := make([]string, len(c.Licenses))
	for i, stated := range c.Licenses {
		switch license.FormOf(stated) {
		case license.ID:
			terms[i] = stated
		case license.Expression:
			terms[i] = stated
			if len(c.Licenses) > 1 {
				terms[i] = "(" + stated + ")"
			}
		default:
			terms[i] = w.reference(stated)
		}
	}
	expression = strings.Join(terms, " AND ")
	if len(c.Licenses) == 1 && expression == c.Licenses[0] {
		return expression, c.Properties
	}
	list = slices.Clone(c.Properties)
	for _, stated := range c.Licenses {
		list = append(list, bill.Property{Name: statedLicense, Value: stated})
	}
	return expression, list
}

// reference returns the document's own id for a licence that is on no list (chapter 10).
func (w *writer) reference(stated string) string {
	if id, ok := w.refs[stated]; ok {
		return id
	}
	id := "LicenseRef-" + strconv.Itoa(len(w.refs)+1)
	w.refs[stated] = id
	w.texts = append(w.texts, licenseText{ID: id, Text: stated, Name: stated})
	return id
}

// licensesOf reads an expression that another program wrote. It stays one text; a reference to a
// text in the same document becomes that text's name.
func licensesOf(expression string, names map[string]string) []string {
	switch expression {
	case "", noAssertion, "NONE":
		return nil
	}
	if name, ok := names[expression]; ok {
		return []string{name}
	}
	return []string{expression}
}
