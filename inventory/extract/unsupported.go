package extract

import (
	"fmt"
	"strings"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// unsupported counts what is there and cannot be named: the store paths of Nix. The name of one
// is a sum, a name and mostly a version, but not the name by which nixpkgs and the purl type know
// the package, and nothing else in an image states that.
type unsupported struct {
	count         int
	example, last string // the first and the latest store path
}

// see takes in a file; files come by path.
func (u *unsupported) see(node *rootfs.Node) {
	path, inside := nixStorePath(node.Path)
	if !inside || path == u.last {
		return
	}
	if u.count == 0 {
		u.example = path
	}
	u.count++
	u.last = path
}

// note records the gap. The dimension becomes unknown: there is something, and nothing can be
// said about it.
func (u *unsupported) note(found *record.Found) {
	if u.count > 0 {
		why := fmt.Sprintf("%d store paths, which do not state what packages they are", u.count)
		found.Missed("nix", record.NoExtractor, u.example, why, inventory.Unknown)
	}
}

// nixStorePath returns the store path that a file lies in: nix/store/HASH-NAME.
func nixStorePath(file string) (storePath string, inside bool) {
	const store = "nix/store/"
	rest, inside := strings.CutPrefix(file, store)
	name, _, isFolder := strings.Cut(rest, "/")
	return store + name, inside && isFolder
}
