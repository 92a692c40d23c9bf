package dpkg

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

func deb(name, version, arch, source, sourceVersion string) record.Package {
	return record.Package{Name: name, Version: version, Arch: arch, SourceName: source, SourceVersion: sourceVersion}
}

func TestStatus(t *testing.T) {
	const installed = "Status: install ok installed\n"
	a := []record.Package{deb("a", "1", "", "a", "1")}
	for _, test := range []struct {
		name, text string
		want       []record.Package
		gap        string // part of the gap's reason
	}{
		{name: "hard case 1: source and its version are the binary's", text: "Package: a\nVersion: 1\nArchitecture: amd64\n" + installed,
			want: []record.Package{deb("a", "1", "amd64", "a", "1")}},
		{name: "hard case 1: source with another name", text: "Package: libc6\nSource: glibc\nVersion: 2.36-9\n" + installed,
			want: []record.Package{deb("libc6", "2.36-9", "", "glibc", "2.36-9")}},
		{name: "hard case 1: source with another version", text: "Package: dmsetup\nSource: lvm2 (2.03.16-2)\nVersion: 2:1.02.185-2\n" + installed,
			want: []record.Package{deb("dmsetup", "2:1.02.185-2", "", "lvm2", "2.03.16-2")}},
		{name: "hard case 1: binNMU", text: "Package: bzip2\nSource: bzip2 (1.0.8-5)\nVersion: 1.0.8-5+b1\n" + installed,
			want: []record.Package{deb("bzip2", "1.0.8-5+b1", "", "bzip2", "1.0.8-5")}},
		{name: "hard case 16: no status", text: "Package: a\nVersion: 1\n", want: a},
		{name: "fields in any order and case", text: "vErSiOn:1\nSTATUS:  install ok installed \npackage:\ta\n", want: a},
		{name: "no newline at the end", text: "Package: a\nVersion: 1", want: a},
		{name: "lines end in CR LF", text: "Package: a\r\nVersion: 1\r\n\r\nPackage: b\r\nVersion: 2\r\n",
			want: []record.Package{a[0], deb("b", "2", "", "b", "2")}},
		{name: "continuation lines", text: "Package: a\nDescription: one\n Version: 9\n .\n\tPackage: b\nVersion: 1\n", want: a},
		{name: "several empty lines", text: "\n\n\nPackage: a\nVersion: 1\n\n\n\n", want: a},
		{name: "comments", text: "# Package: b\nPackage: a\nVersion: 1\n", want: a},
		{name: "empty file"},
		{name: "two architectures", text: "Package: a\nVersion: 1\nArchitecture: i386\n\nPackage: a\nVersion: 1\nArchitecture: amd64\n",
			want: []record.Package{deb("a", "1", "i386", "a", "1"), deb("a", "1", "amd64", "a", "1")}},
		{name: "removed, its configuration left", text: "Package: b\nVersion: 1\nStatus: deinstall ok config-files\n"},
		{name: "never installed", text: "Package: b\nStatus: purge ok not-installed\n"},
		{name: "to be removed", text: "Package: a\nVersion: 1\nStatus: deinstall ok installed\n", want: a},
		{name: "held", text: "Package: a\nVersion: 1\nStatus: hold ok installed\n", want: a},
		{name: "to be reinstalled", text: "Package: a\nVersion: 1\nStatus: install reinstreq half-installed\n", want: a},
		{name: "unpacked", text: "Package: a\nVersion: 1\nStatus: install ok unpacked\n", want: a},
		{name: "half configured", text: "Package: a\nVersion: 1\nStatus: install ok half-configured\n", want: a},
		{name: "awaits a trigger", text: "Package: a\nVersion: 1\nStatus: install ok triggers-awaited\n", want: a},
		{name: "has a pending trigger", text: "Package: a\nVersion: 1\nStatus: install ok triggers-pending\n", want: a},

		{name: "unknown state", text: "Package: b\nVersion: 1\nStatus: install ok exploded\n", gap: "stanza at line 1: its status"},
		{name: "status of two words", text: "Package: b\nVersion: 1\nStatus: install installed\n", gap: "its status"},
		{name: "no name", text: "Package: a\nVersion: 1\n\nVersion: 2\n", want: a, gap: "stanza at line 4: it has no package name"},
		{name: "no version", text: "Package: b\n" + installed + "\nPackage: a\nVersion: 1\n", want: a, gap: "no version"},
		{name: "empty version", text: "Package: b\nVersion: \n", gap: "no version"},
		{name: "space in a version", text: "Package: b\nVersion: 1 2\n", gap: "no version"},
		{name: "version given twice", text: "Package: b\nVersion: 1\nVersion: 2\n", gap: "given twice"},
		{name: "value goes on", text: "Package: b\nVersion:\n 1\n", gap: "goes on"},
		{name: "no colon", text: "Package: b\nVersion: 1\nnonsense\n\nPackage: a\nVersion: 1\n", want: a, gap: "neither a field"},
		{name: "source cut short", text: "Package: b\nVersion: 1\nSource: c (1\n", gap: "its source"},
		{name: "NUL in a name", text: "Package: b\x00\nVersion: 1\n", gap: "NUL"},
		{name: "block of NULs", text: "Package: b\nVersion: 1\n" + strings.Repeat("\x00", 100_000) + "\n\nPackage: a\nVersion: 1\n", want: a, gap: "NUL"},
		{name: "huge value that is not used", text: "Package: a\nDescription: " + strings.Repeat("x", 1<<20) + "\nVersion: 1\n", want: a},
		{name: "huge version", text: "Package: b\nVersion: " + strings.Repeat("1", 1<<20) + "\n", gap: "too long"},
		{name: "long version", text: "Package: b\nVersion: " + strings.Repeat("1", record.MaxText+1) + "\n", gap: "too long"},
		{name: "several", text: "Package: b\n\nPackage: c\n", gap: "2 entries; the first: stanza at line 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			contents, err := parse(strings.NewReader(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, contents.Packages); diff != "" {
				t.Error(diff)
			}
			checkGap(t, contents.Gaps, test.gap)
		})
	}
}

func checkGap(t *testing.T, gaps []record.Gap, why string) {
	t.Helper()
	if why == "" {
		if len(gaps) > 0 {
			t.Errorf("unexpected gaps: %v", gaps)
		}
		return
	}
	if len(gaps) != 1 || gaps[0].Code != record.MalformedEntry || gaps[0].Complete || !strings.Contains(gaps[0].Why, why) {
		t.Errorf("gaps %v, want one that says %q", gaps, why)
	}
}

func TestALayerThatFailsKeepsWhatCameBefore(t *testing.T) {
	broken := errors.New("layer is cut short")
	text := "Package: a\nVersion: 1\n\nPackage: b\nVersi"
	contents, err := parse(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "line 5") {
		t.Errorf("error %v, want one that wraps the layer's and names line 5", err)
	}
	if diff := cmp.Diff([]record.Package{deb("a", "1", "", "a", "1")}, contents.Packages); diff != "" {
		t.Error(diff)
	}
}

func TestHardCase16Wants(t *testing.T) {
	for path, want := range map[string]rootfs.Want{
		"var/lib/dpkg/status":                     rootfs.Stream,
		"var/lib/dpkg/status.d/libc6":             rootfs.Stream,
		"var/lib/dpkg/status.d/libc6.md5sums":     rootfs.Stream,
		"var/lib/dpkg/status.d/a/b":               rootfs.Ignore,
		"var/lib/dpkg/status-old":                 rootfs.Ignore,
		"srv/chroot/var/lib/dpkg/status":          rootfs.Ignore,
		"var/lib/dpkg/info/libc6:amd64.conffiles": rootfs.Ignore,
		"var/lib/dpkg/info/libc6:amd64.list":      rootfs.Stream,
		"var/lib/dpkg/info/a/b.list":              rootfs.Ignore,
	} {
		if got := New().Wants(&rootfs.Entry{Path: path, Kind: rootfs.Regular}, nil); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

func TestLists(t *testing.T) {
	for name, test := range map[string]struct {
		text     string
		withSums bool
		want     []string
	}{
		"dpkg's own":         {"/.\n/usr\n/usr/bin\n/usr/bin/a b\n", false, []string{"/.", "/usr", "/usr/bin", "/usr/bin/a b"}},
		"with sums":          {"d41d8cd98f00b204e9800998ecf8427e  usr/bin/a  b\n", true, []string{"usr/bin/a  b"}},
		"sum without a path": {"d41d8cd98f00b204e9800998ecf8427e\n\n", true, nil},
		"a path too long":    {"/" + strings.Repeat("x", 1<<20) + "\n/a\n", false, []string{"/a"}},
	} {
		t.Run(name, func(t *testing.T) {
			contents, err := parseList(strings.NewReader(test.text), test.withSums)
			if err != nil {
				t.Fatal(err)
			}
			var want []record.PathSum
			for _, path := range test.want {
				want = append(want, record.SumPath(path))
			}
			if diff := cmp.Diff(want, contents.Packages[0].Owns); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzList: no input makes the parser panic or fail; it lists at most one file a line.
func FuzzList(f *testing.F) {
	f.Add([]byte("/.\n/usr/bin/a\n"), false)
	f.Add([]byte("0123  usr/bin/a\n\n"), true)
	f.Fuzz(func(t *testing.T, text []byte, withSums bool) {
		contents, err := parseList(bytes.NewReader(text), withSums)
		if err != nil || len(contents.Packages[0].Owns) > 1+bytes.Count(text, []byte("\n")) {
			t.Errorf("%d files, error %v", len(contents.Packages[0].Owns), err)
		}
	})
}

// FuzzStatus: no input makes the parser panic; every package has a name, a version and a source
// that are words; parsing twice gives the same; a database written from the packages holds them.
func FuzzStatus(f *testing.F) {
	f.Add([]byte("Package: a\nVersion: 1\nArchitecture: amd64\nStatus: install ok installed\nSource: b (2)\n\nPackage: c\n"))
	f.Add([]byte("Package: a\r\nVersion: 1\r\nDescription: x\r\n y\r\n\r\n#\nPackage:b\nversion:2"))
	f.Add([]byte("PACkAge:(\nversion:0"))
	f.Add([]byte("Package: a\x00\nVersion: 1\nSource: b (\n\nnonsense\n : \n:\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		contents, err := parse(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		again, _ := parse(iotest.HalfReader(bytes.NewReader(text)))
		if diff := cmp.Diff(contents, again); diff != "" {
			t.Fatal(diff)
		}
		var written strings.Builder
		for _, p := range contents.Packages {
			for _, word := range []string{p.Name, p.Version, p.SourceName, p.SourceVersion} {
				if !record.IsWord([]byte(word)) {
					t.Fatalf("%q is not a word: %+v", word, p)
				}
			}
			fmt.Fprintf(&written, "Package: %s\nVersion: %s\n", p.Name, p.Version)
			if p.SourceName != p.Name || p.SourceVersion != p.Version { // else dpkg leaves it out
				fmt.Fprintf(&written, "Source: %s (%s)\n", p.SourceName, p.SourceVersion)
			}
			if p.Arch != "" {
				fmt.Fprintf(&written, "Architecture: %s\n", p.Arch)
			}
			written.WriteString("\n")
		}
		back, err := parse(strings.NewReader(written.String()))
		if diff := cmp.Diff(contents.Packages, back.Packages); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

func BenchmarkStatus(b *testing.B) {
	var text strings.Builder
	for i := range 700 {
		fmt.Fprintf(&text, "Package: package%d\nStatus: install ok installed\nPriority: optional\nArchitecture: amd64\nSource: source (1.%d-1)\nVersion: 1.%d-1+b1\n", i, i, i)
		text.WriteString("Description: some words on what it is for\n" + strings.Repeat(" and more words, line after line, as packages have them\n", 20) + "\n")
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		contents, err := parse(strings.NewReader(text.String()))
		if err != nil || len(contents.Packages) != 700 {
			b.Fatal(len(contents.Packages), err)
		}
	}
}
