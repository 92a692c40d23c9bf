package rpm

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

func TestHeader(t *testing.T) {
	base := []tag{text(tagName, "a"), text(tagVersion, "1"), text(tagRelease, "2.el9")}
	with := func(tags ...tag) []byte { return forgeHeader(append(base[:len(base):len(base)], tags...)...) }
	long := strings.Repeat("x", record.MaxText+1)
	for _, test := range []struct {
		name string
		blob []byte
		want record.Package // its name and version are a and 1-2.el9 if not given
		why  string         // part of the error
	}{
		{name: "least", blob: with()},
		{name: "hard case 8: epoch", blob: with(numbers(tagEpoch, 4)), want: record.Package{Version: "4:1-2.el9"}},
		{name: "hard case 8: epoch zero is none", blob: with(numbers(tagEpoch, 0))},
		{name: "hard case 8: the source has the epoch", blob: with(numbers(tagEpoch, 32), text(tagSourceRPM, "bind-utils-9.11-5.el9.src.rpm")),
			want: record.Package{Version: "32:1-2.el9", SourceName: "bind-utils", SourceVersion: "32:9.11-5.el9"}},
		{name: "source without source", blob: with(text(tagSourceRPM, "a-1-2.nosrc.rpm")), want: record.Package{SourceName: "a", SourceVersion: "1-2"}},
		{name: "source that is none", blob: with(text(tagSourceRPM, "a.tar.gz"))},
		{name: "source of two parts", blob: with(text(tagSourceRPM, "a-1.src.rpm"))},
		{name: "hard case 5: module", blob: with(text(tagModularityLabel, "nodejs:18:9010020221118120946:rhel9")), want: record.Package{Module: "nodejs:18"}},
		{name: "hard case 5: no label", blob: forgeHeader(base[0], base[1], text(tagRelease, "1.module+el8.4.0+1+a")),
			want: record.Package{Version: "1-1.module+el8.4.0+1+a"}},
		{name: "module without a stream", blob: with(text(tagModularityLabel, "nodejs")), want: record.Package{}},
		{name: "hard case 10: vendor", blob: with(text(tagVendor, " Red  Hat,\nInc."), text(tagPackager, "p")), want: record.Package{Vendor: "Red Hat, Inc."}},
		{name: "packager for a vendor", blob: with(text(tagPackager, "Somebody")), want: record.Package{Vendor: "Somebody"}},
		{name: "licence", blob: with(text(tagLicense, "MIT and (GPLv2 or BSD)")), want: record.Package{Licenses: []string{"MIT and (GPLv2 or BSD)"}}},
		{name: "licence too long", blob: with(text(tagLicense, long))},
		{name: "architecture", blob: with(text(tagArch, "x86_64")), want: record.Package{Arch: "x86_64"}},
		{name: "the later of two counts", blob: with(numbers(tagEpoch, 1), numbers(tagEpoch, 2)), want: record.Package{Version: "2:1-2.el9"}},
		{name: "epoch of another type", blob: with(text(tagEpoch, "7777"))},
		{name: "hard case 9: files", blob: with(texts(tagDirNames, "/", "/usr/bin/"), texts(tagBaseNames, "x", "y", "z"), numbers(tagDirIndexes, 1, 0, 1)),
			want: record.Package{Owns: sums("/usr/bin/x", "/y", "/usr/bin/z")}},
		{name: "hard case 9: files that are not installed", blob: with(texts(tagDirNames, "/"), texts(tagBaseNames, "x", "y", "z"), numbers(tagDirIndexes, 0, 0, 0), tag{tagFileStates, typeChar, 3, []byte{2, 0, 1}}),
			want: record.Package{Owns: sums("/y")}},
		{name: "files of old", blob: with(texts(tagOldFileNames, "/a/b", "/c")), want: record.Package{Owns: sums("a/b", "c")}},
		{name: "folder that is not there", blob: with(texts(tagDirNames, "/"), texts(tagBaseNames, "x", "y"), numbers(tagDirIndexes, 9, 0)),
			want: record.Package{Owns: sums("/y")}},
		{name: "fewer folders than files", blob: with(texts(tagDirNames, "/"), texts(tagBaseNames, "x", "y"), numbers(tagDirIndexes, 0)),
			want: record.Package{Owns: sums("/x")}},
		{name: "counts beyond the store", blob: with(tag{tagDirIndexes, typeInt32, 1 << 31, nil}, tag{tagBaseNames, typeStringArray, 1<<32 - 1, []byte("x\x00")}, texts(tagDirNames, "/"))},

		{name: "empty", why: "less than 8 bytes"},
		{name: "no entries", blob: make([]byte, 8), why: "counts 0 entries"},
		{name: "more entries than rpm takes", blob: append([]byte{0, 1, 0, 0}, make([]byte, 1<<21)...), why: "counts 65536 entries"},
		{name: "cut short", blob: with()[:40], why: "do not add up"},
		{name: "something after it", blob: append(with(), 0), why: "do not add up"},
		{name: "no name", blob: forgeHeader(base[1:]...), why: "no package name"},
		{name: "space in the name", blob: forgeHeader(text(tagName, "a b"), base[1], base[2]), why: "no package name"},
		{name: "no release", blob: forgeHeader(base[:2]...), why: `"a" has no version and release`},
		{name: "dash in the version", blob: forgeHeader(base[0], text(tagVersion, "1-2"), base[2]), why: "no version and release"},
		{name: "colon in the version", blob: forgeHeader(base[0], text(tagVersion, "1:2"), base[2]), why: "no version and release"},
		{name: "version too long", blob: forgeHeader(base[0], text(tagVersion, long), base[2]), why: "no version and release"},
		{name: "name without an end", blob: forgeHeader(base[1], base[2], tag{tagName, typeString, 1, []byte("a")}), why: "no package name"},
		{name: "name beyond the store", blob: func() []byte { b := with(); binary.BigEndian.PutUint32(b[16:], 1<<31); return b }(), why: "no package name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, isPackage, err := parseHeader(test.blob)
			if test.why != "" {
				if err == nil || !strings.Contains(err.Error(), test.why) {
					t.Errorf("error %v, want one that says %q", err, test.why)
				}
				return
			}
			want := test.want
			want.Name = "a"
			if want.Version == "" {
				want.Version = "1-2.el9"
			}
			if diff := cmp.Diff(want, got); diff != "" || err != nil || !isPackage {
				t.Errorf("is a package: %t, error %v\n%s", isPackage, err, diff)
			}
		})
	}
}

func TestAKeyIsNoPackage(t *testing.T) {
	if _, isPackage, err := parseHeader(forgeHeader(text(tagName, "gpg-pubkey"))); isPackage || err != nil {
		t.Error(isPackage, err)
	}
}

func sums(paths ...string) []record.PathSum {
	var list []record.PathSum
	for _, path := range paths {
		list = append(list, record.SumPath(path))
	}
	return list
}

// FuzzHeader: no header makes the parser panic; a package has a name and version that are words,
// texts within their limits, and no more files than the header has bytes; and a header that is
// written from the package gives it again.
func FuzzHeader(f *testing.F) {
	f.Add(named("a"))
	f.Add(forgeHeader(text(tagName, "a"), text(tagVersion, "1"), text(tagRelease, "2"), texts(tagOldFileNames, "/b"),
		text(tagModularityLabel, "m:1:2:3"), text(tagLicense, "MIT"), text(tagVendor, "v"), text(tagArch, "noarch"), tag{tagFileStates, typeChar, 1, []byte{0}}))
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, blob []byte) {
		p, isPackage, err := parseHeader(blob)
		if err != nil || !isPackage {
			return
		}
		for _, word := range []string{p.Name, p.Version} {
			if !record.IsWord([]byte(word)) && len(word) <= record.MaxText {
				t.Fatalf("%q is not a word: %+v", word, p)
			}
		}
		for _, text := range append(p.Licenses, p.Arch, p.SourceName, p.Module, p.Vendor) {
			if len(text) > 3*record.MaxText { // a byte that is no character counts as three
				t.Fatalf("a text of %d bytes", len(text))
			}
		}
		if len(p.Owns) > len(blob) {
			t.Fatalf("%d files of %d bytes", len(p.Owns), len(blob))
		}
		back, _, err := parseHeader(rewrite(p))
		p.Owns = nil
		if diff := cmp.Diff(p, back); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

// rewrite writes a header of what is known of a package, without its files.
func rewrite(p record.Package) []byte {
	epoch, rest := uint32(0), p.Version
	if before, after, found := strings.Cut(p.Version, ":"); found {
		n, _ := strconv.ParseUint(before, 10, 32)
		epoch, rest = uint32(n), after
	}
	version, release, _ := strings.Cut(rest, "-")
	tags := []tag{text(tagName, p.Name), text(tagVersion, version), text(tagRelease, release), numbers(tagEpoch, epoch)}
	for number, value := range map[uint32]string{
		tagArch: p.Arch, tagVendor: p.Vendor, tagLicense: strings.Join(p.Licenses, ""), tagModularityLabel: p.Module,
	} {
		if value != "" {
			tags = append(tags, text(number, value))
		}
	}
	if p.SourceName != "" {
		version := strings.TrimPrefix(p.SourceVersion, evr(epoch, ""))
		tags = append(tags, text(tagSourceRPM, p.SourceName+"-"+version+".src.rpm"))
	}
	return forgeHeader(tags...)
}

func TestAHeaderIsNotKept(t *testing.T) {
	blob := named("a")
	p, _, _ := parseHeader(blob)
	for i := range blob {
		blob[i] = 0
	}
	if bytes.ContainsRune([]byte(p.Name+p.Version+p.SourceName), 0) {
		t.Errorf("%+v changed with the memory that its header was in", p)
	}
}
