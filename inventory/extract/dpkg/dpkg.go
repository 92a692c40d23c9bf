// Package dpkg reads the database of Debian's package manager: var/lib/dpkg/status, and the
// folder var/lib/dpkg/status.d in which images without a package manager (distroless) keep one
// file for each package; and the lists of the packages' files.
//
// Listed is what has files on disk: every state but not-installed and config-files (dpkg(1),
// "Package states"). Limits: a line may have any length, a value that is used 4 KiB.
package dpkg

import (
	"context"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const (
	statusFile   = "var/lib/dpkg/status"
	statusFolder = "var/lib/dpkg/status.d/"
	purlType     = "deb"
)

// Extractor is an extract.Extractor.
type Extractor struct{}

// New returns an Extractor.
func New() Extractor { return Extractor{} }

// Name implements rootfs.Visitor.
func (Extractor) Name() string { return "dpkg" }

// Version implements rootfs.Visitor.
func (Extractor) Version() int { return 2 }

// Known implements extract.Extractor.
func (Extractor) Known() []string { return []string{statusFile, statusFolder} }

// Wants implements rootfs.Visitor. Beside each file of status.d lies one with the sums of the
// package's files (NAME.md5sums; GoogleContainerTools/distroless#1809).
func (Extractor) Wants(entry *rootfs.Entry, _ []byte) rootfs.Want {
	if _, isList := listOf(entry.Path); isList {
		return rootfs.Stream
	}
	name, inFolder := strings.CutPrefix(entry.Path, statusFolder)
	if inFolder && !strings.Contains(name, "/") || entry.Path == statusFile {
		return rootfs.Stream
	}
	return rootfs.Ignore
}

// Visit returns the packages, or the list of a package's files, as a record.Contents.
func (Extractor) Visit(_ context.Context, f *rootfs.File) ([]byte, error) {
	var contents record.Contents
	var err error
	if _, isList := listOf(f.Path); isList {
		contents, err = parseList(f, strings.HasPrefix(f.Path, statusFolder))
	} else {
		contents, err = parse(f)
	}
	return contents.Encode(), err
}

// Assemble implements extract.Extractor.
func (Extractor) Assemble(files []record.File, found *record.Found) {
	found.LookedFor(purlType)
	id, tag := found.DistroTag()
	purls := map[string]string{} // by the names that lists go by
	lists := listsOf(files)
	for _, file := range files {
		if _, isList := listOf(file.Path); isList {
			continue
		}
		stanza := strings.TrimPrefix(file.Path, statusFolder) // a list beside it is called as it is
		var unlisted record.Tally
		found.AddContents(file, purlType, func(p record.Package) string {
			purl := ecosystem.DebPURL(id, p.Name, p.Version, p.Arch, tag)
			purls[stanza], purls[p.Name], purls[p.Name+":"+p.Arch] = purl, purl, purl
			if !lists[p.Name] && !lists[p.Name+":"+p.Arch] && !lists[stanza] {
				unlisted.Add("the list of the files of %.80s is not there", p.Name)
			}
			return purl
		})
		for _, gap := range unlisted.AppendTo(nil, record.NoFileList) {
			found.MissedFiles(file.Path, gap.Why)
		}
	}
	for _, file := range files {
		if name, isList := listOf(file.Path); isList {
			found.AddOwned(file, purls[name])
			found.AddBrought(file) // of a removed package too: what is left of it is what it brought
			found.AddBroughtFiles(scriptsOf(name))
		}
	}
}
