package vex

import (
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image"
)

// Product returns what a statement is about: id as it is written, the package URLs among id and
// purls in their canonical form, and the digests of the image that it is. Those are digests, and
// what id and package URLs say: the version of pkg:oci is the digest of a manifest (purl-spec,
// types/oci), and registry.example/app@sha256:… names one too.
//
// A package URL that cannot be read identifies nothing.
func Product(id string, purls []string, digests ...image.Digest) advisory.VEXProduct {
	p := advisory.VEXProduct{ID: id}
	var stated []image.Digest
	for _, name := range append([]string{id}, purls...) {
		purl, digest := read(name)
		if purl != "" && !slices.Contains(p.PURLs, purl) {
			p.PURLs = append(p.PURLs, purl)
		}
		stated = append(stated, digest)
	}
	for _, digest := range append(stated, digests...) {
		if !digest.IsZero() && !slices.Contains(p.Digests, digest.String()) {
			p.Digests = append(p.Digests, digest.String())
		}
	}
	return p
}

// Part returns what advisory.VEXProduct has of a subcomponent: its package URLs in their canonical
// form, or, if it has none, the first other name. That one matches nothing; were it left out, the
// statement would be about the whole product. Nothing is returned for what has no name at all.
func Part(names ...string) []string {
	var purls, others []string
	for _, name := range names {
		purl, _ := read(name)
		switch {
		case purl == "" && strings.TrimSpace(name) != "":
			others = append(others, name)
		case purl != "" && !slices.Contains(purls, purl):
			purls = append(purls, purl)
		}
	}
	if len(purls) == 0 && len(others) > 0 {
		return others[:1]
	}
	return purls
}

// read returns the package URL that a name is, and the digest that it states.
func read(name string) (purl string, digest image.Digest) {
	if len(name) >= len("pkg:") && strings.EqualFold(name[:len("pkg:")], "pkg:") {
		p, err := ecosystem.ParsePURL(name)
		if err != nil {
			return "", digest
		}
		if isImage(p) {
			digest = parseDigest(p.Version)
		}
		return p.String(), digest
	}
	return "", parseDigest(name[strings.LastIndexByte(name, '@')+1:])
}

// isImage tells whether a package URL names an image, whose version may be a digest.
func isImage(p ecosystem.PURL) bool { return p.Type == "oci" || p.Type == "docker" }

// parseDigest returns the digest that a text is, and none if it is another.
func parseDigest(text string) image.Digest {
	d, err := image.ParseDigest(text)
	if err != nil {
		return image.Digest{}
	}
	return d
}

// parseHash reads a SHA-256 in hexadecimal digits of either case, as all three formats have it.
func parseHash(hexadecimal string) (image.Digest, error) {
	return image.ParseDigest("sha256:" + strings.ToLower(hexadecimal))
}

// isSHA256 tells whether an algorithm's name is that of SHA-256: sha-256 in OpenVEX, SHA-256 in
// CycloneDX, sha256 in CSAF.
func isSHA256(algorithm string) bool {
	return strings.EqualFold(algorithm, "sha-256") || strings.EqualFold(algorithm, "sha256")
}

// inVersions names a product in versions that no package URL says. Neither a package URL nor a
// digest is read out of such a name, as that would be all versions or another one.
func inVersions(versions, name string) string { return "version " + versions + " of (" + name + ")" }

// firstOf returns the first text that is not empty.
func firstOf(texts ...string) string {
	for _, text := range texts {
		if strings.TrimSpace(text) != "" {
			return text
		}
	}
	return ""
}

// unique returns the texts that are not empty, each once, in their order.
func unique(texts []string) []string {
	var kept []string
	seen := make(map[string]bool, len(texts))
	for _, text := range texts {
		if strings.TrimSpace(text) != "" && !seen[text] {
			seen[text] = true
			kept = append(kept, text)
		}
	}
	return kept
}
