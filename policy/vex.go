package policy

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

// told is one statement of a VEX document, and what became of it.
type told struct {
	advisory.VEXStatement
	id      string
	called  []string // keys of findings of its vulnerability
	about   []string // keys of those in its products
	applied []string
	why     string // of the first finding that it is not about
	refused string
	signed  bool
}

// SignedVEX is a statement of a VEX document whose signature was verified.
type SignedVEX struct {
	advisory.VEXStatement
	SignedBy []string // as the trust calls them
}

// applyVEX gives findings the status that VEX documents state. Of several statements about one finding the newest counts; of
// equally old ones, the one that suppresses least.
//
// It returns what became of each, and the ids of those that were applied though nobody has signed
// them. With signedOnly these do not count.
func (s *subject) applyVEX(in *Input, covering []Policy, signedOnly bool) (list []verdict.Exception, unsigned []string) {
	statements := statementsOf(in, covering)
	if signedOnly {
		statements = slices.DeleteFunc(statements, func(t told) bool { return !t.signed })
	}
	for i := range s.findings {
		f := &s.findings[i]
		if f.Kind != finding.Vulnerability {
			continue
		}
		var newest *told
		for j := range statements {
			t := &statements[j]
			if t.isAbout(s, in, f) && (newest == nil || t.outweighs(newest)) {
				newest = t
			}
		}
		if newest != nil {
			newest.applied = append(newest.applied, f.Key)
			f.Status, f.VEX = finding.Status(newest.Status), newest.id
		}
	}
	for i := range statements {
		t := &statements[i]
		list = append(list, t.report())
		if len(t.applied) > 0 && !t.signed {
			unsigned = append(unsigned, t.id)
		}
	}
	return list, unsigned
}

// statementsOf orders and numbers statements by document. A signed one counts if every policy in scope
// names one of its signers: a status is the finding's, whatever the policy.
func statementsOf(in *Input, covering []Policy) []told {
	list := make([]told, 0, len(in.VEX)+len(in.SignedVEX))
	for _, statement := range in.VEX {
		list = append(list, told{VEXStatement: statement})
	}
	for _, statement := range in.SignedVEX {
		t := told{VEXStatement: statement.VEXStatement, signed: true}
		for p := range covering {
			if !slices.ContainsFunc(statement.SignedBy, func(name string) bool { return slices.Contains(covering[p].vexSigners, name) }) {
				t.refused = "policy " + covering[p].name + " names none of its signers in vex.signers"
			}
		}
		list = append(list, t)
	}
	number := map[string]int{}
	for i := range list {
		number[list[i].Document]++
		list[i].id = fmt.Sprintf("%s#%d", list[i].Document, number[list[i].Document])
	}
	slices.SortStableFunc(list, func(a, b told) int { return strings.Compare(a.Document, b.Document) })
	return list
}

// outweighs tells whether a statement counts before another about the same finding.
func (t *told) outweighs(other *told) bool {
	if !t.Issued.Equal(other.Issued) {
		return t.Issued.After(other.Issued)
	}
	order := []advisory.VEXStatus{advisory.VEXNotAffected, advisory.VEXFixed, advisory.VEXUnderInvestigation, advisory.VEXAffected}
	return slices.Index(order, t.Status) > slices.Index(order, other.Status)
}

// isAbout tells whether a statement is about a finding, and remembers why not.
func (t *told) isAbout(s *subject, in *Input, f *finding.Finding) bool {
	if !slices.ContainsFunc(t.Vulnerabilities, func(id string) bool { return isCalled(f, id) }) || t.refused != "" && t.signed {
		return false
	}
	t.called = append(t.called, f.Key)
	if t.Status == advisory.VEXNotAffected && t.Justification == "" && t.Impact == "" {
		t.refused = "it says not affected, and not why"
		return false
	}
	for i := range t.Products {
		about, why := s.isAbout(&t.Products[i], in, f)
		if about {
			t.about = append(t.about, f.Key)
			return true
		}
		if t.why == "" {
			t.why = why
		}
	}
	return false
}

func (t *told) report() verdict.Exception {
	e := verdict.Exception{ID: t.id, State: verdict.Unused, Applied: sortedSet(t.applied)}
	if len(t.Vulnerabilities) > 0 {
		e.Vulnerability = t.Vulnerabilities[0]
	}
	switch {
	case len(t.applied) > 0:
		e.State = verdict.Used
	case t.refused != "":
		e.State, e.Why = verdict.Refused, t.refused
	case len(t.about) > 0:
		e.Why = "another statement about the same is newer, or suppresses less"
	case len(t.called) > 0:
		e.Why = t.why
	default:
		e.Why = "nothing that was found is " + orList(t.Vulnerabilities)
	}
	return e
}

// isAbout tells whether a product means a finding in this image; if not, why. A product is the
// image, and then all of it or the subcomponents that are named; or it is the package itself.
func (s *subject) isAbout(p *advisory.VEXProduct, in *Input, f *finding.Finding) (bool, string) {
	whole, why := isImage(p, in)
	switch {
	case whole && len(p.Subcomponents) == 0:
		return true, ""
	case whole:
		if slices.ContainsFunc(p.Subcomponents, func(purl string) bool { return s.isPackage(purl, f.Package) }) {
			return true, ""
		}
		return false, fmt.Sprintf("its subcomponents are %s, and it was found in %s", some(p.Subcomponents, ", "), f.Package)
	case slices.ContainsFunc(p.PURLs, func(purl string) bool { return s.isPackage(purl, f.Package) }):
		return true, ""
	case why != "":
		return false, why
	case len(p.PURLs) == 0 && len(p.Digests) == 0:
		return false, fmt.Sprintf("its product %q names neither this image nor a package", p.ID)
	default:
		return false, fmt.Sprintf("its product is %s, and it was found in %s", some(append(slices.Clone(p.PURLs), p.Digests...), ", "), f.Package)
	}
}

// isImage tells whether a product is the image: by a digest, or by the name of its repository.
func isImage(p *advisory.VEXProduct, in *Input) (is bool, why string) {
	for _, d := range p.Digests {
		if hasDigest(in, d) {
			return true, ""
		}
		why = "its product is the digest " + d + ", and this image has another"
	}
	for _, purl := range p.PURLs {
		is, because := isImagePURL(purl, in)
		if is {
			return true, ""
		}
		if because != "" {
			why = because
		}
	}
	name, digest, hasIt := strings.Cut(p.ID, "@")
	switch {
	case hasIt && !strings.HasPrefix(p.ID, "pkg:"):
		if hasDigest(in, digest) && (in.Repository == "" || image.RepositoryOf(name) == in.Repository) {
			return true, ""
		}
	case in.Repository != "" && (p.ID == in.Repository || in.Tag != "" && p.ID == in.Repository+":"+in.Tag):
		return true, ""
	}
	return false, why
}

func hasDigest(in *Input, text string) bool {
	d, err := image.ParseDigest(text)
	target := in.Facts.Target
	return err == nil && (d == target.Digest || d == target.IndexDigest || d == target.ImageID)
}

// isImagePURL compares the image with a package URL of the type oci or docker, whose version is a
// digest and whose qualifier repository_url is the repository (purl-spec, "oci"). A name alone is
// no image: many have it.
func isImagePURL(purl string, in *Input) (is bool, why string) {
	path, version, ok := splitPURL(purl)
	if !ok || !strings.HasPrefix(path, "pkg:oci/") && !strings.HasPrefix(path, "pkg:docker/") {
		return false, ""
	}
	if arch := qualifier(purl, "arch"); arch != "" && in.Facts.Target.Platform != "" && !strings.Contains("/"+in.Facts.Target.Platform+"/", "/"+arch+"/") {
		return false, "its product is for the architecture " + arch + ", and this image for " + in.Facts.Target.Platform
	}
	repository := qualifier(purl, "repository_url")
	switch {
	case version != "" && hasDigest(in, version):
		return true, ""
	case strings.HasPrefix(version, "sha256:"):
		return false, "its product is " + path + " at the digest " + version + ", and this image has another"
	case repository == "":
		return false, "its product " + path + " names neither a digest nor a repository_url"
	case repository != in.Repository:
		return false, "its product is in " + repository + choose(in.Repository == "", ", and this image has no name", ", and this image is "+in.Repository)
	case version != "" && version != in.Tag:
		return false, "its product is the tag " + version + ", and this image has " + choose(in.Tag == "", "none", in.Tag)
	default:
		return true, ""
	}
}

// isPackage tells whether a package URL of a statement means a package: its name or its source's,
// its version if one is stated, and its architecture if both state one. Other qualifiers say
// where a package is from, in words that differ from tool to tool.
func (s *subject) isPackage(stated, purl string) bool {
	path, version, ok := splitPURL(stated)
	name, known := s.nameOfPURL(purl)
	if !ok || !known {
		return false
	}
	arch, own := qualifier(stated, "arch"), s.archOf(purl)
	if arch != "" && arch != "source" && own != "" && arch != own {
		return false
	}
	is := func(itsPath, itsVersion string) bool {
		return path == itsPath && (version == "" || version == itsVersion)
	}
	return is(name.path, name.version) || is(name.sourcePath, name.sourceVersion)
}

func (s *subject) archOf(purl string) string {
	if p := s.packages[purl]; p != nil {
		return p.Arch
	}
	return qualifier(purl, "arch")
}

// qualifier returns one of a package URL's qualifiers.
func qualifier(purl, name string) string {
	purl, _, _ = strings.Cut(purl, "#")
	_, qualifiers, _ := strings.Cut(purl, "?")
	for _, pair := range strings.Split(qualifiers, "&") {
		if key, value, _ := strings.Cut(pair, "="); key == name {
			plain, _ := unescape(value)
			return plain
		}
	}
	return ""
}
