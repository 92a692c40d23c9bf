// Package rpm reads the database of the rpm package manager in its three forms, whatever the
// file is called: sqlite (with a write-ahead log beside it), ndb (SUSE) and Berkeley DB's hash
// (before 2020); and the lists that images without a database carry instead
// (var/lib/rpmmanifest, of Azure Linux's and Photon's distroless images).
//
// Advisories of rpm distributions name binary packages and their epoch:version-release, which is
// why a Package's version is that, the epoch left out if it is zero. A module is what the
// package's label says; a package without one has none, whatever its release looks like.
// gpg-pubkey entries are keys, not packages.
//
// It does not: verify signatures or the sums of headers, read a rollback journal, or ask which of
// several databases rpm would use: what any of them lists is listed. A database is read from the
// pages it is in, each once, so that memory is bounded by the largest header whatever the file
// says. Limits: a header of 64 MiB, 200,000 packages with 8 million files in one database, names
// and versions of 4 KiB.
package rpm

import (
	"context"
	"path"
	"slices"

	"plimsoll.dev/plimsoll/image/rootfs"
)

const (
	purlType       = "rpm"
	manifestFolder = "var/lib/rpmmanifest/"
	logSuffix      = "-wal"
	journalSuffix  = "-journal"
)

// Extractor is an extract.Extractor.
type Extractor struct{}

// New returns an Extractor.
func New() Extractor { return Extractor{} }

// Name implements rootfs.Visitor.
func (Extractor) Name() string { return "rpm" }

// Version implements rootfs.Visitor.
func (Extractor) Version() int { return 1 }

// folders are where rpm keeps its database: since rpm 4.16 on most distributions, before, and
// where ostree made it part of the read-only system.
func folders() [3]string {
	return [...]string{"usr/lib/sysimage/rpm/", "var/lib/rpm/", "usr/share/rpm/"}
}

func databases() [5]string {
	const sqlite = "rpmdb.sqlite"
	return [...]string{sqlite, sqlite + logSuffix, sqlite + journalSuffix, "Packages.db", "Packages"}
}

func manifests() [2]string { return [...]string{"container-manifest-2", "container-manifest-1"} }

// Known implements extract.Extractor.
func (Extractor) Known() []string {
	var known []string
	for _, folder := range folders() {
		for _, name := range databases() {
			known = append(known, folder+name)
		}
	}
	for _, name := range manifests() {
		known = append(known, manifestFolder+name)
	}
	return known
}

// Wants implements rootfs.Visitor. A database often stays as it is through many images.
func (Extractor) Wants(entry *rootfs.Entry, _ []byte) rootfs.Want {
	folder, name := path.Split(entry.Path)
	inFolders, inDatabases, inManifests := folders(), databases(), manifests()
	switch {
	case slices.Contains(inFolders[:], folder) && slices.Contains(inDatabases[:], name):
		return rootfs.Costly
	case folder == manifestFolder && slices.Contains(inManifests[:], name):
		return rootfs.Stream
	}
	return rootfs.Ignore
}

// Visit returns what the file holds, as result.encode writes it. The content alone decides what
// kind of file it is.
func (Extractor) Visit(ctx context.Context, f *rootfs.File) ([]byte, error) {
	form := manifest
	if f.At != nil {
		var err error
		if form, err = recognise(f.At, f.Size); err != nil {
			return nil, err
		}
	}
	c := &collector{form: form}
	var err error
	switch form {
	case manifest:
		err = c.readManifest(f)
	case sqlite:
		err = c.readSQLite(ctx, f.At, f.Size)
	case writeAheadLog:
		err = c.readLog(ctx, f.At, f.Size)
	case ndb:
		err = c.readNDB(ctx, f.At, f.Size)
	case berkeley:
		err = c.readBerkeley(ctx, f.At, f.Size)
	}
	return c.result().encode(), err
}
