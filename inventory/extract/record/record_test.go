package record

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
)

func TestContentsSurviveEncoding(t *testing.T) {
	contents := Contents{
		Packages: []Package{
			{Name: "a", Version: "1", Arch: "amd64", SourceName: "src", SourceVersion: "2"},
			{Name: "b", Version: "1", Licenses: []string{"MIT", "GPL-2.0-only AND BSD-3-Clause"}},
			{Name: "c", Version: "1", Module: "nodejs:18", Vendor: "Red Hat, Inc.", Inside: "lib/c.jar", ID: "1-2-3", Guessed: true,
				Owns: []PathSum{SumPath("usr/bin/c"), SumPath("usr/bin/d")}},
			{Name: "without-version"},
		},
		Gaps: []Gap{{Code: MalformedEntry, Why: "stanza at line 3"}, {Code: UnversionedPackage, Complete: true}},
	}
	slices.Sort(contents.Packages[2].Owns)
	for name, want := range map[string]Contents{"full": contents, "empty": {}, "again": {Again: true}} {
		data := want.Encode()
		got, err := Decode(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(got.Packages) == 0 {
			got.Packages = nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if WantsAgain(data) != want.Again {
			t.Errorf("%s: WantsAgain = %v", name, WantsAgain(data))
		}
	}
}

func TestEncodeSortsAndDropsRepeatedPackages(t *testing.T) {
	contents := Contents{Packages: []Package{{Name: "b"}, {Name: "a", Version: "2"}, {Name: "b"}, {Name: "a", Version: "1"}}}
	got, err := Decode(contents.Encode())
	if err != nil {
		t.Fatal(err)
	}
	want := []Package{{Name: "a", Version: "1"}, {Name: "a", Version: "2"}, {Name: "b"}}
	if diff := cmp.Diff(want, got.Packages); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeRefusesEveryTruncation(t *testing.T) {
	data := Contents{Packages: []Package{{Name: "a", Version: "1", Licenses: []string{"MIT"}, Owns: []PathSum{1}}}, Gaps: []Gap{{Code: "c"}}}.Encode()
	for n := range data {
		if _, err := Decode(data[:n]); err == nil {
			t.Errorf("%d of %d bytes were accepted", n, len(data))
		}
	}
	if _, err := Decode(append(data, 0)); err == nil {
		t.Error("a byte too many was accepted")
	}
}

// FuzzDecode: no input makes Decode panic, or allocate more than its length allows; what it
// accepts encodes and decodes to itself.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add(Contents{}.Encode())
	f.Add(Contents{Packages: []Package{{Name: "a", Licenses: []string{"MIT"}}}, Gaps: []Gap{{Code: "c", Complete: true}}}.Encode())
	f.Add([]byte{encodingVersion, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, data []byte) {
		contents, err := Decode(data)
		if err != nil {
			return
		}
		encoded := contents.Encode()
		again, err := Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encoded, again.Encode()) {
			t.Errorf("not stable: %x", encoded)
		}
	})
}

func TestPackagesAreMergedByPURLAndName(t *testing.T) {
	first, second := image.DigestOf([]byte("1")), image.DigestOf([]byte("2"))
	found := NewFound([]image.Digest{first, second})
	found.Add(inventory.Package{PURL: "pkg:golang/b@v1", Name: "b"}, "opt/two", 1)
	found.Add(inventory.Package{PURL: "pkg:golang/a@v1", Name: "a"}, "opt/two", 1)
	found.Add(inventory.Package{PURL: "pkg:golang/a@v1", Name: "a"}, "opt/one", 0)
	found.Add(inventory.Package{PURL: "pkg:golang/a@v1", Name: "a"}, "opt/one", 0)
	found.Add(inventory.Package{PURL: "pkg:golang/a@v1", Name: "A"}, "opt/three", 7)
	want := []inventory.Package{
		{PURL: "pkg:golang/a@v1", Name: "a", Locations: []inventory.Location{{Path: "opt/one", Layer: first}, {Path: "opt/two", Layer: second}}},
		{PURL: "pkg:golang/a@v1", Name: "A", Locations: []inventory.Location{{Path: "opt/three"}}},
		{PURL: "pkg:golang/b@v1", Name: "b", Locations: []inventory.Location{{Path: "opt/two", Layer: second}}},
	}
	if diff := cmp.Diff(want, found.Packages(), cmp.Comparer(func(a, b image.Digest) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestWhatWasNotUnderstoodIsAGap(t *testing.T) {
	broken := Contents{Packages: []Package{{Name: "a", Version: "1"}}, Gaps: []Gap{{Code: MalformedEntry, Why: "line 3"}}}
	unversioned := Contents{Packages: []Package{{Name: "a"}}, Gaps: []Gap{{Code: UnversionedPackage, Why: "a", Complete: true}}}
	for _, test := range []struct {
		name     string
		file     File
		packages int
		state    inventory.State
		code     string
	}{
		{"not read", File{}, 0, inventory.Partial, UnreadableDatabase},
		{"read in vain", File{Read: true, Problem: "cut short"}, 0, inventory.Partial, UnreadableDatabase},
		{"read in part", File{Read: true, Problem: "cut short", Data: Contents{Packages: []Package{{Name: "a"}}}.Encode()}, 1, inventory.Partial, UnreadableDatabase},
		{"seen in passing", File{Read: true, Data: Contents{Again: true}.Encode()}, 0, inventory.Partial, UnreadableDatabase},
		{"damaged result", File{Read: true, Data: []byte("?")}, 0, inventory.Partial, UnreadableDatabase},
		{"malformed entry", File{Read: true, Data: broken.Encode()}, 1, inventory.Partial, MalformedEntry},
		{"no version", File{Read: true, Data: unversioned.Encode()}, 1, inventory.Full, UnversionedPackage},
		{"empty", File{Read: true, Data: Contents{}.Encode()}, 0, inventory.Full, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := NewFound(nil)
			found.LookedFor("deb")
			found.AddContents(test.file, "deb", func(p Package) string { return "pkg:deb/" + p.Name })
			if n := len(found.Packages()); n != test.packages {
				t.Errorf("%d packages, want %d", n, test.packages)
			}
			if state := found.Coverage().State("packages/deb"); state != test.state {
				t.Errorf("state %s, want %s", state, test.state)
			}
			var code string
			for _, gap := range found.Coverage().Gaps {
				code = gap.Code
			}
			if code != test.code {
				t.Errorf("gap %q, want %q", code, test.code)
			}
		})
	}
}
