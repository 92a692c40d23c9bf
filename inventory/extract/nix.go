package extract

import (
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// nixStore lists the packages of Nix's store, which has no database in an image: all that is
// known of a package is the name of its folder, nix/store/SUM-NAME-VERSION[-OUTPUT]. That names a
// derivation, which is mostly but not always what nixpkgs calls the package, so it is a guess.
//
// Folders whose names hold no version are not listed: they are scripts, configuration and the
// like, or packages that do not say.
type nixStore struct {
	last string // the latest folder; files come by path
}

// see takes in a file.
func (s *nixStore) see(node *rootfs.Node, found *record.Found) {
	path, inside := nixStorePath(node.Path)
	if !inside || path == s.last {
		return
	}
	if s.last == "" {
		found.LookedFor("nix")
	}
	s.last = path
	name, version := nixPackage(path[strings.LastIndexByte(path, '/')+1:])
	if name == "" || version == "" {
		return
	}
	found.Add(inventory.Package{PURL: ecosystem.NixPURL(name, version), Type: "nix", Name: name, Version: version,
		Confidence: inventory.Low}, path, node.Layer)
	found.AddFolder(path + "/")
}

// nixStorePath returns the folder of the store that a file lies in.
func nixStorePath(file string) (path string, inside bool) {
	const store = "nix/store/"
	rest, inside := strings.CutPrefix(file, store)
	name, _, isFolder := strings.Cut(rest, "/")
	return store + name, inside && isFolder
}

// nixPackage takes a folder's name apart. The version begins after the first hyphen that no
// letter follows (Nix manual, "builtins.parseDrvName"); an output's name (nixpkgs manual,
// "Multiple-output packages") may stand behind it.
func nixPackage(folder string) (name, version string) {
	const sumLength = 32 // of 160 bits, in Nix's base 32
	sum, derivation, found := strings.Cut(folder, "-")
	if !found || len(sum) != sumLength || !record.IsWord([]byte(derivation)) {
		return "", ""
	}
	for i := 1; i < len(derivation)-1; i++ {
		if derivation[i] == '-' && !isASCIILetter(derivation[i+1]) {
			name, version = derivation[:i], derivation[i+1:]
			break
		}
	}
	for _, output := range [...]string{"bin", "dev", "doc", "info", "lib", "man", "debug", "static", "devdoc", "dist"} {
		if trimmed, isOutput := strings.CutSuffix(version, "-"+output); isOutput {
			return name, trimmed
		}
	}
	return name, version
}

func isASCIILetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
