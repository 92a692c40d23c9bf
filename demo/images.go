package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/assemble"
)

// assembleAll writes the four images as OCI layouts.
func assembleAll(dir string, programs map[string][]byte) error {
	for _, version := range []string{"v1", "v2"} {
		service := assemble.File{Path: "usr/local/bin/service", Mode: 0o755, Body: programs[version]}
		for name, system := range map[string][]assemble.File{"debian": debian(version), "alpine": alpine(version)} {
			application := []assemble.File{service}
			if name == "alpine" && version == "v1" {
				application = append(application, assemble.File{Path: "app/package-lock.json", Body: []byte(packageLock)})
			}
			if err := assembleOne(filepath.Join(dir, name+"-"+version), version, name, system, application); err != nil {
				return err
			}
		}
	}
	return nil
}

func assembleOne(dir, tag, name string, system, application []assemble.File) error {
	img := assemble.Image{
		Platform: image.Platform{OS: "linux", Architecture: runtime.GOARCH},
		Config: image.Config{
			Env:        []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
			Entrypoint: []string{"/usr/local/bin/service"},
			Labels:     map[string]string{"org.opencontainers.image.title": name + " demo"},
		},
		CreatedBy: []string{"ADD " + name + " root file system", "COPY service /usr/local/bin/"},
	}
	if tag == "v2" {
		img.Config.User = "65532"
	}
	for _, files := range [][]assemble.File{system, application} {
		layer, err := assemble.Layer(files, assemble.Gzip)
		if err != nil {
			return err
		}
		img.Layers = append(img.Layers, layer)
	}
	return assemble.WriteLayout(dir, tag, img)
}

// debPackage is a row of dpkg's database: source is "name" or "name version" where it differs.
type debPackage struct{ name, arch, source, v1, v2 string }

// debianPackages are packages of Debian 12: v1 as released in June 2023, v2 as of autumn 2026.
func debianPackages() []debPackage {
	return []debPackage{
		{"base-files", "amd64", "", "12.4", "12.4+deb12u15"},
		{"bash", "amd64", "bash 5.2.15-2", "5.2.15-2+b2", "5.2.15-2+b13"},
		{"ca-certificates", "all", "", "20230311", "20250419~deb12u2"},
		{"coreutils", "amd64", "", "9.1-1", "9.1-1"},
		{"curl", "amd64", "", "7.88.1-10", "7.88.1-10+deb12u15"},
		{"debianutils", "amd64", "", "5.7-0.4", "5.7-0.5~deb12u1"},
		{"dpkg", "amd64", "", "1.21.22", "1.21.23"},
		{"grep", "amd64", "", "3.8-5", "3.8-5"},
		{"libc-bin", "amd64", "glibc", "2.36-9", "2.36-9+deb12u14"},
		{"libc6", "amd64", "glibc", "2.36-9", "2.36-9+deb12u14"},
		{"libcurl4", "amd64", "curl", "7.88.1-10", "7.88.1-10+deb12u15"},
		{"libexpat1", "amd64", "expat", "2.5.0-1", "2.5.0-1+deb12u5"},
		{"libgcrypt20", "amd64", "", "1.10.1-3", "1.10.1-3+deb12u1"},
		{"libgnutls30", "amd64", "gnutls28", "3.7.9-2", "3.7.9-2+deb12u7"},
		{"libkrb5-3", "amd64", "krb5", "1.20.1-2", "1.20.1-2+deb12u5"},
		{"liblzma5", "amd64", "xz-utils", "5.4.1-0.2", "5.4.1-1+deb12u2"},
		{"libnghttp2-14", "amd64", "nghttp2", "1.52.0-1", "1.52.0-1+deb12u3"},
		{"libpcre2-8-0", "amd64", "pcre2", "10.42-1", "10.42-1+deb12u2"},
		{"libssl3", "amd64", "openssl", "3.0.9-1", "3.0.22-1~deb12u2"},
		{"openssl", "amd64", "", "3.0.9-1", "3.0.22-1~deb12u2"},
		{"perl-base", "amd64", "perl", "5.36.0-7", "5.36.0-7+deb12u4"},
		{"sed", "amd64", "", "4.9-1", "4.9-1+deb12u1"},
		{"tar", "amd64", "", "1.34+dfsg-1.2", "1.34+dfsg-1.2+deb12u1"},
		{"tzdata", "all", "", "2023c-5", "2026b-0+deb12u1"},
		{"zlib1g", "amd64", "zlib", "1:1.2.13.dfsg-1", "1:1.2.13.dfsg-1"},
	}
}

func debian(version string) []assemble.File {
	var status strings.Builder
	for _, p := range debianPackages() {
		installed := p.v1
		if version == "v2" {
			installed = p.v2
		}
		fmt.Fprintf(&status, "Package: %s\nStatus: install ok installed\nArchitecture: %s\n", p.name, p.arch)
		if name, sourceVersion, differs := strings.Cut(p.source, " "); differs {
			fmt.Fprintf(&status, "Source: %s (%s)\n", name, sourceVersion)
		} else if name != "" {
			fmt.Fprintf(&status, "Source: %s\n", name)
		}
		fmt.Fprintf(&status, "Version: %s\n\n", installed)
	}
	return []assemble.File{
		{Path: "etc/os-release", Body: []byte("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n")},
		{Path: "var/lib/dpkg/status", Body: []byte(status.String())},
	}
}

// apkPackage is a row of apk's database.
type apkPackage struct{ name, origin, license, v1, v2 string }

// alpinePackages are packages of Alpine 3.20: v1 as in 3.20.3, v2 with the fixes since.
func alpinePackages() []apkPackage {
	return []apkPackage{
		{"alpine-baselayout", "alpine-baselayout", "GPL-2.0-only", "3.6.5-r0", "3.6.5-r0"},
		{"alpine-keys", "alpine-keys", "MIT", "2.4-r1", "2.4-r1"},
		{"apk-tools", "apk-tools", "GPL-2.0-only", "2.14.4-r0", "2.14.4-r1"},
		{"busybox", "busybox", "GPL-2.0-only", "1.36.1-r29", "1.36.1-r31"},
		{"busybox-binsh", "busybox", "GPL-2.0-only", "1.36.1-r29", "1.36.1-r31"},
		{"ca-certificates-bundle", "ca-certificates", "MPL-2.0 AND MIT", "20240705-r0", "20250911-r0"},
		{"libcrypto3", "openssl", "Apache-2.0", "3.3.2-r0", "3.3.6-r0"},
		{"libssl3", "openssl", "Apache-2.0", "3.3.2-r0", "3.3.6-r0"},
		{"musl", "musl", "MIT", "1.2.5-r0", "1.2.5-r3"},
		{"musl-utils", "musl", "MIT AND BSD-2-Clause AND GPL-2.0-or-later", "1.2.5-r0", "1.2.5-r3"},
		{"scanelf", "pax-utils", "GPL-2.0-only", "1.3.7-r2", "1.3.7-r2"},
		{"ssl_client", "busybox", "GPL-2.0-only", "1.36.1-r29", "1.36.1-r31"},
		{"zlib", "zlib", "Zlib", "1.3.1-r1", "1.3.1-r1"},
	}
}

func alpine(version string) []assemble.File {
	var installed strings.Builder
	for _, p := range alpinePackages() {
		v := p.v1
		if version == "v2" {
			v = p.v2
		}
		fmt.Fprintf(&installed, "P:%s\nV:%s\nA:x86_64\nL:%s\no:%s\n\n", p.name, v, p.license, p.origin)
	}
	return []assemble.File{
		{Path: "etc/os-release", Body: []byte("NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME=\"Alpine Linux v3.20\"\n")},
		{Path: "lib/apk/db/installed", Body: []byte(installed.String())},
	}
}

// packageLock is what a build leaves behind: npm's list of what was installed.
const packageLock = `{
  "name": "page",
  "version": "1.0.0",
  "lockfileVersion": 3,
  "packages": {
    "": {"name": "page", "version": "1.0.0", "dependencies": {"lodash": "4.17.15", "minimist": "1.2.0"}},
    "node_modules/lodash": {"version": "4.17.15"},
    "node_modules/minimist": {"version": "1.2.0"}
  }
}
`
