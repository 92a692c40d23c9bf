package spdx

import (
	"errors"
	"fmt"
	"strings"
)

// tagReader reads lines of "Tag: value". A value between <text> and </text> may have several
// lines; lines that begin with "#" are comments. The tags that begin an element are PackageName,
// FileName, SnippetSPDXID and LicenseID; those that are of no use here are passed over.
type tagReader struct {
	document  *document
	where     element
	seen      map[string]bool         // single tags of the element
	annotated map[string][]annotation // by the id of the element
	on        string                  // the element of the annotation that is being read
	comment   *annotation             // that annotation's, which may stand before its element's id
}

type element int

const (
	inDocument element = iota
	inPackage
	inLicense
	elsewhere // in a file or a snippet
)

func decodeTagValue(data []byte, d *document) error {
	r := &tagReader{document: d, seen: map[string]bool{}, annotated: map[string][]annotation{}}
	text, line := string(data), 0
	for text != "" {
		line++
		var current string
		current, text, _ = strings.Cut(text, "\n")
		current = strings.TrimSpace(current)
		if current == "" || current[0] == '#' {
			continue
		}
		tag, value, ok := strings.Cut(current, ":")
		if !ok {
			return fmt.Errorf("line %d is no tag with a value", line)
		}
		value = strings.TrimSpace(value)
		if rest, ok := strings.CutPrefix(value, "<text>"); ok {
			var skipped int
			if value, text, skipped, ok = endOfText(rest, text); !ok {
				return fmt.Errorf("line %d: the text has no end", line)
			}
			line += skipped
		}
		if err := r.take(tag, value); err != nil {
			return fmt.Errorf("line %d: %s: %w", line, tag, err)
		}
	}
	r.annotate()
	d.Annotations = r.annotated[d.ID]
	for i := range d.Packages {
		d.Packages[i].Annotations = r.annotated[d.Packages[i].ID]
	}
	if d.ID == "" {
		return errors.New("it has no SPDXID")
	}
	return nil
}

// endOfText returns what stands before </text>, which may be lines away, and what follows its line.
func endOfText(first, following string) (value, rest string, lines int, ok bool) {
	if value, _, ok = strings.Cut(first, "</text>"); ok {
		return value, following, 0, true
	}
	tail, rest, ok := strings.Cut(following, "</text>")
	_, rest, _ = strings.Cut(rest, "\n")
	return first + "\n" + tail, rest, strings.Count(tail, "\n") + 1, ok
}

func (r *tagReader) take(tag, value string) error {
	switch tag {
	case "PackageName":
		if len(r.document.Packages) == maxPackages {
			return fmt.Errorf("there are more than %d packages", maxPackages)
		}
		r.begin(inPackage)
		r.document.Packages = append(r.document.Packages, spdxPackage{Name: value})
	case "FileName", "SnippetSPDXID":
		r.begin(elsewhere)
	case "LicenseID":
		r.begin(inLicense)
		r.document.Licenses = append(r.document.Licenses, licenseText{ID: value})
	case "Relationship":
		words := strings.Fields(value)
		if len(words) != 3 {
			return errors.New("want two elements and what relates them")
		}
		r.document.Relationships = append(r.document.Relationships, relationship{words[0], words[1], words[2]})
	case "Annotator":
		r.annotate()
		r.comment = &annotation{Annotator: value}
	case "SPDXREF":
		r.on = value
	case "AnnotationComment":
		if r.comment != nil {
			r.comment.Comment = value
		}
	default:
		return r.member(tag, value)
	}
	return nil
}

// annotate ends the annotation that was being read.
func (r *tagReader) annotate() {
	if r.comment != nil && r.on != "" {
		r.annotated[r.on] = append(r.annotated[r.on], *r.comment)
	}
	r.comment, r.on = nil, ""
}

func (r *tagReader) begin(e element) {
	r.where = e
	clear(r.seen)
}

// member takes in a tag of the element that is being read.
func (r *tagReader) member(tag, value string) error {
	field := r.field(tag)
	switch {
	case field != nil && r.seen[tag]:
		return errors.New("it is there twice")
	case field != nil:
		r.seen[tag] = true
		*field = value
	case r.where == inPackage && tag == "ExternalRef":
		words := strings.Fields(value)
		if len(words) != 3 {
			return errors.New("want a category, a type and a locator")
		}
		p := r.last()
		p.References = append(p.References, reference{words[0], words[1], words[2]})
	case r.where == inPackage && tag == "PackageAttributionText":
		r.last().Attributions = append(r.last().Attributions, value)
	case r.where == inDocument && tag == "Creator":
		r.creation().Creators = append(r.creation().Creators, value)
	}
	return nil
}

// field returns where the value of a tag that an element has once belongs, nil for other tags.
func (r *tagReader) field(tag string) *string {
	switch r.where {
	case inDocument:
		switch tag {
		case "SPDXVersion":
			return &r.document.Version
		case "SPDXID":
			return &r.document.ID
		case "DocumentName":
			return &r.document.Name
		case "Created":
			return &r.creation().Created
		}
	case inPackage:
		p := r.last()
		switch tag {
		case "SPDXID":
			return &p.ID
		case "PackageVersion":
			return &p.Version
		case "PackageSupplier":
			return &p.Supplier
		case "PackageSourceInfo":
			return &p.SourceInfo
		case "PackageLicenseDeclared":
			return &p.Declared
		case "PackageDescription":
			return &p.Description
		case "PrimaryPackagePurpose":
			return &p.Purpose
		}
	case inLicense:
		if tag == "LicenseName" {
			return &r.document.Licenses[len(r.document.Licenses)-1].Name
		}
	}
	return nil
}

func (r *tagReader) last() *spdxPackage { return &r.document.Packages[len(r.document.Packages)-1] }

func (r *tagReader) creation() *creation {
	if r.document.Creation == nil {
		r.document.Creation = &creation{}
	}
	return r.document.Creation
}
