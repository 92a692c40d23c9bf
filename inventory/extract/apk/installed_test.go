package apk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

func TestInstalled(t *testing.T) {
	const musl = "C:Q1=\nP:musl\nV:1.2.5-r0\nA:x86_64\nS:1\nT:the musl c library\no:musl\nL:MIT\nF:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1=\n"
	wantMusl := record.Package{Name: "musl", Version: "1.2.5-r0", Arch: "x86_64", SourceName: "musl", SourceVersion: "1.2.5-r0", Licenses: []string{"MIT"},
		Owns: []record.PathSum{record.SumPath("/lib/ld-musl-x86_64.so.1")}}
	for _, test := range []struct {
		name, text string
		want       []record.Package
		gap        string // part of the gap's reason
	}{
		{name: "one", text: musl + "\n", want: []record.Package{wantMusl}},
		{name: "no newline at the end", text: strings.TrimRight(musl, "\n"), want: []record.Package{wantMusl}},
		{name: "lines end in CR LF", text: strings.ReplaceAll(musl, "\n", "\r\n"), want: []record.Package{wantMusl}},
		{name: "hard case 4: origin", text: "P:libssl3\nV:3.3.2-r0\no:openssl\n",
			want: []record.Package{{Name: "libssl3", Version: "3.3.2-r0", SourceName: "openssl", SourceVersion: "3.3.2-r0"}}},
		{name: "virtual package", text: "P:.build-deps\nV:20240101.000000\nA:noarch\n",
			want: []record.Package{{Name: ".build-deps", Version: "20240101.000000", Arch: "noarch", SourceName: ".build-deps", SourceVersion: "20240101.000000"}}},
		{name: "letters are case-sensitive", text: "P:a\nV:1\np:so:x=1\nO:b\nv:2\nl:c\n",
			want: []record.Package{{Name: "a", Version: "1", SourceName: "a", SourceVersion: "1"}}},
		{name: "empty file"},
		{name: "file name with a colon", text: "P:a\nV:1\nF:\nR:P:b\nF:etc\nR:c\n",
			want: []record.Package{{Name: "a", Version: "1", SourceName: "a", SourceVersion: "1",
				Owns: []record.PathSum{record.SumPath("P:b"), record.SumPath("etc/c")}}}},

		{name: "no name", text: "V:1\n\n" + musl, want: []record.Package{wantMusl}, gap: "block at line 1: it has no package name"},
		{name: "no version", text: musl + "\nP:b\n", want: []record.Package{wantMusl}, gap: "no version"},
		{name: "name given twice", text: "P:a\nP:b\nV:1\n", gap: "given twice"},
		{name: "space in the origin", text: "P:a\nV:1\no:b c\n", gap: "origin"},
		{name: "not a field", text: "P:a\nV:1\nnonsense\n", gap: "not a letter"},
		{name: "NULs", text: "P:a\nV:1\nT:\x00\n\n" + musl, want: []record.Package{wantMusl}, gap: "NUL"},
		{name: "huge value that is not used", text: "T:" + strings.Repeat("x", 1<<20) + "\n" + musl, want: []record.Package{wantMusl}},
		{name: "huge version", text: "P:a\nV:" + strings.Repeat("1", 1<<20) + "\n", gap: "too long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			contents, err := parse(strings.NewReader(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, contents.Packages); diff != "" {
				t.Error(diff)
			}
			if test.gap == "" && len(contents.Gaps) > 0 ||
				test.gap != "" && (len(contents.Gaps) != 1 || contents.Gaps[0].Code != record.MalformedEntry || !strings.Contains(contents.Gaps[0].Why, test.gap)) {
				t.Errorf("gaps %v, want one that says %q", contents.Gaps, test.gap)
			}
		})
	}
}

func TestLicenses(t *testing.T) {
	for text, want := range map[string][]string{
		"":                              nil,
		"MIT":                           {"MIT"},
		"MIT BSD GPL2+":                 {"MIT", "BSD", "GPL2+"},
		"MPL-2.0 AND MIT":               {"MPL-2.0 AND MIT"},
		"GPL-2.0-only  WITH  exception": {"GPL-2.0-only WITH exception"},
		"(MIT OR Apache-2.0)":           {"(MIT OR Apache-2.0)"},
		"\xff":                          {"\uFFFD"},
	} {
		if diff := cmp.Diff(want, splitLicenses(text), cmp.Transformer("empty", func(s []string) string { return strings.Join(s, "|") })); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
	}
}

func TestALayerThatFailsKeepsWhatCameBefore(t *testing.T) {
	broken := errors.New("layer is cut short")
	contents, err := parse(io.MultiReader(strings.NewReader("P:a\nV:1\n\nP:b\nV:"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "line 5") {
		t.Errorf("error %v, want one that wraps the layer's and names line 5", err)
	}
	if len(contents.Packages) != 1 || contents.Packages[0].Name != "a" {
		t.Errorf("packages %v, want a", contents.Packages)
	}
}

// FuzzInstalled: no input makes the parser panic; every package has a name, a version and an
// origin that are words; parsing twice gives the same; a database written from the packages
// holds them.
func FuzzInstalled(f *testing.F) {
	f.Add([]byte("C:Q1=\nP:a\nV:1-r0\nA:x86_64\no:b\nL:MIT AND BSD\nF:lib\nR:x\n\nP:c\n"))
	f.Add([]byte("P:a\r\nV:1\r\n\r\nP:\nV:\nnonsense\nL:a b\x00\n:"))
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
			fmt.Fprintf(&written, "P:%s\nV:%s\nA:%s\no:%s\n\n", p.Name, p.Version, p.Arch, p.SourceName)
		}
		back, err := parse(strings.NewReader(written.String()))
		for i := range contents.Packages {
			contents.Packages[i].Licenses, contents.Packages[i].Owns = nil, nil
		}
		if diff := cmp.Diff(contents.Packages, back.Packages); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}
