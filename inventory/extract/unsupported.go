package extract

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// unsupported counts, by purl type, the files that list packages which nothing here reads yet.
type unsupported map[string]*sightings

type sightings struct {
	count   int
	example string // the first, by path
	last    string
}

// nix is the purl type of what lies in Nix's store. The name of a store path is a sum, a name and
// mostly a version, but not the name by which nixpkgs and the purl type know the package, and
// nothing else in an image states that.
const nix = "nix"

// nixStorePath returns the store path that a file lies in: nix/store/HASH-NAME.
func nixStorePath(file string) (storePath string, inside bool) {
	const store = "nix/store/"
	rest, inside := strings.CutPrefix(file, store)
	name, _, isFolder := strings.Cut(rest, "/")
	return store + name, inside && isFolder
}

// count takes in a file; files come by path.
func (u unsupported) count(node *rootfs.Node) {
	purlType, unit := unsupportedType(node.Path), node.Path
	if name, isNix := nixStorePath(node.Path); isNix {
		purlType, unit = nix, name
	}
	if purlType == "" {
		return
	}
	if u[purlType] == nil {
		u[purlType] = &sightings{example: unit}
	}
	if seen := u[purlType]; seen.last != unit {
		seen.count++
		seen.last = unit
	}
}

// note records one gap for each type. Its dimension becomes unknown: there is something, and
// nothing can be said about it.
func (u unsupported) note(found *record.Found) {
	for _, purlType := range slices.Sorted(maps.Keys(u)) {
		seen := u[purlType]
		noun := "files list"
		if seen.count == 1 {
			noun = "file lists"
		}
		why := fmt.Sprintf("%d %s %s packages, which are not read yet", seen.count, noun, purlType)
		if purlType == nix {
			why = fmt.Sprintf("%d store paths, which do not state what packages they are", seen.count)
		}
		found.Missed(purlType, record.NoExtractor, seen.example, why, inventory.Unknown)
	}
}

// unsupportedType returns the purl type of the packages that a file lists, as far as its path
// alone tells; "" for any other file and for the formats that All reads.
func unsupportedType(file string) string {
	folder, base := path.Split(file)
	switch base {
	case "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml":
		return "npm"
	case "package.json":
		return given("npm", strings.Contains(folder, "node_modules/"))
	case "METADATA":
		return given("pypi", strings.HasSuffix(folder, ".dist-info/"))
	case "PKG-INFO":
		return given("pypi", strings.HasSuffix(folder, ".egg-info/") || strings.HasSuffix(folder, "EGG-INFO/"))
	case "Pipfile.lock", "poetry.lock", "uv.lock", "pdm.lock":
		return "pypi"
	}
	switch path.Ext(base) {
	case ".egg-info", ".egg": // one file, where setuptools did not make a folder
		return "pypi"
	case ".json":
		return given("conda", strings.HasSuffix(folder, "conda-meta/"))
	}
	return ""
}

func given(purlType string, is bool) string {
	if is {
		return purlType
	}
	return ""
}
