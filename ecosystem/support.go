package ecosystem

import (
	_ "embed"
	"strings"
)

// supportTable lists releases with the day after which they get no more fixes, and where each
// distribution says so. A line is ID, release and YYYY-MM-DD, with tabs between them.
//
//go:embed support.tsv
var supportTable string

// EndOfSupport returns the day after which a release gets no more fixes from its maker for
// everybody, YYYY-MM-DD; empty if that is not known, or there is no such day.
//
// What is paid for apart from the distribution does not count (Ubuntu Pro, Red Hat's ELS, SUSE's
// LTSS), and Debian's long term support does: it is for all. The releases of Red Hat and of those
// who rebuild it are told by the major version alone. Derivatives do not share their parent's
// days.
func EndOfSupport(r Release) string {
	id, release := r.ID, r.VersionID
	major, rest, hasMinor := strings.Cut(release, ".")
	switch id {
	case "debian", "rhel", "almalinux", "rocky", "ol", "centos":
		release = major
	case "alpine":
		minor, _, _ := strings.Cut(rest, ".")
		release = major + "." + minor
	case "photon", "mariner":
		if !hasMinor {
			release += ".0"
		}
	}
	if id == "centos" && strings.Contains(r.Name, "Stream") {
		id = "centos-stream"
	}
	if id == "" || release == "" {
		return ""
	}
	for line := range strings.Lines(supportTable) {
		if day, found := strings.CutPrefix(line, id+"\t"+release+"\t"); found {
			return strings.TrimSpace(day)
		}
	}
	return ""
}
