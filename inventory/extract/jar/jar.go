// Package jar finds the artifacts in Java archives: jars, web and enterprise applications, and the
// archives that lie in them, to a depth of 8. Archives are read where they are; one that is
// compressed in another is inflated to memory, or beyond 8 MiB to an unlinked temporary file.
//
// What an archive is, is taken from the first of these that says it:
//
//  1. Every META-INF/maven/GROUP/ARTIFACT/pom.properties. They state group, artifact and version,
//     so they are sure. A jar that others were copied into (shaded) holds theirs too: each is
//     listed, and sure as well, as each names itself. What none of them states is whether all
//     of an artifact's classes were copied. If none is the jar's own, 2 applies beside them.
//  2. The manifest, if it states a version: that of Implementation-Version, else Bundle-Version.
//     The artifact is Implementation-Title, else Bundle-Name, if that is a name and not a phrase,
//     else the file's name without its version, else the end of Bundle-SymbolicName.
//  3. The file's name, such as dom4j-2.1.1.jar, for a jar with classes. It is a gap as well: the
//     list of packages is not known to be right.
//
// Advisories name GROUP:ARTIFACT, and neither a manifest nor a file's name states a group. In 2
// and 3 it is deduced: from a table of projects whose group is not the name of their packages,
// from a bundle's or module's name that ends with the artifact, or from Implementation-Vendor-Id.
// What is deduced is Guessed. Failing that, the package that holds three quarters of the classes
// is tried as the group. It is right about every second time, so it is a gap too, as it is where
// no group is found at all: a wrong one finds no advisory. An archive without classes (an archive
// of archives, sources, documentation) is no gap, as it runs nothing itself.
//
// Other scanners look a jar up by its checksum where these files do not suffice (Trivy, in a database
// of its own), or guess a group too (anchore/syft#2217). Here a guess is marked as one, and what is
// not identified is told.
//
// A zip describes each file twice, so two readers may see two different archives. Where the
// descriptions differ, where a name is there twice with two contents, where a zip has two ends or
// two directories, the archive is a gap. A file that has an archive's name and is no zip is passed over.
//
// It does not see: what a jar's classes are, if nothing names them; a jar by its checksum;
// pom.xml files; a Java archive by another name; the classes of a native image; a JDK.
// Limits: see limits.go. What is beyond them is a gap.
package jar

import (
	"bytes"
	"context"
	"errors"
	"path"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const purlType = "maven"

// Extractor is an extract.Extractor.
type Extractor struct{}

// New returns an Extractor.
func New() Extractor { return Extractor{} }

// Name implements rootfs.Visitor.
func (Extractor) Name() string { return "jar" }

// Version implements rootfs.Visitor.
func (Extractor) Version() int { return 3 }

// Known returns nothing: Java archives may lie anywhere.
func (Extractor) Known() []string { return nil }

// Wants implements rootfs.Visitor. A name decides: what a file begins with says little, as Java
// finds an archive by its end, and a script or a picture may stand before it.
func (Extractor) Wants(e *rootfs.Entry, _ []byte) rootfs.Want {
	if e.Size < endSize || !isArchive(e.Path) {
		return rootfs.Ignore
	}
	return rootfs.Costly
}

// Visit returns what the archive says of itself, and the packages in it; nothing for what is no
// archive. What the archive is may need the file's name, so that is for Assemble to tell: the
// result is one of the content alone.
func (Extractor) Visit(ctx context.Context, f *rootfs.File) ([]byte, error) {
	if f.At == nil {
		return nil, errors.New("a Java archive cannot be read as a stream")
	}
	return visit(ctx, f, defaultLimits())
}

func visit(ctx context.Context, f *rootfs.File, l limits) ([]byte, error) {
	w := newWalk(ctx, l)
	e, err := w.archive(archive{at: &source{f.At, w}, size: f.Size})
	if err == nil {
		err = w.failed
	}
	if err != nil {
		return nil, err
	}
	contents := w.contents()
	if e == (evidence{}) && len(contents.Packages)+len(contents.Gaps) == 0 {
		return nil, nil
	}
	return append(e.encode(), contents.Encode()...), nil
}

// Assemble implements extract.Extractor.
func (Extractor) Assemble(files []record.File, found *record.Found) {
	found.LookedFor(purlType)
	for _, file := range files {
		if file.Data != nil {
			file.Data = identified(path.Base(file.Path), file.Data)
		}
		found.AddContents(file, purlType, func(p record.Package) string {
			group, artifact, ok := strings.Cut(p.Name, ":")
			if !ok {
				group, artifact = "", p.Name
			}
			return ecosystem.MavenPURL(group, artifact, p.Version)
		})
	}
}

// identified is the Contents of what Visit left, with what the file's name adds to it. Data that
// Visit did not leave stays as it is: it is no Contents, and so reported.
func identified(file string, data []byte) []byte {
	e, rest, ok := decodeEvidence(data)
	if !ok {
		return data
	}
	contents, err := record.Decode(rest)
	if err != nil {
		return data
	}
	p, missed := e.identify(file, ownOf(contents.Packages, ""))
	if p.Name != "" {
		contents.Packages = append(contents.Packages, p)
	}
	if missed != "" {
		contents.Gaps = append(contents.Gaps, record.Gap{Code: record.UnidentifiedJar, Why: missed})
	}
	return contents.Encode()
}

// encode writes the evidence, one text on each line. No text has a line's end in it: a manifest's
// values are without control characters, and a folder is taken only if it is a group.
func (e evidence) encode() []byte {
	flag := ""
	if e.classes {
		flag = "classes"
	}
	return []byte(strings.Join([]string{e.title, e.bundleName, e.symbolicName, e.module, e.vendorID, e.version, e.folder, flag, ""}, "\n"))
}

// decodeEvidence reads what encode wrote, and returns what follows it.
func decodeEvidence(data []byte) (e evidence, rest []byte, ok bool) {
	into := [...]*string{&e.title, &e.bundleName, &e.symbolicName, &e.module, &e.vendorID, &e.version, &e.folder, new(string)}
	for _, text := range into {
		line, after, found := bytes.Cut(data, []byte("\n"))
		if !found {
			return evidence{}, nil, false
		}
		*text, data = string(line), after
	}
	e.classes = *into[len(into)-1] != ""
	return e, data, true
}
