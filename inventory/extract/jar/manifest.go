package jar

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// attributes are those of a manifest, or of one of its sections, that tell what a jar is.
type attributes struct {
	title, vendorID, symbolicName, bundleName, module string
	implementation, bundle                            string // versions
}

// version is the one that is stated. The implementation's comes first: it is the artifact's own,
// and the bundle's is that in OSGi's form (2.1-SNAPSHOT as 2.1.0.SNAPSHOT). A specification's
// version is that of an interface, and says nothing of the jar.
func (a *attributes) version() string {
	if isVersion(a.implementation) {
		return a.implementation
	}
	if isVersion(a.bundle) {
		return a.bundle
	}
	return ""
}

// parseManifest reads a manifest (JAR File Specification, "JAR Manifest"). Its main section
// speaks of the jar. Where that has no version, those of its packages count if they agree: Ant
// builds of old wrote them there.
func parseManifest(content []byte) evidence {
	var main, section, packages attributes
	agree, inMain := true, true
	name := ""
	endSection := func() {
		if !inMain && strings.HasSuffix(name, "/") && isVersion(section.implementation) {
			agree = agree && (packages.implementation == "" || packages.implementation == section.implementation)
			packages = section
		}
		section, name = attributes{}, ""
	}
	into := &main
	for line, rest := nextLine(content); line != nil; line, rest = nextLine(rest) {
		if len(line) == 0 {
			endSection()
			inMain, into = false, &section
			continue
		}
		for len(rest) > 0 && rest[0] == ' ' {
			var more []byte
			more, rest = nextLine(rest)
			line = append(line[:len(line):len(line)], more[1:]...)
		}
		key, value, found := bytes.Cut(line, []byte(":"))
		if !found {
			continue
		}
		if text := plainText(value); bytes.EqualFold(key, []byte("Name")) {
			name = text
		} else {
			into.set(key, text)
		}
	}
	endSection()
	if main.version() == "" && agree && packages.implementation != "" {
		main.title, main.implementation = packages.title, packages.implementation
		if main.vendorID == "" {
			main.vendorID = packages.vendorID
		}
	}
	return main.evidence()
}

// set keeps an attribute that is of use. Names are not case-sensitive.
func (a *attributes) set(key []byte, value string) {
	for _, known := range [...]struct {
		name string
		into *string
	}{
		{"Implementation-Title", &a.title}, {"Implementation-Version", &a.implementation},
		{"Implementation-Vendor-Id", &a.vendorID}, {"Bundle-SymbolicName", &a.symbolicName},
		{"Bundle-Version", &a.bundle}, {"Bundle-Name", &a.bundleName}, {"Automatic-Module-Name", &a.module},
	} {
		if len(key) == len(known.name) && strings.EqualFold(string(key), known.name) {
			*known.into = value
		}
	}
}

// evidence is what the attributes tell.
func (a *attributes) evidence() evidence {
	symbolicName, _, _ := strings.Cut(a.symbolicName, ";")
	return evidence{
		title: a.title, bundleName: a.bundleName, symbolicName: strings.TrimSpace(symbolicName), module: a.module,
		vendorID: a.vendorID, version: a.version(), hasManifest: true,
	}
}

// nextLine cuts off a line; nil at the end. Lines end with CR LF, LF or CR.
func nextLine(content []byte) (line, rest []byte) {
	if len(content) == 0 {
		return nil, nil
	}
	i := bytes.IndexAny(content, "\r\n")
	if i < 0 {
		return content, nil
	}
	line, rest = content[:i:i], content[i+1:]
	if content[i] == '\r' && len(rest) > 0 && rest[0] == '\n' {
		rest = rest[1:]
	}
	return line, rest
}

// plainText is a value without the spaces around it; "" for one that no name is.
func plainText(value []byte) string {
	value = bytes.TrimSpace(value)
	if len(value) > record.MaxText || !utf8.Valid(value) || bytes.ContainsFunc(value, unicode.IsControl) {
		return ""
	}
	return string(value)
}

// isVersion tells whether a text can be a version: a word with a digit that no build tool has
// left to be filled in.
func isVersion(text string) bool {
	return record.IsWord([]byte(text)) && strings.ContainsAny(text, "0123456789") && !strings.ContainsAny(text, "${}@:")
}
