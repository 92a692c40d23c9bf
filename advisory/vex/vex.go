// Package vex reads VEX documents: who says that a product has a vulnerability, or has it not, and
// why. Three formats are told apart by their content: OpenVEX, CycloneDX and CSAF 2.0. Whatever
// the format, what comes out is advisory.VEXStatement, in the words of OpenVEX.
//
// It says what a document says. Whether a statement is about a finding, whether its reason is good
// enough and whether its author may make it is for package policy; whether the author did make it
// is for package evidence.
//
// A statement takes a finding away, so a document that can be understood in two ways is refused as
// a whole: a status or a justification that is not known, a statement without a vulnerability or a
// product, a member that stands twice, a time without a zone, a product that CSAF gives two
// statuses. Members that are not known are passed over, since all three formats may be extended.
// What cannot be identified is kept as it is written and identifies nothing, and a statement about
// a part of a product never becomes one about the whole: see Product and Part.
//
// Limits: MaxSize, maxDepth, maxObjects, maxValues, maxStatements, maxProducts, maxText. References
// name many products in few bytes: each that a list, a flag or a group refers to counts.
package vex

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/strictjson"
)

// Format is the form of a document.
type Format string

// The formats.
const (
	OpenVEX   Format = "openvex"
	CycloneDX Format = "cyclonedx"
	CSAF      Format = "csaf"
)

// MaxSize is the largest document that is read: 64 MiB. It is decoded whole; the worst that was tried
// within all limits, a million empty components, took 1.3 GB of memory.
const MaxSize = 64 << 20

const (
	maxDepth      = 128 // CSAF's branches lie two levels within one another
	maxObjects    = 1 << 20
	maxValues     = 4 << 20 // by the commas between them, the few in prose with them: texts need no object
	maxStatements = 100_000
	maxProducts   = 1_000_000 // products and parts of them in all statements
	maxText       = 256 << 20 // their names: a long one that stands once may be referred to again and again
)

// ErrNotVEX reports what is no VEX document in any form that is known.
var ErrNotVEX = errors.New("want OpenVEX, CycloneDX (JSON) with analyses of vulnerabilities, or CSAF 2.0")

// Document is what one document says.
type Document struct {
	Format     Format
	ID         string // as it calls itself, CycloneDX by a BOM-Link; OpenVEX and CycloneDX may leave it out
	Author     string // as it states; only CycloneDX may leave it out
	Issued     time.Time
	Statements []advisory.VEXStatement // at least one, in the document's order
	Digest     image.Digest            // of the document's bytes
}

// Decode reads a document; name is what errors call it.
func Decode(name string, data []byte) (Document, error) {
	d, err := decode(data)
	if err != nil {
		return Document{}, fmt.Errorf("read the VEX document %.200q: %w", name, err)
	}
	d.Digest = image.DigestOf(data)
	return d, nil
}

func decode(data []byte) (Document, error) {
	if len(data) > MaxSize {
		return Document{}, fmt.Errorf("it is larger than %d bytes; split it", MaxSize)
	}
	text := bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("<")) {
		return Document{}, fmt.Errorf("it is XML, have it written as JSON: %w", ErrNotVEX)
	}
	if bytes.Count(text, []byte(",")) >= maxValues {
		return Document{}, fmt.Errorf("it has more than %d values; split it", maxValues)
	}
	if !utf8.Valid(text) {
		return Document{}, errors.New("it is not UTF-8; have it written anew")
	}
	if err := strictjson.Check(text, strictjson.Limits{Depth: maxDepth, Objects: maxObjects}); err != nil {
		return Document{}, fmt.Errorf("%w; have it written anew", err)
	}
	return decodeFormat(text)
}

// decodeFormat is the list of formats, each with what it is known by.
func decodeFormat(text []byte) (Document, error) {
	var head struct {
		Context   json.RawMessage `json:"@context"`
		BOM       json.RawMessage `json:"bomFormat"`
		CSAF      json.RawMessage `json:"document"`
		Payload   json.RawMessage `json:"payloadType"`   // of a DSSE envelope
		Predicate json.RawMessage `json:"predicateType"` // of an in-toto statement
	}
	if err := unmarshal(text, &head); err != nil {
		return Document{}, err
	}
	switch {
	case head.Payload != nil:
		return Document{}, fmt.Errorf("it is a signed envelope, take the document out of it: %w", ErrNotVEX)
	case head.Predicate != nil:
		return Document{}, fmt.Errorf("it is an in-toto statement, take the predicate out of it: %w", ErrNotVEX)
	case head.BOM != nil:
		return decodeCycloneDX(text)
	case head.CSAF != nil:
		return decodeCSAF(text)
	case isOpenVEX(head.Context):
		return decodeOpenVEX(text)
	default:
		return Document{}, ErrNotVEX
	}
}

// unmarshal decodes JSON, and says what is of the wrong type in the document's words, not in Go's.
func unmarshal(text []byte, into any) error {
	err := json.Unmarshal(text, into)
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	return fmt.Errorf("%s is a JSON %s, at byte %d: the format wants another type; correct it", cmp.Or(wrong.Field, "it"), wrong.Value, wrong.Offset)
}

// unmarshalWithin is unmarshal for what may be of two types, where offsets count from its beginning.
func unmarshalWithin(what string, text []byte, into any) error {
	err := json.Unmarshal(text, into)
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	return fmt.Errorf("%s of %s is a JSON %s: the format wants another type; correct it", cmp.Or(wrong.Field, "a value"), what, wrong.Value)
}

// add takes in a statement once its format has read it. What all statements need is checked here.
func (d *Document) add(s advisory.VEXStatement, count *counter) error {
	if len(s.Vulnerabilities) == 0 {
		return errors.New("names no vulnerability: a statement needs one; correct it")
	}
	if len(s.Products) == 0 {
		return errors.New("names no product: a statement needs one; correct it")
	}
	if len(d.Statements) == maxStatements {
		return fmt.Errorf("is one too many: a document has at most %d statements; split it", maxStatements)
	}
	for _, p := range s.Products {
		if err := cmp.Or(count.add(1, p.ID), count.add(len(p.Subcomponents), p.Subcomponents...)); err != nil {
			return err
		}
	}
	s.Document, s.Author = d.ID, d.Author
	if s.Issued.IsZero() {
		s.Issued = d.Issued
	}
	d.Statements = append(d.Statements, s)
	return nil
}

// counter holds a document to maxProducts and maxText.
type counter struct{ products, text int }

// add counts products, and the names that were made for them.
func (c *counter) add(products int, names ...string) error {
	if c.products += products; c.products > maxProducts {
		return fmt.Errorf("is one too many: the statements of a document name at most %d products; split it", maxProducts)
	}
	for _, name := range names {
		c.text += len(name)
	}
	if c.text > maxText {
		return fmt.Errorf("is one too many: the names of products in the statements of a document have at most %d bytes; split it", maxText)
	}
	return nil
}

// readTime reads a time as RFC 3339 has it. Without a zone nobody knows when it was, and whichever
// of two statements is the later one holds. No text is no time.
func readTime(path, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is %.60q: want a time with its zone, as 2026-01-31T12:00:00Z; correct it", path, text)
	}
	if t = t.UTC(); t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}, fmt.Errorf("%s is %.60q: want a year from 1970 to 9999; correct it", path, text)
	}
	return t, nil
}

// unquote decodes a JSON string. Documents have millions of them where another type may stand, and
// few have escapes.
func unquote(quoted []byte, into *string) error {
	if bytes.IndexByte(quoted, '\\') >= 0 {
		return json.Unmarshal(quoted, into)
	}
	*into = string(quoted[1 : len(quoted)-1])
	return nil
}

// words is a list of texts that some documents have as a single text.
type words []string

// UnmarshalJSON implements json.Unmarshaler.
func (w *words) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		*w = words{""}
		return unquote(text, &(*w)[0])
	}
	return unmarshalWithin("a list of texts", text, (*[]string)(w))
}
