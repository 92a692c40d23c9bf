package extract

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// filesDimension is that of the coverage of FileFacts, and tooManyFiles the gap if not all of them
// are listed.
const (
	filesDimension = "files"
	tooManyFiles   = "too-many-files"
)

// The bits of a mode that let a program run as its owner, or as its group (inode(7)).
const setuidOrSetgid = 0o6000

// fileList gathers the files that FileFacts may tell.
type fileList struct {
	setuid      []*rootfs.Node
	executables []*rootfs.Node
	isCut       bool
}

// see takes in a file.
func (l *fileList) see(node *rootfs.Node) {
	if node.Entry.Mode&setuidOrSetgid != 0 {
		if len(l.setuid) < inventory.MostSetuid {
			l.setuid = append(l.setuid, node)
		} else {
			l.isCut = true
		}
	}
	if node.Entry.SHA256 != nil {
		l.executables = append(l.executables, node)
	}
}

// facts returns what policies may ask about files. If it is not known which files the packages
// brought, it is not said of any that none did.
func (l *fileList) facts(found *record.Found, diffIDs []image.Digest, coverage *inventory.Coverage) inventory.FileFacts {
	facts := inventory.FileFacts{Setuid: listed(l.setuid, diffIDs)}
	if l.isCut {
		coverage.AddGap(inventory.Gap{Dimension: filesDimension, Code: tooManyFiles,
			Why: fmt.Sprintf("more than %d files have a setuid or setgid bit; the rest is not listed", inventory.MostSetuid)}, inventory.Partial)
	}
	if slices.ContainsFunc(coverage.Gaps, func(g inventory.Gap) bool { return g.Code == record.NoFileList }) {
		return facts
	}
	paths := make([]string, len(l.executables))
	for i, node := range l.executables {
		paths[i] = node.Path
	}
	var unowned []*rootfs.Node
	for i, brought := range found.Brought(paths) {
		if !brought {
			unowned = append(unowned, l.executables[i])
		}
	}
	facts.UnownedCount = len(unowned)
	facts.Unowned = listed(unowned[:min(len(unowned), inventory.MostUnowned)], diffIDs)
	return facts
}

// listed describes files, by path.
func listed(nodes []*rootfs.Node, diffIDs []image.Digest) []inventory.File {
	var files []inventory.File
	for _, node := range nodes {
		file := inventory.File{Path: node.Path, Mode: node.Entry.Mode}
		if node.Layer < len(diffIDs) {
			file.Layer = diffIDs[node.Layer]
		}
		files = append(files, file)
	}
	slices.SortFunc(files, func(a, b inventory.File) int { return strings.Compare(a.Path, b.Path) })
	return files
}
