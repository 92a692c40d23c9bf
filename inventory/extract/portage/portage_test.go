package portage

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

func TestVersions(t *testing.T) {
	for text, want := range map[string][2]string{
		"bzip2-1.0.8-r4":            {"bzip2", "1.0.8-r4"},
		"openssl-3.0.13":            {"openssl", "3.0.13"},
		"openssl-1.1.1w":            {"openssl", "1.1.1w"},
		"gtk+-2.24.33_p20231001":    {"gtk+", "2.24.33_p20231001"},
		"a-1_alpha2_pre3_rc_p4-r11": {"a", "1_alpha2_pre3_rc_p4-r11"},
		"font-adobe-100dpi-1.0.4":   {"font-adobe-100dpi", "1.0.4"},
		"acct-user-9999":            {"acct-user", "9999"},
		"a-b-r1":                    {"a-b-r1", ""},
		"a-1.":                      {"a-1.", ""},
		"a-1.b":                     {"a-1.b", ""},
		"a-1_beta.2":                {"a-1_beta.2", ""},
		"a-1-r":                     {"a-1-r", ""},
		"-1":                        {"-1", ""},
		"a":                         {"a", ""},
		"":                          {"", ""},
	} {
		if name, version := splitVersion(text); [2]string{name, version} != want {
			t.Errorf("%q: %q %q", text, name, version)
		}
	}
}

func TestNames(t *testing.T) {
	for name, test := range map[string]struct {
		text, category string
		want           []record.Package
		gap            bool
	}{
		"plain":             {"bzip2-1.0.8-r4\n", "app-arch", []record.Package{{Name: "app-arch/bzip2", Version: "1.0.8-r4"}}, false},
		"no newline":        {"bzip2-1.0.8", "app-arch", []record.Package{{Name: "app-arch/bzip2", Version: "1.0.8"}}, false},
		"no version":        {"bzip2\n", "app-arch", nil, true},
		"empty":             {"", "app-arch", nil, true},
		"space in the name": {"b zip2-1\n", "app-arch", nil, true},
		"too long":          {"a-" + strings.Repeat("1", 1<<20), "app-arch", nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			contents, err := parseName(strings.NewReader(test.text), test.category)
			if diff := cmp.Diff(test.want, contents.Packages); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
			if gap := len(contents.Gaps) > 0; gap != test.gap {
				t.Errorf("gaps %v", contents.Gaps)
			}
		})
	}
}

func TestLicenses(t *testing.T) {
	for text, want := range map[string][]string{
		"GPL-2+ LGPL-2.1\n": {"GPL-2+", "LGPL-2.1"}, "|| ( MIT  BSD )": {"|| ( MIT BSD )"}, "": nil,
	} {
		contents, err := parseLicense(strings.NewReader(text))
		if diff := cmp.Diff(want, contents.Packages[0].Licenses, cmp.Transformer("join", func(l []string) string { return strings.Join(l, "|") })); err != nil || diff != "" {
			t.Errorf("%q: %v\n%s", text, err, diff)
		}
	}
}

func TestContents(t *testing.T) {
	for line, want := range map[string]string{
		"obj /usr/bin/bzip2 d41d8cd98f00b204e9800998ecf8427e 1700000000":   "/usr/bin/bzip2",
		"obj /usr/share/a b c d41d8cd98f00b204e9800998ecf8427e 1700000000": "/usr/share/a b c",
		"sym /usr/lib64/libbz2.so -> libbz2.so.1.0.8 1700000000":           "/usr/lib64/libbz2.so",
		"dir /usr/bin": "", "fif /run/a": "", "obj /usr": "", "obj ": "", "": "",
	} {
		if got := ownedPath(line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func TestWants(t *testing.T) {
	for path, want := range map[string]rootfs.Want{
		"var/db/pkg/app-arch/bzip2-1.0.8-r4/PF": rootfs.Stream, "var/db/pkg/app-arch/bzip2-1.0.8-r4/CONTENTS": rootfs.Stream,
		"var/db/pkg/app-arch/bzip2-1.0.8-r4/environment.bz2": rootfs.Ignore, "var/db/pkg/app-arch/-MERGING-bzip2-1.0.8/PF": rootfs.Ignore,
		"var/db/pkg/app-arch/PF": rootfs.Ignore, "var/db/repos/gentoo/PF": rootfs.Ignore,
	} {
		if got := New().Wants(&rootfs.Entry{Path: path}, nil); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// FuzzName: no input makes the parser panic; there is a package whose name and version are words
// and, put together again, give the text, or a gap; the result does not depend on how the text
// arrives.
func FuzzName(f *testing.F) {
	f.Add([]byte("bzip2-1.0.8-r4\n"))
	f.Add([]byte("a-1a_p-r0\r\n-"))
	f.Fuzz(func(t *testing.T, text []byte) {
		contents, err := parseName(bytes.NewReader(text), "c")
		if err != nil {
			t.Fatal(err)
		}
		again, _ := parseName(iotest.OneByteReader(bytes.NewReader(text)), "c")
		if diff := cmp.Diff(contents, again); diff != "" {
			t.Fatal(diff)
		}
		if len(contents.Packages)+len(contents.Gaps) != 1 {
			t.Fatalf("%d packages, %d gaps", len(contents.Packages), len(contents.Gaps))
		}
		for _, p := range contents.Packages {
			whole := strings.TrimPrefix(p.Name, "c/") + "-" + p.Version
			if !record.IsWord([]byte(whole)) || !bytes.Contains(text, []byte(whole)) {
				t.Errorf("%q is not in the text", whole)
			}
		}
	})
}

// FuzzContents: no input makes the parser panic or fail; it lists at most one file a line.
func FuzzContents(f *testing.F) {
	f.Add([]byte("obj /a 0 1\nsym /b -> c 1\ndir /d\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		contents, err := parseContents(bytes.NewReader(text))
		if err != nil || len(contents.Packages[0].Owns) > 1+bytes.Count(text, []byte("\n")) {
			t.Errorf("%d files, error %v", len(contents.Packages[0].Owns), err)
		}
	})
}
