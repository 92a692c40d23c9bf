package osv

import (
	"regexp"
	"slices"
)

// maxStreams bounds what one record names; the most in use are two ("virt:rhel and
// virt-devel:rhel").
const maxStreams = 16

// streams returns the module streams in a summary, sorted. OSV has no field for them, and no
// other member of the records of Red Hat, AlmaLinux and Rocky Linux states them: "Important:
// nodejs:18 security update". Nineteen in twenty of such records do.
func streams(summary string) []string {
	stream := regexp.MustCompile(`[A-Za-z0-9][A-Za-z0-9_.+-]*:[A-Za-z0-9][A-Za-z0-9_.+-]*`)
	found := stream.FindAllString(summary, maxStreams)
	slices.Sort(found)
	return slices.Compact(found)
}
