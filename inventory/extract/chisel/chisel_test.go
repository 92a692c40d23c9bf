package chisel

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const text = `{"jsonwall":"1.0","schema":"1.0","count":7}
{"kind":"content","slice":"base-files_base","path":"/etc/debian_version"}
{"kind":"package","name":"base-files","version":"13ubuntu10","sha256":"0123","arch":"amd64"}
{"kind":"package","name":"libc6","version":"2.39-0ubuntu8","sha256":"0123","arch":"amd64"}
{"kind":"path","path":"/etc/","mode":"0755","slices":["base-files_base","libc6_config"]}
{"kind":"path","path":"/etc/debian_version","mode":"0644","slices":["base-files_base"],"sha256":"0123","size":4}
{"kind":"slice","name":"base-files_base"}
`

func pack(t testing.TB, text string) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll([]byte(text), nil)
}

// scan reads a manifest as a pass and a join do.
func scan(content []byte) *record.Found {
	file := record.File{Path: manifest, Read: true}
	data, err := New().Visit(context.Background(), &rootfs.File{Entry: &rootfs.Entry{Path: manifest}, Reader: bytes.NewReader(content)})
	if file.Data = data; err != nil {
		file.Problem = err.Error()
	}
	found := record.NewFound(nil)
	found.Distro = &inventory.Distro{ID: "ubuntu", VersionID: "24.04"}
	New().Assemble([]record.File{file}, found)
	return found
}

func TestManifest(t *testing.T) {
	for _, test := range []struct {
		name    string
		content []byte
		want    []string
		gaps    []string
	}{
		{"two packages", pack(t, text), []string{
			"pkg:deb/ubuntu/base-files@13ubuntu10?arch=amd64&distro=ubuntu-24.04", "pkg:deb/ubuntu/libc6@2.39-0ubuntu8?arch=amd64&distro=ubuntu-24.04"},
			[]string{"no-source-package it does not say which"}},
		{"no packages", pack(t, `{"jsonwall":"1.0","schema":"1.0","count":1}`+"\n"), nil, nil},
		{"a package without a version", pack(t, text+`{"kind":"package","name":"a"}`), []string{
			"pkg:deb/ubuntu/base-files@13ubuntu10?arch=amd64&distro=ubuntu-24.04", "pkg:deb/ubuntu/libc6@2.39-0ubuntu8?arch=amd64&distro=ubuntu-24.04"},
			[]string{"malformed-entry line 8: a package has no name", "no-source-package"}},
		{"a line that is too long", pack(t, text[:44]+`{"kind":"path","path":"`+strings.Repeat("x", 1<<20)+"\"}\n"), nil, []string{"malformed-entry line 2"}},
		{"something else", pack(t, "{}\n{}\n"), nil, []string{"unreadable-database does not begin"}},
		{"not packed", []byte(text), nil, []string{"unreadable-database"}},
		{"cut short", pack(t, text)[:40], nil, []string{"unreadable-database"}},
		{"a bomb", pack(t, text[:44]+strings.Repeat(strings.Repeat(" ", 60_000)+"\n", maxUnpacked/60_000+1)), nil, []string{"unreadable-database larger than"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := scan(test.content)
			var packages []string
			for _, p := range found.Packages() {
				packages = append(packages, p.PURL)
			}
			if diff := cmp.Diff(test.want, packages); diff != "" {
				t.Error(diff)
			}
			gaps := found.Coverage().Gaps
			if len(gaps) != len(test.gaps) {
				t.Fatalf("gaps %v, want %q", gaps, test.gaps)
			}
			for i, want := range test.gaps {
				code, why, _ := strings.Cut(want, " ")
				if gaps[i].Code != code || !strings.Contains(gaps[i].Why, why) {
					t.Errorf("gap %v, want %q", gaps[i], want)
				}
			}
		})
	}
}

func TestAPackageOwnsItsSlicesFiles(t *testing.T) {
	contents, err := parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []record.PathSum{record.SumPath("/etc/debian_version")}
	if diff := cmp.Diff(want, contents.Packages[0].Owns); diff != "" {
		t.Error(diff)
	}
}

// FuzzManifest: no input makes the parser panic; every package has a name and a version that are
// words, and there are no more of them than lines.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(text))
	f.Add([]byte("{\"jsonwall\":\"1\"}\n\n[]\n{\"kind\":\"package\"}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		contents, _ := parse(bytes.NewReader(text))
		if len(contents.Packages) > 1+bytes.Count(text, []byte("\n")) {
			t.Errorf("%d packages", len(contents.Packages))
		}
		for _, p := range contents.Packages {
			if !record.IsWord([]byte(p.Name)) || !record.IsWord([]byte(p.Version)) {
				t.Errorf("no word: %+v", p)
			}
		}
	})
}
