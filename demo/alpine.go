package main

import (
	"fmt"
	"strings"

	"plimsoll.dev/plimsoll/internal/assemble"
)

// apkPackage is a row of apk's database.
type apkPackage struct{ name, origin, license, v1, v2 string }

// alpinePackages are all packages of Alpine's own image: v1 of release 3.20.3 (September 2024),
// v2 of 3.20.10 (April 2026).
func alpinePackages() []apkPackage {
	return []apkPackage{
		{"alpine-baselayout", "alpine-baselayout", "GPL-2.0-only", "3.6.5-r0", "3.6.5-r0"},
		{"alpine-baselayout-data", "alpine-baselayout", "GPL-2.0-only", "3.6.5-r0", "3.6.5-r0"},
		{"alpine-keys", "alpine-keys", "MIT", "2.4-r1", "2.4-r1"},
		{"apk-tools", "apk-tools", "GPL-2.0-only", "2.14.4-r0", "2.14.4-r1"},
		{"busybox", "busybox", "GPL-2.0-only", "1.36.1-r29", "1.36.1-r31"},
		{"busybox-binsh", "busybox", "GPL-2.0-only", "1.36.1-r29", "1.36.1-r31"},
		{"ca-certificates-bundle", "ca-certificates", "MPL-2.0 AND MIT", "20240705-r0", "20260413-r0"},
		{"libcrypto3", "openssl", "Apache-2.0", "3.3.2-r0", "3.3.7-r0"},
		{"libssl3", "openssl", "Apache-2.0", "3.3.2-r0", "3.3.7-r0"},
		{"musl", "musl", "MIT", "1.2.5-r0", "1.2.5-r3"},
		{"musl-utils", "musl", "MIT AND BSD-2-Clause AND GPL-2.0-or-later", "1.2.5-r0", "1.2.5-r3"},
		{"scanelf", "pax-utils", "GPL-2.0-only", "1.3.7-r2", "1.3.7-r2"},
		{"ssl_client", "busybox", "GPL-2.0-only", "1.36.1-r29", "1.36.1-r31"},
		{"zlib", "zlib", "Zlib", "1.3.1-r1", "1.3.2-r0"},
	}
}

// alpine is what tells a scanner that an image is an Alpine 3.20, and what is installed in it: of
// apk's fields those that identify a package, and its licence.
func alpine(tag, architecture string) []assemble.File {
	var installed strings.Builder
	for _, p := range alpinePackages() {
		fmt.Fprintf(&installed, "P:%s\nV:%s\nA:%s\nL:%s\no:%s\n\n",
			p.name, pick(tag, p.v1, p.v2), alpineArchitecture(architecture), p.license, p.origin)
	}
	release := pick(tag, "3.20.3", "3.20.10")
	osRelease := fmt.Sprintf("NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=%s\nPRETTY_NAME=\"Alpine Linux v3.20\"\n", release)
	return []assemble.File{
		{Path: "etc/alpine-release", Body: []byte(release + "\n")},
		{Path: "etc/os-release", Body: []byte(osRelease)},
		{Path: "lib/apk/db/installed", Body: []byte(installed.String())},
	}
}

// alpineArchitecture is Alpine's name for one of Go's (OCI's).
func alpineArchitecture(architecture string) string {
	switch architecture {
	case "386":
		return "x86"
	case "amd64":
		return "x86_64"
	case "arm":
		return "armv7"
	case "arm64":
		return "aarch64"
	default: // ppc64le, riscv64 and s390x are the same in both
		return architecture
	}
}

// packageLock is what a build leaves behind: npm's list of what was installed.
const packageLock = `{
  "name": "page",
  "version": "1.0.0",
  "lockfileVersion": 3,
  "requires": true,
  "packages": {
    "": {"name": "page", "version": "1.0.0", "dependencies": {"lodash": "4.17.15", "minimist": "1.2.0"}},
    "node_modules/lodash": {"version": "4.17.15", "license": "MIT"},
    "node_modules/minimist": {"version": "1.2.0", "license": "MIT"}
  }
}
`
