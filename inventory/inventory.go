// Package inventory is what is inside an image: its distribution, its packages, its executable
// files, and how much of it was understood.
//
// Facts need no advisory database: two scans of the same image give the same facts, whatever is
// known about vulnerabilities that day. The JSON forms are those of docs/contract.md.
package inventory

import (
	"cmp"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/image"
)

// Facts are all that a scan learns from the image alone.
type Facts struct {
	Target   Target    `json:"target"`
	Distro   *Distro   `json:"distro,omitempty"`
	Packages []Package `json:"packages"`
	// Manifest names the list of executable files, a document of its own.
	Manifest ManifestRef `json:"manifest,omitzero"`
	Files    FileFacts   `json:"files,omitzero"`
	Coverage Coverage    `json:"coverage"`
}

// FileFacts are what a policy may ask about the image's files. The dimension "files" of the
// coverage tells whether they are complete.
type FileFacts struct {
	// Setuid are the regular files with a setuid or setgid bit, whoever may execute them.
	Setuid []File `json:"setuid,omitempty"` // by path, at most MostSetuid
	// Unowned are the files of the executable manifest that no package brought. None is listed if
	// it is not known which files the packages brought: the coverage then has a gap no-file-list.
	Unowned []File `json:"unowned,omitempty"` // by path, at most MostUnowned
	// UnownedCount is how many there are in all.
	UnownedCount int `json:"unownedCount,omitempty"`
}

// How many files are listed. Images in ordinary use have some ten with a setuid bit; of more than
// MostSetuid the rest is a gap.
const (
	MostUnowned = 1000
	MostSetuid  = 1000
)

// File is one file of the merged file system.
type File struct {
	Path  string       `json:"path"`
	Mode  uint32       `json:"mode"`           // permission bits, setuid 04000, setgid 02000, sticky 01000
	Layer image.Digest `json:"layer,omitzero"` // diffID of the layer it is from
}

// Target says what was scanned. An unpacked file system has neither digests nor layers; a bill of
// materials has a reference and may have nothing else, and the coverage says so.
type Target struct {
	Reference   string        `json:"reference"`
	Repository  string        `json:"repository,omitempty"`
	ImageID     image.Digest  `json:"imageID,omitzero"`
	Digest      image.Digest  `json:"digest,omitzero"`
	IndexDigest image.Digest  `json:"indexDigest,omitzero"`
	Platform    string        `json:"platform,omitempty"`
	Config      TargetConfig  `json:"config,omitzero"`
	Layers      []TargetLayer `json:"layers,omitempty"`
	// Instructions are the lines of the Dockerfile as the image's history tells them, in its
	// spelling without the builder's marks: "RUN apt-get update", "COPY app /app", "USER 1000".
	Instructions []string `json:"instructions,omitempty"`
	// Base is the image that this one was built from, as its annotations or labels state it.
	Base *Base `json:"base,omitempty"`
}

// Base names the image that another was built from (OCI image specification, "Pre-Defined
// Annotation Keys": org.opencontainers.image.base.name and .digest).
type Base struct {
	Name   string       `json:"name"`
	Digest image.Digest `json:"digest,omitzero"`
}

// TargetConfig is the part of the image's configuration that a policy may ask about.
type TargetConfig struct {
	User         string            `json:"user"`
	Env          []string          `json:"env,omitempty"` // NAME=value, values that look secret redacted
	Entrypoint   []string          `json:"entrypoint,omitempty"`
	Cmd          []string          `json:"cmd,omitempty"`
	ExposedPorts []string          `json:"exposedPorts,omitempty"`
	Labels       map[string]string `json:"labels,omitempty"`
	Healthcheck  bool              `json:"healthcheck"`
	Created      string            `json:"created,omitempty"` // RFC 3339
}

// TargetLayer is one layer of the image.
type TargetLayer struct {
	Digest    image.Digest `json:"digest,omitzero"`
	DiffID    image.Digest `json:"diffID"`
	Size      int64        `json:"size"`               // bytes as stored
	Unpacked  int64        `json:"unpacked,omitempty"` // bytes of the layer's tar stream, not compressed
	CreatedBy string       `json:"createdBy,omitempty"`
}

// Distro is what os-release says (os-release(5)).
type Distro struct {
	ID        string   `json:"id"`
	VersionID string   `json:"versionID,omitempty"` // absent on rolling releases
	Codename  string   `json:"codename,omitempty"`
	Name      string   `json:"name,omitempty"`    // PRETTY_NAME
	CPE       string   `json:"cpe,omitempty"`     // CPE_NAME
	Variant   string   `json:"variant,omitempty"` // VARIANT_ID
	IDLike    []string `json:"idLike,omitempty"`
	// EOL is the day after which the release gets no more fixes from its maker for everybody,
	// YYYY-MM-DD; absent if that is not known.
	EOL string `json:"eol,omitempty"`
}

// Package is one installed package.
type Package struct {
	PURL    string `json:"purl"`
	Type    string `json:"type"`              // purl type: deb, apk, golang, npm, pypi, conda
	Name    string `json:"name"`              // as advisories have it: maven's is group:artifact, pypi's is normalised
	Version string `json:"version,omitempty"` // absent if the package does not state one
	Arch    string `json:"arch,omitempty"`
	// Source is what the package was built from: what distributions issue advisories for.
	Source   *Source  `json:"source,omitempty"`
	Module   string   `json:"module,omitempty"` // the module stream it is from, such as nodejs:18 (rpm)
	Vendor   string   `json:"vendor,omitempty"` // who built it, as it states itself
	Licenses []string `json:"licenses,omitempty"`
	// Confidence is low if name or version were read off something that does not state them.
	Confidence Confidence `json:"confidence,omitempty"`
	OwnedBy    string     `json:"ownedBy,omitempty"` // purl of the distribution's, or conda's, package that owns its files
	Locations  []Location `json:"locations"`
}

// Confidence is how sure it is what a package is. The zero value is sure: the package says so.
type Confidence string

// Low is for a package that was recognised by something that does not state its name or version:
// a text in a program, the package of a jar's classes.
const Low Confidence = "low"

// Source is a source package. Its version often differs from the binary's (lvm2 2.03.16-2
// builds dmsetup 2:1.02.185-2), and advisories speak of the source's.
type Source struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Location is where a package was found.
type Location struct {
	Path  string       `json:"path"`
	Layer image.Digest `json:"layer,omitzero"` // diffID of the layer in which this version first appeared
}

// ComparePackages is the order in which packages are listed: by purl, by owner, then by first
// location.
func ComparePackages(a, b Package) int {
	if c := cmp.Or(strings.Compare(a.PURL, b.PURL), strings.Compare(a.OwnedBy, b.OwnedBy)); c != 0 {
		return c
	}
	return slices.CompareFunc(a.Locations, b.Locations, func(x, y Location) int {
		return cmp.Or(strings.Compare(x.Path, y.Path), strings.Compare(x.Layer.String(), y.Layer.String()))
	})
}
