package vex

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image"
)

// The members of a CycloneDX document that are read. Analyses are there since 1.4; 1.7 has them as
// 1.6 does.
type bom struct {
	SpecVersion  string `json:"specVersion"`
	SerialNumber string `json:"serialNumber"`
	Version      int    `json:"version"`
	Metadata     struct {
		Timestamp    string        `json:"timestamp"`
		Component    *bomComponent `json:"component"`
		Manufacturer bomAuthor     `json:"manufacturer"` // who made the document, since 1.6
		Authors      []bomAuthor   `json:"authors"`      // persons
	} `json:"metadata"`
	Components      []bomComponent     `json:"components"`
	Services        []bomComponent     `json:"services"`
	Vulnerabilities []bomVulnerability `json:"vulnerabilities"`
}

type bomAuthor struct {
	Name string `json:"name"`
}

type bomComponent struct {
	Ref        string         `json:"bom-ref"`
	Group      string         `json:"group"`
	Name       string         `json:"name"`
	Version    string         `json:"version"`
	PURL       string         `json:"purl"`
	CPE        string         `json:"cpe"`
	Hashes     []bomHash      `json:"hashes"`
	Components []bomComponent `json:"components"`
	Services   []bomComponent `json:"services"`
}

type bomHash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type bomVulnerability struct {
	ID         string `json:"id"`
	References []struct {
		ID string `json:"id"`
	} `json:"references"`
	Analysis       bomAnalysis  `json:"analysis"`
	Recommendation string       `json:"recommendation"`
	Workaround     string       `json:"workaround"`
	Affects        []bomAffects `json:"affects"`
}

type bomAnalysis struct {
	State         string `json:"state"`
	Justification string `json:"justification"`
	Detail        string `json:"detail"`
	FirstIssued   string `json:"firstIssued"` // since 1.5
	LastUpdated   string `json:"lastUpdated"`
	Response      words  `json:"response"`
}

type bomAffects struct {
	Ref      string       `json:"ref"`
	Versions []bomVersion `json:"versions"`
}

type bomVersion struct {
	Version string `json:"version"`
	Range   string `json:"range"`
	Status  string `json:"status"`
}

func decodeCycloneDX(text []byte) (Document, error) {
	var form bom
	if err := unmarshal(text, &form); err != nil {
		return Document{}, err
	}
	if !slices.Contains([]string{"1.4", "1.5", "1.6", "1.7"}, form.SpecVersion) {
		return Document{}, fmt.Errorf("specVersion is %.40q: want 1.4 to 1.7; have it written anew", form.SpecVersion)
	}
	b, err := newBOMReader(&form)
	if err != nil {
		return Document{}, err
	}
	d := Document{Format: CycloneDX, ID: b.link, Author: form.author()}
	if d.Issued, err = readTime("metadata.timestamp", form.Metadata.Timestamp); err != nil {
		return d, err
	}
	var count, made counter
	for i := range form.Vulnerabilities {
		v := &form.Vulnerabilities[i]
		if v.Analysis.State == "" {
			continue // found, and nothing is said of it
		}
		path := fmt.Sprintf("vulnerabilities[%d]", i)
		s, err := b.statement(path, v, &made)
		if err != nil {
			return d, err
		}
		if len(s.Products) == 0 && len(v.Affects) > 0 {
			continue // each version that it names is one that the analysis is not about
		}
		if err := d.add(s, &count); err != nil {
			return d, fmt.Errorf("%s %w", path, err)
		}
	}
	if len(d.Statements) == 0 {
		return d, errors.New("no vulnerability in it has an analysis with a state, so it is a bill of materials that states nothing; leave it out, or state what was found")
	}
	return d, nil
}

func (form *bom) author() string {
	if name := form.Metadata.Manufacturer.Name; name != "" {
		return name
	}
	for _, author := range form.Metadata.Authors {
		if author.Name != "" {
			return author.Name
		}
	}
	return ""
}

// bomReader finds what a vulnerability affects.
type bomReader struct {
	link       string        // the BOM-Link of the document; empty without a serial number
	root       *bomComponent // what the document describes; nil if it does not say
	rootPURL   string
	components map[string]*bomComponent // by bom-ref
}

func newBOMReader(form *bom) (*bomReader, error) {
	b := &bomReader{root: form.Metadata.Component, components: map[string]*bomComponent{}}
	if serial, ok := strings.CutPrefix(form.SerialNumber, "urn:uuid:"); ok {
		b.link = fmt.Sprintf("urn:cdx:%s/%d", serial, max(form.Version, 1)) // its default is 1
	}
	if b.root != nil {
		b.rootPURL, _ = read(b.root.PURL)
		if err := b.index(b.root); err != nil {
			return nil, err
		}
	}
	return b, cmp.Or(b.indexAll(form.Components), b.indexAll(form.Services))
}

// index takes in a component and those within it.
func (b *bomReader) index(c *bomComponent) error {
	if c.Ref != "" {
		if b.components[c.Ref] != nil {
			return fmt.Errorf("the bom-ref %.120q is there twice, so nobody knows what is affected; have it written anew", c.Ref)
		}
		b.components[c.Ref] = c
	}
	return cmp.Or(b.indexAll(c.Components), b.indexAll(c.Services))
}

func (b *bomReader) indexAll(components []bomComponent) error {
	for i := range components {
		if err := b.index(&components[i]); err != nil {
			return err
		}
	}
	return nil
}

// statement returns what an analysis says.
func (b *bomReader) statement(path string, v *bomVulnerability, made *counter) (s advisory.VEXStatement, err error) {
	a := &v.Analysis
	if s.Issued, err = readTime(path+".analysis.firstIssued", a.FirstIssued); err != nil {
		return s, err
	}
	updated, err := readTime(path+".analysis.lastUpdated", a.LastUpdated)
	if err != nil {
		return s, err
	}
	if !updated.IsZero() {
		s.Issued = updated
	}
	names := []string{v.ID}
	for _, reference := range v.References {
		names = append(names, reference.ID)
	}
	s.Vulnerabilities = unique(names)
	if s.Status, err = analysisStatus(a.State); err != nil {
		return s, fmt.Errorf("%s.analysis.%w", path, err)
	}
	word, err := justification(a.Justification)
	if err != nil {
		return s, fmt.Errorf("%s.analysis.%w", path, err)
	}
	switch s.Status {
	case advisory.VEXNotAffected:
		s.Justification, s.Impact = word, a.impact(word)
	case advisory.VEXAffected:
		s.Action = firstOf(v.Recommendation, v.Workaround, strings.Join(a.Response, ", "))
	case advisory.VEXFixed, advisory.VEXUnderInvestigation: // they have no reason to state
	}
	s.Products, err = b.products(path, s.Status, v.Affects, made)
	return s, err
}

// analysisStatus returns VEX's word for a state (CycloneDX 1.6, "impactAnalysisState").
func analysisStatus(state string) (advisory.VEXStatus, error) {
	switch state {
	case "exploitable":
		return advisory.VEXAffected, nil
	case "not_affected", "false_positive":
		return advisory.VEXNotAffected, nil
	case "resolved", "resolved_with_pedigree":
		return advisory.VEXFixed, nil
	case "in_triage":
		return advisory.VEXUnderInvestigation, nil
	}
	return "", fmt.Errorf("state is %.80q: want exploitable, not_affected, false_positive, resolved, resolved_with_pedigree or in_triage; correct it", state)
}

// justification returns OpenVEX's word for one of CycloneDX ("impactAnalysisJustification"), where
// it claims no more than that. OpenVEX's mitigations are built in, prevent all known attacks and
// cannot be turned off. A firewall (protected_at_perimeter) is not built in, a control that makes
// exploits less likely prevents nothing, and a configuration, an environment or a dependency
// (requires_…) can change: those have no word, and are kept in Impact.
func justification(word string) (string, error) {
	switch word {
	case "code_not_present":
		return "vulnerable_code_not_present", nil
	case "code_not_reachable":
		return "vulnerable_code_not_in_execute_path", nil
	case "protected_by_compiler":
		return "inline_mitigations_already_exist", nil
	case "", "requires_configuration", "requires_dependency", "requires_environment",
		"protected_at_runtime", "protected_at_perimeter", "protected_by_mitigating_control":
		return "", nil
	}
	return "", fmt.Errorf("justification is %.80q, which CycloneDX does not know; correct it", word)
}

// impact returns the reason in free words. It begins with CycloneDX's word for it if that has none
// in OpenVEX; a false positive is a reason, too.
func (a *bomAnalysis) impact(justification string) string {
	stated := a.Justification
	if stated == "" && a.State == "false_positive" {
		stated = a.State
	}
	switch {
	case stated == "" || justification != "":
		return a.Detail
	case a.Detail == "":
		return stated
	default:
		return stated + ": " + a.Detail
	}
}

// products returns what an analysis is about. If the document describes a product, what is
// affected is a part of it, unless it is that product.
func (b *bomReader) products(path string, status advisory.VEXStatus, affects []bomAffects, made *counter) ([]advisory.VEXProduct, error) {
	var products []advisory.VEXProduct
	var parts []string
	for i := range affects {
		at := fmt.Sprintf("%s.affects[%d]", path, i)
		c, err := b.find(at, affects[i].Ref)
		if err != nil {
			return nil, err
		}
		variants, err := ofVersions(at, c, status, affects[i].Versions, made)
		if err != nil {
			return nil, err
		}
		for _, v := range variants {
			if b.root == nil || c == b.root {
				products = append(products, Product(v.names[0], v.names[1:], v.digests...))
				continue
			}
			parts = append(parts, Part(v.names...)...)
		}
	}
	if len(parts) > 0 {
		whole, err := whole(b.root, "metadata.component")
		if err != nil {
			return nil, err
		}
		p := Product(whole.names[0], whole.names[1:], whole.digests...)
		p.Subcomponents = unique(parts)
		products = append(products, p)
	}
	return products, nil
}

// find returns what a reference names: a component of this document, or by a BOM-Link
// (urn:cdx:SERIAL/VERSION#BOM-REF) one of another.
func (b *bomReader) find(path, ref string) (*bomComponent, error) {
	if ref == "" {
		return nil, fmt.Errorf("%s.ref is absent: name what is affected", path)
	}
	if c := b.components[ref]; c != nil {
		return c, nil
	}
	document, fragment, _ := strings.Cut(ref, "#")
	isLink := strings.HasPrefix(ref, "urn:cdx:")
	if isLink && document == b.link {
		if c := b.inOwn(fragment); c != nil {
			return c, nil
		}
	}
	if isLink {
		return b.foreign(ref, fragment), nil
	}
	if purl, _ := read(ref); purl != "" {
		return &bomComponent{Ref: ref, PURL: ref}, nil
	}
	return nil, fmt.Errorf("%s.ref is %.120q, and the document has no component of that bom-ref; correct it", path, ref)
}

// inOwn returns the component that the fragment of a link to this document names; without a
// fragment the link is to the document, and so to what it describes.
func (b *bomReader) inOwn(fragment string) *bomComponent {
	if fragment == "" {
		return b.root
	}
	if c := b.components[fragment]; c != nil {
		return c
	}
	unescaped, err := url.PathUnescape(fragment)
	if err != nil {
		return nil
	}
	return b.components[unescaped]
}

// foreign returns what is known of a component of another document: its package URL, if the
// fragment is one, as it is or escaped. It is this document's product if that has the same one;
// the same bom-ref in two documents means nothing.
func (b *bomReader) foreign(ref, fragment string) *bomComponent {
	c := &bomComponent{Ref: ref}
	unescaped, err := url.PathUnescape(fragment)
	if err != nil {
		unescaped = fragment
	}
	for _, candidate := range []string{fragment, unescaped} {
		purl, _ := read(candidate)
		if purl == "" {
			continue
		}
		if purl == b.rootPURL {
			return b.root
		}
		c.PURL = candidate
		break
	}
	return c
}

// variant is what a component is called, the most telling name first, and its digests.
type variant struct {
	names   []string
	digests []image.Digest
	version string         // as the document describes it
	purl    ecosystem.PURL // zero if it has none that can be read
}

// whole returns a component as it is.
func whole(c *bomComponent, path string) (variant, error) {
	v := variant{version: c.Version}
	if purl, err := ecosystem.ParsePURL(c.PURL); err == nil {
		v.purl = purl
	}
	for _, hash := range c.Hashes {
		if !isSHA256(hash.Algorithm) {
			continue
		}
		digest, err := parseHash(hash.Content)
		if err != nil {
			return v, fmt.Errorf("the hash %.80q of %s is no SHA-256: want 64 hexadecimal digits; correct it", hash.Content, path)
		}
		v.digests = append(v.digests, digest)
	}
	name := strings.TrimPrefix(c.Group+"/"+c.Name, "/")
	if c.Version != "" && name != "" {
		name += "@" + c.Version
	}
	purl := c.PURL
	if ref, _ := read(c.Ref); purl == "" && ref != "" {
		purl = c.Ref
	}
	v.names = slices.DeleteFunc([]string{purl, name, c.CPE}, func(s string) bool { return strings.TrimSpace(s) == "" })
	if len(v.names) == 0 && c.Ref != "" {
		v.names = []string{c.Ref}
	}
	if len(v.names) == 0 {
		return v, fmt.Errorf("%s has neither name nor package URL nor bom-ref: name the product", path)
	}
	return v, nil
}

// ofVersions returns a component in the versions that an analysis is about: as it is if none are
// named.
func ofVersions(path string, c *bomComponent, status advisory.VEXStatus, versions []bomVersion, made *counter) ([]variant, error) {
	as, err := whole(c, path+".ref")
	if err != nil {
		return nil, err
	}
	if err := made.add(1, as.names...); err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	if len(versions) == 0 {
		return []variant{as}, nil
	}
	var variants []variant
	for i, v := range versions {
		if v.Version == "" && v.Range == "" {
			return nil, fmt.Errorf("%s.versions[%d] has neither version nor range; correct it", path, i)
		}
		counts, known := versionCounts(status, v.Status, as.isVersion(v.Version))
		if !known {
			return nil, fmt.Errorf("%s.versions[%d].status is %.80q: want affected, unaffected or unknown; correct it", path, i, v.Status)
		}
		if !counts {
			continue
		}
		if err := made.add(1, as.names[0]); err != nil {
			return nil, fmt.Errorf("%s %w", path, err)
		}
		variants = append(variants, as.in(v))
	}
	return variants, nil
}

// versionCounts tells whether an analysis is about a version of this status, and whether that is
// one of CycloneDX's words.
//
// Without a status it is: the default is affected, and documents leave it out for versions that
// are resolved, too. Of the version that the document describes, own, affected says what the
// vulnerability's record says, and the analysis is the answer to it: scanners write it so.
func versionCounts(analysis advisory.VEXStatus, version string, own bool) (counts, known bool) {
	takesAway := analysis == advisory.VEXNotAffected || analysis == advisory.VEXFixed
	switch version {
	case "":
		return true, true
	case "affected":
		return !takesAway || own, true
	case "unaffected":
		return takesAway, true
	case "unknown":
		return analysis == advisory.VEXUnderInvestigation, true
	}
	return false, false
}

// isVersion tells whether a version is the one that the document describes.
func (v variant) isVersion(version string) bool {
	return version != "" && (version == v.version || version == v.purl.Version)
}

// in returns a component in a version or a range. Its digests are those of the version that the
// document describes, and an image's package URL has a digest for a version.
func (v variant) in(other bomVersion) variant {
	if v.isVersion(other.Version) {
		return v
	}
	if other.Version == "" || v.purl.Type == "" || isImage(v.purl) {
		return variant{names: []string{inVersions(firstOf(other.Version, other.Range), v.names[0])}}
	}
	purl := v.purl
	purl.Version = other.Version
	return variant{names: []string{purl.String()}}
}
