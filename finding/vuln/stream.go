package vuln

import (
	"slices"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/advisory/db"
	"plimsoll.dev/plimsoll/inventory"
)

// isOtherStream tells whether a record that holds an rpm package's version speaks of another
// build of it (hard case 5). The packages of a module stream are numbered apart from those of
// other streams and from those of no module: nodejs 18 is older than the fix of nodejs:20, and
// not affected by what that mends.
//
// Where the package does not say which stream it is from (AlmaLinux before 8.6, Oracle Linux 8)
// or the record does not, no stream is told apart: rather a row too many than one too few.
func isOtherStream(p *inventory.Package, h hit) bool {
	if p.Type != "rpm" || h.match.Fixed == "" {
		return false
	}
	ofModule := p.Module != "" || advisory.IsModularVersion(p.Version)
	if ofModule != advisory.IsModularVersion(h.match.Fixed) {
		return true
	}
	return ofModule && isOfOtherStream(p, h.record)
}

// isOfOtherStream tells whether a record names module streams, and the package is of none of them.
// A package of a module that does not say which stream it is from may be of any.
func isOfOtherStream(p *inventory.Package, record db.Record) bool {
	if p.Type != "rpm" || len(record.Streams) == 0 {
		return false
	}
	if p.Module == "" {
		return !advisory.IsModularVersion(p.Version)
	}
	return !slices.Contains(record.Streams, p.Module)
}
