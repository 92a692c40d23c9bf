package main

import (
	"fmt"
	"slices"

	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// unreadable returns the error of a scan in which a package database of the system could not be
// read whole; nil if there is none. The report is written all the same and names the gap, but
// whoever looks at the exit status alone must not take a list with holes for the list.
//
// A damaged file of one application (a package.json, a Go program) is a gap and no error.
func unreadable(c inventory.Coverage) error {
	system := []string{"packages/deb", "packages/apk"}
	codes := []string{record.UnreadableDatabase, record.MalformedEntry}
	for _, gap := range c.Gaps {
		if slices.Contains(system, gap.Dimension) && slices.Contains(codes, gap.Code) {
			return fmt.Errorf("the package database %s is damaged, so packages are missing from the result: %s: rebuild the image", gap.Path, gap.Why)
		}
	}
	return nil
}
