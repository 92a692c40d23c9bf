package jar

import (
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// javaRuntime is the title that OpenJDK's build gives to its own jars, such as jrt-fs.jar. They are
// in no group, and whether the JDK is affected is not for advisories of artifacts to say.
const javaRuntime = "Java Runtime Environment"

// evidence is what an archive says of itself beside Maven's own files.
type evidence struct {
	title, bundleName, symbolicName, module, vendorID string
	version                                           string // "" if none is stated
	folder                                            string // the package of its classes, such as org.dom4j
	classes                                           bool   // it has any
	hasManifest                                       bool
}

// identify returns which artifact an archive is, judged by its manifest, its classes and its
// file's name; nothing if its own poms say it, or nothing does. missed says what is not known.
func (e evidence) identify(file string, poms []record.Package) (p record.Package, missed string) {
	named, fileVersion := splitFileName(file)
	artifact := e.artifact(named, fileVersion)
	if len(poms) > 0 && (e.version == "" || e.isOneOf(poms, artifact)) {
		return record.Package{}, ""
	}
	p = record.Package{Version: finished(e.version, fileVersion), Guessed: true}
	if p.Version == "" {
		if p.Version = fileVersion; e.classes {
			missed = "neither a pom.properties file nor its manifest says which artifact it is"
		}
	}
	if p.Version == "" || !isID(artifact) || e.version == "" && !e.classes {
		return record.Package{}, missed
	}
	if e.title == javaRuntime {
		p.Name = artifact
		return p, missed
	}
	group, artifact, founded := e.group(artifact)
	if p.Name = artifact; group != "" {
		p.Name = group + ":" + artifact
	}
	if e.classes && !founded && missed == "" {
		missed = "its manifest does not tell which group it belongs to"
	}
	return p, missed
}

// isOneOf tells whether one of the poms is the archive's own, and not that of an artifact whose
// classes were copied into it: it has its version, or its name.
func (e evidence) isOneOf(poms []record.Package, artifact string) bool {
	for _, p := range poms {
		group, name, _ := strings.Cut(p.Name, ":")
		if sameVersion(p.Version, e.version) || leadsTo(e.version, p.Version) || strings.EqualFold(name, artifact) {
			return true
		}
		for _, id := range [...]string{e.symbolicName, e.module} {
			if id != "" && (id == group || id == name || id == group+"."+name || groupOf(id, name) == group) {
				return true
			}
		}
	}
	return false
}

// finished returns the version that the file's name states where the manifest's is that of a build
// on the way to it, and else the manifest's.
func finished(stated, fileVersion string) string {
	if fileVersion != "" && leadsTo(stated, fileVersion) {
		return fileVersion
	}
	return stated
}

// leadsTo tells whether a version is that of a build on the way to another: 9.4-SNAPSHOT to 9.4.
func leadsTo(unfinished, version string) bool {
	release, ok := ecosystem.UnfinishedMaven(unfinished)
	return ok && sameVersion(version, release)
}

// sameVersion compares a Maven version with one that may be in OSGi's form: three numbers, and a
// dot before what follows them.
func sameVersion(maven, osgi string) bool {
	if maven == osgi {
		return true
	}
	plain := func(version string) string {
		parts := strings.FieldsFunc(version, func(r rune) bool { return r == '.' || r == '-' })
		kept := parts[:0]
		for _, part := range parts {
			if strings.Trim(part, "0") != "" {
				kept = append(kept, part)
			}
		}
		return strings.Join(kept, ".")
	}
	return plain(maven) == plain(osgi)
}

// artifact chooses the artifact's name: that of the title or the bundle if it is one and not a
// phrase or a Java name, else that of the file, else the end of a Java name.
func (e evidence) artifact(named, fileVersion string) string {
	if _, name, ok := nebula(e.title); ok {
		return name
	}
	for _, name := range [...]string{e.title, e.bundleName} {
		if isID(name) && !strings.Contains(name, ".") && strings.ToLower(name) == name {
			return name
		}
	}
	if fileVersion != "" || e.symbolicName == "" {
		return named
	}
	return e.symbolicName[strings.LastIndexByte(e.symbolicName, '.')+1:]
}

// nebula takes a title apart as Gradle's Nebula plugins write it: io.reactivex#rxjava;1.3.8.
func nebula(title string) (group, artifact string, ok bool) {
	group, rest, found := strings.Cut(title, "#")
	artifact, _, _ = strings.Cut(rest, ";")
	return group, artifact, found && isID(group) && isID(artifact)
}

// group finds the group that an artifact belongs to, and its name there: from what is known of
// its classes' package, from the bundle's or module's name if the artifact is its end, from who
// says to have made it. Failing all these it is the package itself, which is not well founded: of
// 62 jars of Debian's for which that is all there is, it is right for 34, and the bundle's name
// for 71 of 74. Makers of Java's own interfaces are many, and of a maker such as org.apache the
// package knows more.
func (e evidence) group(artifact string) (group, name string, founded bool) {
	if group, _, ok := nebula(e.title); ok {
		return group, artifact, true
	}
	if name, ok := e.tomcat(artifact); ok {
		return "org.apache.tomcat", name, true
	}
	for _, java := range [...]string{e.folder, e.symbolicName, e.module} {
		if group, name := knownGroup(java, artifact); group != "" {
			return group, name, true
		}
	}
	for _, id := range [...]string{e.symbolicName, e.module} {
		if group := groupOf(id, artifact); isGroup(group) {
			return group, artifact, true
		}
	}
	deduced := withoutArtifact(e.folder, artifact)
	if isGroup(e.vendorID) && !below(deduced, e.vendorID) && !below(deduced, "javax") && !below(deduced, "jakarta") {
		return e.vendorID, artifact, true
	}
	if isGroup(deduced) {
		return deduced, artifact, false
	}
	return "", artifact, false
}

// isGroup tells whether a text can be a group that is found by its Java name: those of one word
// are in the table of known ones.
func isGroup(text string) bool { return isID(text) && strings.Contains(strings.Trim(text, "."), ".") }

// groupOf takes the artifact off a bundle's name. Maven's bundle plugin makes the name of both,
// without the part of the artifact that the group ends with: org.mongodb and mongodb-driver give
// org.mongodb.driver (maven-bundle-plugin, "Bundle-SymbolicName").
func groupOf(bundle, artifact string) string {
	if group, ok := strings.CutSuffix(bundle, "."+artifact); ok {
		return group
	}
	for dot := len(bundle); ; {
		if dot = strings.LastIndexByte(bundle[:dot], '.'); dot < 0 {
			return ""
		}
		group, rest := bundle[:dot], bundle[dot+1:]
		last := group[strings.LastIndexByte(group, '.')+1:]
		if after, ok := strings.CutPrefix(artifact, last); ok && strings.TrimLeft(after, "-_.") == rest {
			return group
		}
	}
}

// withoutArtifact takes the last name off a package if it is a part of the artifact and not its
// beginning: org.springframework.beans of spring-beans belongs to org.springframework, and
// com.google.protobuf of protobuf-java to com.google.protobuf.
func withoutArtifact(folder, artifact string) string {
	dot := strings.LastIndexByte(folder, '.')
	if dot < 0 || !strings.Contains(folder[:dot], ".") {
		return folder
	}
	parts := strings.FieldsFunc(artifact, func(r rune) bool { return r == '-' || r == '_' || r == '.' })
	for i, part := range parts {
		if i > 0 && strings.EqualFold(part, folder[dot+1:]) {
			return folder[:dot]
		}
	}
	return folder
}

// splitFileName takes a jar's file name apart: guava-31.1-jre.jar is guava, 31.1-jre. The version
// is empty if the name has none.
func splitFileName(file string) (artifact, version string) {
	if dot := strings.LastIndexByte(file, '.'); dot >= 0 {
		file = file[:dot]
	}
	parts := strings.Split(file, "-")
	first := len(parts)
	for i := len(parts) - 1; i > 0; i-- {
		switch isNumber := parts[i] != "" && parts[i][0] >= '0' && parts[i][0] <= '9'; {
		case isNumber:
			first = i
			continue
		case i == len(parts)-1: // a qualifier may follow
			continue
		}
		break
	}
	if first == len(parts) {
		return file, ""
	}
	artifact, version = strings.Join(parts[:first], "-"), strings.Join(parts[first:], "-")
	if !isVersion(version) {
		return file, ""
	}
	return artifact, version
}
