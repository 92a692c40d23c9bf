// Package openvex writes statements as an OpenVEX 0.2.0 document, for others to read: what waivers
// say, or a document of another format.
//
// It writes what it is given and decides nothing. What OpenVEX cannot say is refused rather than
// said in another way: a product has one id, one package URL besides and one digest besides.
// Equal input gives equal bytes. Package advisory/vex reads back the same statements.
package openvex

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/advisory/vex"
	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image"
)

// Document is what is to be written.
type Document struct {
	ID      string // an IRI; without one it is made of the content's digest
	Author  string // who says so: a person or an organisation
	Issued  time.Time
	Version int // 1 if not given; one more whenever the content changes under the same id
	// Statements are written in their order, later ones being newer. One that is issued at no other
	// time than the document need not say so. The document and the author that they name are left
	// to the document, but nobody else's word is written as the author's.
	Statements []advisory.VEXStatement
}

// The members of a document, in the order of the specification's tables.
type documentForm struct {
	Context    string          `json:"@context"`
	ID         string          `json:"@id"`
	Author     string          `json:"author"`
	Timestamp  string          `json:"timestamp"`
	Version    int             `json:"version"`
	Statements []statementForm `json:"statements"`
}

type statementForm struct {
	Vulnerability vulnerabilityForm `json:"vulnerability"`
	Timestamp     string            `json:"timestamp,omitempty"`
	Products      []componentForm   `json:"products"`
	Status        string            `json:"status"`
	Justification string            `json:"justification,omitempty"`
	Impact        string            `json:"impact_statement,omitempty"`
	Action        string            `json:"action_statement,omitempty"`
}

type vulnerabilityForm struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
}

type componentForm struct {
	ID            string            `json:"@id"`
	Identifiers   map[string]string `json:"identifiers,omitempty"`
	Hashes        map[string]string `json:"hashes,omitempty"`
	Subcomponents []componentForm   `json:"subcomponents,omitempty"`
}

// Write writes a document.
func Write(w io.Writer, d Document) error {
	form, err := d.form()
	if err != nil {
		return fmt.Errorf("write the OpenVEX document: %w", err)
	}
	if form.ID == "" {
		content, err := encode(form)
		if err != nil {
			return fmt.Errorf("write the OpenVEX document: %w", err)
		}
		// The namespace that OpenVEX keeps for everybody ("Public IRI Namespaces"); a digest
		// collides with nobody's name.
		form.ID = "https://openvex.dev/docs/public/vex-" + image.DigestOf(content).Hex()
	}
	content, err := encode(form)
	if err != nil {
		return fmt.Errorf("write the OpenVEX document: %w", err)
	}
	if _, err := w.Write(content); err != nil {
		return fmt.Errorf("write the OpenVEX document: %w", err)
	}
	return nil
}

func encode(form documentForm) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(form)
	return b.Bytes(), err
}

func (d *Document) form() (documentForm, error) {
	form := documentForm{
		Context: "https://openvex.dev/ns/v0.2.0", ID: d.ID, Author: d.Author,
		Timestamp: timestamp(d.Issued), Version: max(d.Version, 1),
	}
	switch {
	case strings.TrimSpace(d.Author) == "":
		return form, errors.New("it has no author: name who says so")
	case d.Issued.IsZero():
		return form, errors.New("it has no time of issue: say when")
	case len(d.Statements) == 0:
		return form, errors.New("it has no statement, and OpenVEX demands one: write no document")
	}
	for i, s := range d.Statements {
		statement, err := d.statement(s)
		if err != nil {
			return form, fmt.Errorf("statement %d: %w", i+1, err)
		}
		form.Statements = append(form.Statements, statement)
	}
	return form, nil
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func (d *Document) statement(s advisory.VEXStatement) (statementForm, error) {
	if err := vex.Check(s); err != nil {
		return statementForm{}, err
	}
	if s.Author != "" && s.Author != d.Author {
		return statementForm{}, fmt.Errorf("it is %.80q's, and the document is %.80q's: write one document for each author", s.Author, d.Author)
	}
	form := statementForm{
		Vulnerability: vulnerabilityForm{Name: s.Vulnerabilities[0], Aliases: s.Vulnerabilities[1:]},
		Status:        string(s.Status), Justification: s.Justification, Impact: s.Impact, Action: s.Action,
	}
	if !s.Issued.IsZero() && !s.Issued.Equal(d.Issued) {
		form.Timestamp = timestamp(s.Issued)
	}
	for _, p := range s.Products {
		product, err := product(p)
		if err != nil {
			return form, fmt.Errorf("product %.120q: %w", p.ID, err)
		}
		form.Products = append(form.Products, product)
	}
	return form, nil
}

// product returns a product; what its id says already is not said again.
func product(p advisory.VEXProduct) (componentForm, error) {
	purls, digests, err := identifiers(p)
	if err != nil {
		return componentForm{}, err
	}
	form := componentForm{ID: p.ID}
	if form.ID == "" {
		form.ID = slices.Concat(purls, p.Digests, []string{""})[0]
	}
	if strings.TrimSpace(form.ID) == "" {
		return form, errors.New("nothing identifies it: give it an id, a package URL or a digest")
	}
	said := vex.Product(form.ID, nil)
	if further := without(purls, said.PURLs); len(further) > 1 {
		return form, fmt.Errorf("OpenVEX takes one package URL besides the id, and it has %d: write it as several products", len(further))
	} else if len(further) == 1 {
		form.Identifiers = map[string]string{"purl": further[0]}
		said = vex.Product(form.ID, further)
	}
	if further := without(digests, said.Digests); len(further) > 1 {
		return form, fmt.Errorf("OpenVEX takes one digest besides the id, and it has %d: write it as several products", len(further))
	} else if len(further) == 1 {
		form.Hashes = map[string]string{"sha-256": strings.TrimPrefix(further[0], "sha256:")}
	}
	for _, part := range p.Subcomponents {
		if strings.TrimSpace(part) == "" {
			return form, errors.New("a subcomponent has no name: name it, or the statement is about the whole product")
		}
		form.Subcomponents = append(form.Subcomponents, componentForm{ID: part})
	}
	return form, nil
}

// identifiers returns a product's package URLs and digests, as reading them again gives them.
func identifiers(p advisory.VEXProduct) (purls, digests []string, err error) {
	for _, text := range p.PURLs {
		purl, err := ecosystem.ParsePURL(text)
		if err != nil {
			return nil, nil, err
		}
		purls = append(purls, purl.String())
	}
	for _, text := range p.Digests {
		digest, err := image.ParseDigest(text)
		if err != nil {
			return nil, nil, err
		}
		digests = append(digests, digest.String())
	}
	return purls, digests, nil
}

// without returns the texts that are not among others, each once.
func without(texts, others []string) []string {
	var left []string
	for _, text := range texts {
		if !slices.Contains(others, text) && !slices.Contains(left, text) {
			left = append(left, text)
		}
	}
	return left
}
