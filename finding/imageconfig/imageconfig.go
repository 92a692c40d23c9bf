// Package imageconfig finds what is wrong with an image's configuration, from the configuration
// alone.
//
// It knows one check in this version: user-root. It reads no file of the image: a user name
// other than root that the image's etc/passwd maps to user id 0 is not seen, and a name that
// etc/passwd does not know is no finding. Volumes, capabilities and all that a runtime adds are
// not the image's configuration and not looked at.
package imageconfig

import (
	"slices"
	"strconv"
	"strings"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
)

// UserRoot is the id of the check that the container's first process is not root.
const UserRoot = "user-root"

// Known returns the ids of all checks, sorted.
func Known() []string { return []string{UserRoot} }

// Fix returns the smallest change that mends a finding of a check; empty for an unknown id.
func Fix(id string) string {
	if id == UserRoot {
		return "set USER to a non-root user in the Dockerfile"
	}
	return ""
}

// Check returns the findings, in the order of finding.Compare.
func Check(target inventory.TargetConfig) []finding.Finding {
	findings := []finding.Finding{}
	if title, isRoot := rootUser(target.User); isRoot {
		findings = append(findings, finding.Finding{
			Key:      finding.ConfigKey(UserRoot),
			Kind:     finding.Config,
			ID:       UserRoot,
			Severity: advisory.Medium,
			Status:   finding.Affected,
			Title:    title,
		})
	}
	slices.SortFunc(findings, finding.Compare)
	return findings
}

// rootUser tells whether a configuration's User means user id 0, and says why. The forms are
// user, uid, user:group, uid:gid and their mixtures; absent means root (image-spec, config.md,
// "User"). The group does not matter here.
func rootUser(user string) (title string, isRoot bool) {
	name, _, _ := strings.Cut(user, ":")
	switch {
	case user == "":
		return "the image runs as root: its configuration sets no user", true
	case name == "":
		return "the image runs as root: its configuration sets a group and no user (" + quote(user) + ")", true
	case name == "root", isZero(name):
		return "the image runs as root: its configuration sets user " + quote(user), true
	default:
		return "", false
	}
}

// isZero tells whether a runtime may read s as the number 0. Runtimes look a name up in
// etc/passwd first and parse what is left as a decimal number with strconv.Atoi (moby/sys/user),
// which takes a sign and leading zeros: "0", "000", "+0" and "-0" are all user id 0. White space
// around it is no number to Atoi, but other engines trim it.
func isZero(s string) bool {
	s = strings.TrimSpace(s)
	unsigned := strings.TrimLeft(s, "+-")
	return unsigned != "" && len(s)-len(unsigned) <= 1 && strings.Trim(unsigned, "0") == ""
}

// quote bounds what is repeated from the image.
func quote(user string) string {
	const most = 64
	if len(user) > most {
		user = user[:most] + "…"
	}
	return strconv.Quote(user)
}
