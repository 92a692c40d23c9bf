package main

import (
	"archive/tar"
	"cmp"
	"fmt"
	"strings"

	"plimsoll.dev/plimsoll/internal/assemble"
)

// debPackage is a row of dpkg's database. An architecture of "" is the image's own; a source of
// "" has the package's name and version, and one without a version its version.
type debPackage struct{ name, architecture, source, v1, v2 string }

// debianPackages are real packages of Debian 12: v1 as it was released in June 2023, v2 with the
// updates that are out in autumn 2026. Each version stands in the changelog of its package
// (/usr/share/doc/PACKAGE/changelog.Debian.gz).
func debianPackages() []debPackage {
	return []debPackage{
		{"base-files", "", "", "12.4", "12.4+deb12u15"},
		{"bash", "", "bash 5.2.15-2", "5.2.15-2", "5.2.15-2+b13"},
		{"ca-certificates", "all", "", "20230311", "20250419~deb12u2"},
		{"coreutils", "", "", "9.1-1", "9.1-1"},
		{"curl", "", "", "7.88.1-10", "7.88.1-10+deb12u15"},
		{"debianutils", "", "", "5.7-0.4", "5.7-0.5~deb12u1"},
		{"dpkg", "", "", "1.21.22", "1.21.23"},
		{"grep", "", "", "3.8-5", "3.8-5"},
		{"libc-bin", "", "glibc", "2.36-9", "2.36-9+deb12u14"},
		{"libc6", "", "glibc", "2.36-9", "2.36-9+deb12u14"},
		{"libcurl4", "", "curl", "7.88.1-10", "7.88.1-10+deb12u15"},
		{"libexpat1", "", "expat", "2.5.0-1", "2.5.0-1+deb12u5"},
		{"libgcrypt20", "", "", "1.10.1-3", "1.10.1-3+deb12u1"},
		{"libgnutls30", "", "gnutls28", "3.7.9-2", "3.7.9-2+deb12u7"},
		{"libkrb5-3", "", "krb5", "1.20.1-2", "1.20.1-2+deb12u5"},
		{"liblzma5", "", "xz-utils", "5.4.1-0.2", "5.4.1-1+deb12u2"},
		{"libnghttp2-14", "", "nghttp2", "1.52.0-1", "1.52.0-1+deb12u3"},
		{"libpcre2-8-0", "", "pcre2", "10.42-1", "10.42-1+deb12u2"},
		{"libssl3", "", "openssl", "3.0.9-1", "3.0.22-1~deb12u2"},
		{"openssl", "", "", "3.0.9-1", "3.0.22-1~deb12u2"},
		{"perl-base", "", "perl", "5.36.0-7", "5.36.0-7+deb12u4"},
		{"sed", "", "", "4.9-1", "4.9-1+deb12u1"},
		{"tar", "", "", "1.34+dfsg-1.2", "1.34+dfsg-1.2+deb12u1"},
		{"tzdata", "all", "", "2023c-5", "2026b-0+deb12u1"},
		{"zlib1g", "", "zlib", "1:1.2.13.dfsg-1", "1:1.2.13.dfsg-1"},
	}
}

// debian is what tells a scanner that an image is a Debian 12, and what is installed in it: of
// dpkg's fields those that identify a package.
func debian(tag, architecture string) []assemble.File {
	var status strings.Builder
	for _, p := range debianPackages() {
		fmt.Fprintf(&status, "Package: %s\nStatus: install ok installed\n", p.name)
		fmt.Fprintf(&status, "Architecture: %s\n", cmp.Or(p.architecture, debianArchitecture(architecture)))
		if name, version, differs := strings.Cut(p.source, " "); differs {
			fmt.Fprintf(&status, "Source: %s (%s)\n", name, version)
		} else if name != "" {
			fmt.Fprintf(&status, "Source: %s\n", name)
		}
		fmt.Fprintf(&status, "Version: %s\n\n", pick(tag, p.v1, p.v2))
	}
	const release = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
ID=debian
VERSION_ID="12"
VERSION_CODENAME=bookworm
`
	files := []assemble.File{
		{Path: "etc/os-release", Type: tar.TypeSymlink, Link: "../usr/lib/os-release"},
		{Path: "usr/lib/os-release", Body: []byte(release)},
		{Path: "var/lib/dpkg/status", Body: []byte(status.String())},
	}
	for _, p := range debianPackages() { // the packages' files are not there, and so their lists are short
		files = append(files, assemble.File{Path: "var/lib/dpkg/info/" + p.name + ".list", Body: []byte("/.\n")})
	}
	return files
}

// debianArchitecture is Debian's name for one of Go's (OCI's).
func debianArchitecture(architecture string) string {
	switch architecture {
	case "386":
		return "i386"
	case "arm":
		return "armhf"
	case "ppc64le":
		return "ppc64el"
	default: // amd64, arm64, riscv64 and s390x are the same in both
		return architecture
	}
}
