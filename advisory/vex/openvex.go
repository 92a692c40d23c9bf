package vex

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/image"
)

// The members of an OpenVEX document that are read (specification 0.2.0, "Document Struct Fields"
// and "Statement Fields").
type openVEX struct {
	Context    words              `json:"@context"`
	ID         string             `json:"@id"`
	Author     string             `json:"author"`
	Timestamp  string             `json:"timestamp"`
	Statements []openVEXStatement `json:"statements"`
}

type openVEXStatement struct {
	Vulnerability openVEXVulnerability `json:"vulnerability"`
	Timestamp     string               `json:"timestamp"`
	Products      []openVEXComponent   `json:"products"`
	Subcomponents []openVEXComponent   `json:"subcomponents"` // of every product: only before 0.2.0
	Status        string               `json:"status"`
	Justification string               `json:"justification"`
	Impact        string               `json:"impact_statement"`
	Action        string               `json:"action_statement"`
}

// openVEXVulnerability is a text before 0.2.0 (OPEV-0015), which is its name.
type openVEXVulnerability struct {
	ID      string   `json:"@id"`
	Name    string   `json:"name"`
	Aliases []string `json:"aliases"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *openVEXVulnerability) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return unquote(text, &v.Name)
	}
	type plain openVEXVulnerability
	return unmarshalWithin("a vulnerability", text, (*plain)(v))
}

// openVEXComponent is a product or a subcomponent; a text before 0.2.0 (OPEV-0014), which is its id.
type openVEXComponent struct {
	ID            string             `json:"@id"`
	Identifiers   map[string]string  `json:"identifiers"`
	Hashes        map[string]string  `json:"hashes"`
	Subcomponents []openVEXComponent `json:"subcomponents"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *openVEXComponent) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return unquote(text, &c.ID)
	}
	type plain openVEXComponent
	return unmarshalWithin("a product", text, (*plain)(c))
}

const openVEXNamespace = "https://openvex.dev/ns"

func isOpenVEX(context json.RawMessage) bool {
	var contexts words
	if context == nil || json.Unmarshal(context, &contexts) != nil {
		return false
	}
	return slices.ContainsFunc(contexts, func(c string) bool { return strings.HasPrefix(c, openVEXNamespace) })
}

// checkContext refuses a version that may mean something else by the same words. Without a version
// it is 0.0.1, or 0.2.0 as the specification's own examples have it; both are read.
func checkContext(contexts words) error {
	for _, context := range contexts {
		version, ours := strings.CutPrefix(context, openVEXNamespace)
		known := version == "" || version == "/" || strings.HasPrefix(version, "/v0.0.") || strings.HasPrefix(version, "/v0.2.")
		if ours && !known {
			return fmt.Errorf("@context is %.80q: want a version from 0.0.1 to 0.2.0 of OpenVEX; have it written anew", context)
		}
	}
	return nil
}

func decodeOpenVEX(text []byte) (Document, error) {
	var form openVEX
	if err := unmarshal(text, &form); err != nil {
		return Document{}, err
	}
	if err := checkContext(form.Context); err != nil {
		return Document{}, err
	}
	d := Document{Format: OpenVEX, ID: form.ID, Author: form.Author}
	var err error
	if d.Issued, err = readTime("timestamp", form.Timestamp); err != nil {
		return d, err
	}
	for _, required := range []struct {
		member string
		absent bool
	}{
		{"author", firstOf(d.Author) == ""}, {"timestamp", d.Issued.IsZero()}, {"statements", len(form.Statements) == 0},
	} {
		if required.absent {
			return d, fmt.Errorf("%s is absent, and OpenVEX demands it; correct the document", required.member)
		}
	}
	var count counter
	for i := range form.Statements {
		s, err := form.Statements[i].read(fmt.Sprintf("statements[%d]", i))
		if err != nil {
			return d, err
		}
		if err := d.add(s, &count); err != nil {
			return d, fmt.Errorf("statements[%d] %w", i, err)
		}
	}
	return d, nil
}

// read returns a statement; path is where it stands.
func (form *openVEXStatement) read(path string) (s advisory.VEXStatement, err error) {
	if s.Issued, err = readTime(path+".timestamp", form.Timestamp); err != nil {
		return s, err
	}
	if err := new(counter).add(max(len(form.Products), len(form.Subcomponents))); err != nil {
		return s, fmt.Errorf("%s %w", path, err)
	}
	v := form.Vulnerability
	s.Vulnerabilities = unique(append(append([]string{v.Name}, v.Aliases...), v.ID))
	s.Status = advisory.VEXStatus(form.Status)
	s.Justification = form.Justification
	switch s.Status {
	case advisory.VEXNotAffected:
		s.Impact = form.Impact
	case advisory.VEXAffected:
		s.Action = form.Action
	case advisory.VEXFixed, advisory.VEXUnderInvestigation: // they have no reason to state
	}
	shared, err := parts(path, form.Subcomponents)
	if err != nil {
		return s, err
	}
	for i := range form.Products {
		p, err := form.Products[i].product(fmt.Sprintf("%s.products[%d]", path, i), shared)
		if err != nil {
			return s, err
		}
		s.Products = append(s.Products, p)
	}
	if err := Check(s); err != nil {
		return s, fmt.Errorf("%s.%w", path, err)
	}
	return s, nil
}

// product returns what a statement is about; shared are parts that are named for all products.
func (c *openVEXComponent) product(path string, shared []string) (advisory.VEXProduct, error) {
	var digests []image.Digest
	for _, algorithm := range slices.Sorted(maps.Keys(c.Hashes)) {
		if !isSHA256(algorithm) {
			continue
		}
		digest, err := parseHash(c.Hashes[algorithm])
		if err != nil {
			return advisory.VEXProduct{}, fmt.Errorf("%s.hashes.%s is %.80q: want 64 hexadecimal digits; correct it", path, algorithm, c.Hashes[algorithm])
		}
		digests = append(digests, digest)
	}
	id := firstOf(c.names()...)
	if id == "" && len(digests) > 0 {
		id = digests[0].String()
	}
	if id == "" {
		return advisory.VEXProduct{}, fmt.Errorf("%s has neither @id nor identifiers nor a sha-256: name the product", path)
	}
	p := Product(id, []string{c.Identifiers["purl"]}, digests...)
	own, err := parts(path, c.Subcomponents)
	if err != nil {
		return p, err
	}
	if p.Subcomponents = shared; len(own) > 0 {
		p.Subcomponents = unique(slices.Concat(own, shared))
	}
	return p, nil
}

// names returns what a component is called, the most telling name first. The specification calls
// the identifiers cpe22 and cpe23, its JSON Schema @cpe22 and @cpe23.
func (c *openVEXComponent) names() []string {
	i := c.Identifiers
	return []string{c.ID, i["purl"], i["cpe23"], i["@cpe23"], i["cpe22"], i["@cpe22"]}
}

// parts returns the names of subcomponents.
func parts(path string, components []openVEXComponent) ([]string, error) {
	var names []string
	for i := range components {
		c := &components[i]
		part := Part(c.names()...)
		if len(part) == 0 {
			return nil, fmt.Errorf("%s.subcomponents[%d] has neither @id nor identifiers: name it, or the statement seems to be about the whole product", path, i)
		}
		if len(c.Subcomponents) > 0 {
			return nil, fmt.Errorf("%s.subcomponents[%d] has subcomponents of its own, and OpenVEX knows none; name those of the product", path, i)
		}
		names = append(names, part...)
	}
	return unique(names), nil
}

// Justifications returns the words that say why a product is not affected (OpenVEX specification
// 0.2.0, "Status Justifications"; CSAF has the same ones).
func Justifications() []string {
	return []string{
		"component_not_present",
		"vulnerable_code_not_present",
		"vulnerable_code_not_in_execute_path",
		"vulnerable_code_cannot_be_controlled_by_adversary",
		"inline_mitigations_already_exist",
	}
}

// Check returns what OpenVEX finds wrong with a statement, beginning with the member that is wrong.
func Check(s advisory.VEXStatement) error {
	switch {
	case firstOf(s.Vulnerabilities...) == "":
		return errors.New("vulnerability has no name: a statement needs one; correct it")
	case len(s.Products) == 0:
		return errors.New("products is absent or empty: a statement needs one; correct it")
	case s.Justification != "" && s.Status != advisory.VEXNotAffected && isStatus(s.Status):
		return fmt.Errorf("justification says why a product is not affected, and the status is %s; correct one of them", s.Status)
	case s.Justification != "" && !slices.Contains(Justifications(), s.Justification):
		return fmt.Errorf("justification is %.80q: want %s; correct it", s.Justification, strings.Join(Justifications(), ", "))
	}
	switch s.Status {
	case advisory.VEXNotAffected:
		if s.Justification == "" && firstOf(s.Impact) == "" {
			return errors.New("justification is absent, and so is impact_statement: not_affected needs one of them; state why")
		}
	case advisory.VEXAffected:
		if firstOf(s.Action) == "" {
			return errors.New("action_statement is absent: affected needs it; state what to do")
		}
	case advisory.VEXFixed, advisory.VEXUnderInvestigation:
	default:
		return fmt.Errorf("status is %.80q: want affected, not_affected, fixed or under_investigation; correct it", s.Status)
	}
	return nil
}

func isStatus(s advisory.VEXStatus) bool {
	return s == advisory.VEXAffected || s == advisory.VEXNotAffected || s == advisory.VEXFixed || s == advisory.VEXUnderInvestigation
}
