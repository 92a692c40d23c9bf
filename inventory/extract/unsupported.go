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
}

func (u unsupported) count(node *rootfs.Node) {
	purlType := unsupportedType(node.Path)
	if purlType == "" {
		return
	}
	if u[purlType] == nil {
		u[purlType] = &sightings{example: node.Path}
	}
	u[purlType].count++
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
		found.Missed(purlType, record.NoExtractor, seen.example, why, inventory.Unknown)
	}
}

// unsupportedType returns the purl type of the packages that a file lists, as far as its path
// alone tells; "" for any other file and for the formats that All reads.
func unsupportedType(file string) string {
	folder, base := path.Split(file)
	switch base {
	case "Packages", "Packages.db", "rpmdb.sqlite":
		if slices.Contains([]string{"var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/"}, folder) {
			return "rpm"
		}
	case "container-manifest-2": // Azure Linux's distroless images
		return given("rpm", folder == "var/lib/rpmmanifest/")
	case "desc":
		return given("alpm", strings.HasPrefix(folder, "var/lib/pacman/local/"))
	case "manifest.wall": // Ubuntu's chiselled images
		return given("deb", folder == "var/lib/chisel/")
	case "Cargo.lock":
		return "cargo"
	case "Gemfile.lock":
		return "gem"
	case "composer.lock":
		return "composer"
	case "installed.json":
		return given("composer", strings.HasSuffix(folder, "vendor/composer/"))
	case "packages.lock.json":
		return "nuget"
	}
	switch path.Ext(base) {
	case ".jar", ".war", ".ear", ".par", ".jpi", ".hpi":
		return "maven"
	case ".gemspec":
		return given("gem", strings.Contains(folder, "specifications/"))
	case ".json":
		return given("nuget", strings.HasSuffix(base, ".deps.json"))
	}
	return ""
}

func given(purlType string, is bool) string {
	if is {
		return purlType
	}
	return ""
}
