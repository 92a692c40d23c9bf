package ecosystem

import "strings"

// UnfinishedMaven tells whether a version is that of a build on the way to a release, and which:
// 9.4 of 9.4-SNAPSHOT, and of 9.4-20240101.101010-1, as a repository keeps it (Maven's
// org.apache.maven.artifact.Artifact, "VERSION_FILE_PATTERN"); 3.32.0 of 3.32.0.SNAPSHOT, which is
// OSGi's form of it, and of 3.32.0.qualifier, which Eclipse's builds replace by their time.
//
// Such a build holds anything between the release before and that one.
func UnfinishedMaven(version string) (release string, ok bool) {
	if release, ok = withoutBuildTime(version); ok {
		return release, true
	}
	for _, word := range [...]string{"snapshot", "qualifier"} {
		at := len(version) - len(word) - 1
		if at > 0 && (version[at] == '.' || version[at] == '-') && strings.EqualFold(version[at+1:], word) {
			return version[:at], true
		}
	}
	return "", false
}

// withoutBuildTime cuts off -YYYYMMDD.HHMMSS-NUMBER.
func withoutBuildTime(version string) (release string, ok bool) {
	const date, clock = len("YYYYMMDD"), len("HHMMSS")
	number := strings.LastIndexByte(version, '-')
	start := number - clock - len(".") - date - len("-")
	if start <= 0 || number+1 == len(version) || version[start] != '-' || version[start+1+date] != '.' {
		return "", false
	}
	digits := version[start+1:start+1+date] + version[number-clock:number] + version[number+1:]
	return version[:start], strings.Trim(digits, "0123456789") == ""
}
