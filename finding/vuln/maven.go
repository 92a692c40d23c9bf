package vuln

import (
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
)

// artifactQuestions returns what to ask of a Maven artifact: under each of its names, and under
// each version that it may be.
func artifactQuestions(name, version string) []query {
	var questions []query
	for _, name := range artifactNames(name, version) {
		for _, version := range possibleVersions(version) {
			questions = append(questions, query{name: name, version: version})
		}
	}
	return questions
}

// artifactNames returns the names under which advisories may speak of an artifact. Bouncy Castle
// is published once for each generation of Java, under one numbering: bcprov-jdk18on, and so
// on. A jar that was built elsewhere has none of that in its name: Debian's says bcprov.
//
// bcprov-jdk15on ended with 1.70, and bcprov-jdk18on went on from there: of what came after, a
// record of bcprov-jdk15on that knows no fix says nothing (GHSA-wjxj-5m7g-mg7q). Of older
// generations the records go on beyond their last version, to the one that mends the others.
func artifactNames(name, version string) []string {
	names := []string{name}
	if !strings.HasPrefix(name, "org.bouncycastle:") || strings.Contains(name, "-jdk") {
		return names
	}
	const ended, last = "-jdk15on", "1.70"
	for _, generation := range [...]string{"-jdk18on", "-jdk15to18", ended, "-jdk14", "-jdk16", "-jdk15", "-jdk12"} {
		order, err := ecosystem.Maven.Compare(version, last)
		if isAfter := err == nil && order > 0; generation == ended && isAfter {
			continue
		}
		names = append(names, name+generation)
	}
	return names
}

// possibleVersions returns the versions that the state of a package may be. A build on the way to a
// release is before it and may have all that is in it, so it is asked for as both: what was mended
// on the way may be missing, and what came in on the way may be there.
func possibleVersions(version string) []string {
	release, unfinished := ecosystem.UnfinishedMaven(version)
	if !unfinished {
		return []string{version}
	}
	return []string{release + "-SNAPSHOT", release}
}
