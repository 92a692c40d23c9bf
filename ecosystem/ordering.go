// Package ecosystem knows what differs from one packaging world to the next: how versions are
// ordered, what OSV calls an ecosystem, and how a package is written as a purl.
//
// # Ordering
//
// A version becomes a key, a string of bytes such that bytes.Compare(key(a), key(b)) is the
// ecosystem's own order of a and b. Equal versions have equal keys, whatever their spelling.
// The keys are made once, when the advisory database is built, and lie in it: a look-up compares
// bytes and parses nothing but the one version that is looked up. Keys of different orderings
// must not be compared. A change of the encoding changes the database's format.
//
// An ordering follows the tool that installs the packages (dpkg, apk, the go command), also
// where that tool surprises. A version that the tool refuses is a *VersionError and never a
// guess. OSV's "0", which stands before every version, is no version: callers treat it themselves.
//
// # Limits
//
// Every ecosystem of the OSV schema has an ordering, or a reason why nobody can order it: see
// OrderingOf and WhyUnordered. A record's ranges are read in the order of its ecosystem, also
// those of type SEMVER. A version is at most MaxVersionLength bytes long.
//
// The package imports nothing of the project.
package ecosystem

import (
	"bytes"
	"fmt"
)

// Ordering is a rule by which versions are ordered.
type Ordering uint8

// The orderings. Unordered has no keys: whether one version is before another is not known.
const (
	Unordered Ordering = iota
	// Deb is dpkg's order: deb-version(7).
	Deb
	// APK is apk-tools' order: apk-package(5), "Package version".
	APK
	// Semver is the order of Semantic Versioning 2.0.0, section 11. It is that of OSV's SEMVER
	// ranges and, with a leading "v" or "go", that of Go modules and Go releases.
	Semver
	// RPM is rpm's order: rpm-version(7).
	RPM
	// PyPI is that of PEP 440, and of setuptools for what it does not know.
	PyPI
	// Packagist is Composer's order.
	Packagist
	// Hackage is Cabal's order.
	Hackage
	// CRAN is R's order of package versions.
	CRAN
	// Maven is that of Maven's ComparableVersion.
	Maven
	// NuGet is that of NuGet.Versioning.
	NuGet
	// RubyGems is that of Gem::Version.
	RubyGems
	// Pub is Dart's order: Semver, and builds count.
	Pub
	// Julia is that of Julia's VersionNumber: Semver, and builds count.
	Julia
	// Bitnami is Semver, but what follows a hyphen is a later revision.
	Bitnami
	// Opam is opam's order: Deb without epochs.
	Opam
	// ALPM is that of Arch Linux's vercmp(8).
	ALPM
	// FreeBSD is that of pkg-version(8).
	FreeBSD
	// Conan is Conan's order.
	Conan
	// LastOrdering is the last one.
	LastOrdering = Conan
)

// MaxVersionLength is how many bytes of a version are read at most. The longest in use (Go
// pseudo-versions, Debian backports of git snapshots) have about 80.
const MaxVersionLength = 4096

// ordinaryKeyLength holds the keys of all versions in OSV's data without growing.
const ordinaryKeyLength = 128

// String returns the ordering's name.
func (o Ordering) String() string {
	names := [...]string{Unordered: "unordered", Deb: "deb", APK: "apk", Semver: "semver", RPM: "rpm", PyPI: "pypi",
		Packagist: "packagist", Hackage: "hackage", CRAN: "cran", Maven: "maven", NuGet: "nuget", RubyGems: "rubygems", Pub: "pub", Julia: "julia",
		Bitnami: "bitnami", Opam: "opam", ALPM: "alpm", FreeBSD: "freebsd", Conan: "conan"}
	if int(o) < len(names) {
		return names[o]
	}
	return fmt.Sprintf("ordering %d", uint8(o))
}

// AppendKey appends the version's key to dst and returns the extended slice. It allocates only
// if dst lacks room. If the version is refused, it returns dst as it was and a *VersionError.
func (o Ordering) AppendKey(dst []byte, version string) ([]byte, error) {
	if len(version) > MaxVersionLength {
		return dst, &VersionError{o, version, "it is too long"}
	}
	key, reason := o.appendKey(dst, version)
	if reason != "" {
		return dst, &VersionError{o, version, reason}
	}
	return key, nil
}

// appendKey returns the key, or why there is none.
func (o Ordering) appendKey(dst []byte, version string) (key []byte, reason string) {
	switch o {
	case Deb:
		return appendDebKey(dst, version)
	case APK:
		return appendAPKKey(dst, version)
	case Semver:
		return appendSemverKey(dst, version)
	case RPM:
		return appendRPMKey(dst, version)
	case PyPI:
		return appendPyPIKey(dst, version)
	case Packagist:
		return appendPackagistKey(dst, version)
	case Hackage:
		return appendHackageKey(dst, version)
	case CRAN:
		return appendCRANKey(dst, version)
	case Maven:
		return appendMavenKey(dst, version)
	case NuGet:
		return appendNuGetKey(dst, version)
	case RubyGems:
		return appendRubyGemsKey(dst, version)
	case Pub:
		return appendPubKey(dst, version)
	case Julia:
		return appendJuliaKey(dst, version)
	case Bitnami:
		return appendBitnamiKey(dst, version)
	case Opam:
		return appendOpamKey(dst, version)
	case ALPM:
		return appendALPMKey(dst, version)
	case FreeBSD:
		return appendFreeBSDKey(dst, version)
	case Conan:
		return appendConanKey(dst, version)
	}
	return dst, "versions of this ecosystem have no known order"
}

// Compare returns -1, 0 or +1 if a is before, equal to or after b. It fails with *VersionError
// if one of them is refused, and does not allocate for versions of ordinary length.
func (o Ordering) Compare(a, b string) (int, error) {
	var keyA, keyB [ordinaryKeyLength]byte
	x, err := o.AppendKey(keyA[:0], a)
	if err != nil {
		return 0, err
	}
	y, err := o.AppendKey(keyB[:0], b)
	if err != nil {
		return 0, err
	}
	return bytes.Compare(x, y), nil
}

// VersionError reports a version that its ecosystem's rules refuse.
type VersionError struct {
	Ordering Ordering
	Version  string
	Reason   string
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s version %.80q cannot be ordered: %s", e.Ordering, e.Version, e.Reason)
}
