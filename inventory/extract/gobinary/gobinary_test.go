package gobinary

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// visit hands content to the extractor as a pass does; forced as one that reads it again does.
func visit(t *testing.T, content []byte, forced bool) (record.Contents, bool, error) {
	t.Helper()
	e := New()
	want := e.Wants(&rootfs.Entry{Kind: rootfs.Regular}, content[:min(len(content), rootfs.HeadSize)])
	if want == rootfs.Ignore && !forced {
		return record.Contents{}, false, nil
	}
	file := &rootfs.File{Entry: &rootfs.Entry{}, Reader: bytes.NewReader(content)}
	if want == rootfs.Costly || forced {
		file.At = bytes.NewReader(content)
	}
	data, err := e.Visit(context.Background(), file)
	if err != nil || data == nil {
		return record.Contents{}, false, err
	}
	contents, err := record.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return contents, true, nil
}

func TestModules(t *testing.T) {
	module := func(path, version string) *debug.Module { return &debug.Module{Path: path, Version: version} }
	replaced := func(path, version string, by *debug.Module) *debug.Module {
		return &debug.Module{Path: path, Version: version, Replace: by}
	}
	named := func(pairs ...string) []record.Package {
		var packages []record.Package
		for i := 0; i < len(pairs); i += 2 {
			packages = append(packages, record.Package{Name: pairs[i], Version: pairs[i+1]})
		}
		return packages
	}
	for _, test := range []struct {
		name string
		program
		want []record.Package
		gaps []string // codes
	}{
		{"main module with a tag", program{goVersion: "go1.26.8", info: debug.BuildInfo{Path: "a.test/cmd", Main: *module("a.test", "v1.2.3")}},
			named("a.test", "v1.2.3", "stdlib", "1.26.8"), nil},
		{"hard case 12: (devel) is no version", program{goVersion: "go1.26.8", info: debug.BuildInfo{Path: "a.test", Main: *module("a.test", "(devel)")}},
			named("a.test", "", "stdlib", "1.26.8"), []string{record.UnversionedPackage}},
		{"hard case 12: pseudo-version", program{goVersion: "go1.26.8", info: debug.BuildInfo{Main: *module("a.test", "v0.0.0-20240102030405-abcdef012345+dirty")}},
			named("a.test", "v0.0.0-20240102030405-abcdef012345+dirty", "stdlib", "1.26.8"), nil},
		{"hard case 13: replaced by another module", program{goVersion: "go1.26.8", info: debug.BuildInfo{Main: *module("a.test", "v1.0.0"),
			Deps: []*debug.Module{replaced("b.test", "v1.0.0", module("c.test/fork", "v1.1.0"))}}},
			named("a.test", "v1.0.0", "c.test/fork", "v1.1.0", "stdlib", "1.26.8"), nil},
		{"hard case 13: replaced by another version", program{goVersion: "go1.26.8", info: debug.BuildInfo{Main: *module("a.test", "v1.0.0"),
			Deps: []*debug.Module{replaced("golang.org/x/text", "v0.7.0", module("golang.org/x/text", "v0.3.5"))}}},
			named("a.test", "v1.0.0", "golang.org/x/text", "v0.3.5", "stdlib", "1.26.8"), nil},
		{"hard case 13: replaced by a folder", program{goVersion: "go1.26.8", info: debug.BuildInfo{Main: *module("a.test", "v1.0.0"),
			Deps: []*debug.Module{replaced("b.test", "v1.0.0", module("./b", ""))}}},
			named("a.test", "v1.0.0", "b.test", "", "stdlib", "1.26.8"), []string{record.UnversionedPackage}},
		{"hard case 13: +incompatible, major suffix, upper case", program{goVersion: "go1.26.8", info: debug.BuildInfo{Main: *module("a.test", "v1.0.0"),
			Deps: []*debug.Module{module("b.test/v2", "v2.0.1"), module("github.com/BurntSushi/toml", "v1.0.0"), module("c.test", "v3.2.0+incompatible")}}},
			named("a.test", "v1.0.0", "b.test/v2", "v2.0.1", "c.test", "v3.2.0+incompatible", "github.com/BurntSushi/toml", "v1.0.0", "stdlib", "1.26.8"), nil},
		{"hard case 11: experiments", program{goVersion: "go1.19.8 X:boringcrypto", info: debug.BuildInfo{Main: *module("a.test", "v1.0.0")}},
			named("a.test", "v1.0.0", "stdlib", "1.19.8"), nil},
		{"hard case 11: between releases", program{goVersion: "devel go1.27-0123456 Mon Jan 1", info: debug.BuildInfo{Main: *module("a.test", "v1.0.0")}},
			named("a.test", "v1.0.0", "stdlib", ""), []string{record.UnversionedPackage}},
		{"built without modules", program{goVersion: "go1.19.8", info: debug.BuildInfo{Path: "github.com/restic/restic/cmd/restic"}},
			named("github.com/restic/restic/cmd/restic", "", "stdlib", "1.19.8"), []string{record.NoModuleList}},
		{"built without modules, from files", program{goVersion: "go1.19.8", info: debug.BuildInfo{Path: "command-line-arguments"}},
			named("stdlib", "1.19.8"), []string{record.NoModuleList}},
		{"built without modules, and without a name", program{goVersion: "go1.19.8", raw: "build\t-compiler=gc\n"},
			named("stdlib", "1.19.8"), []string{record.NoModuleList}},
		{"built without modules, under no name that is a word", program{goVersion: "go1.19.8", raw: "path\ta b\n"},
			named("stdlib", "1.19.8"), []string{record.MalformedEntry, record.NoModuleList}},
		{"modules without a main one", program{goVersion: "go1.26.8", info: debug.BuildInfo{Path: "a.test/cmd", Deps: []*debug.Module{module("b.test", "v1.0.0")}}},
			named("b.test", "v1.0.0", "stdlib", "1.26.8"), nil},
		{"Go's own tool", program{goVersion: "go1.26.8", info: debug.BuildInfo{Path: "cmd/go"}}, named("stdlib", "1.26.8"), nil},
		{"module path with a space", program{goVersion: "go1.26.8", raw: "path\ta.test\nmod\ta.test\tv1.0.0\t\ndep\tb c\tv1.0.0\t\n"},
			named("a.test", "v1.0.0", "stdlib", "1.26.8"), []string{record.MalformedEntry}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.note = true
			contents, ok, err := visit(t, test.bytes(), false)
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			if diff := cmp.Diff(test.want, contents.Packages); diff != "" {
				t.Error(diff)
			}
			var codes []string
			for _, gap := range contents.Gaps {
				codes = append(codes, gap.Code)
				if complete := gap.Code == record.UnversionedPackage; gap.Complete != complete {
					t.Errorf("gap %v: complete should be %v", gap, complete)
				}
			}
			if diff := cmp.Diff(test.gaps, codes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHardCase11StandardLibraryVersion(t *testing.T) {
	for goVersion, want := range map[string]string{
		"go1.26.8":                            "1.26.8",
		"go1.20":                              "1.20.0",
		"go1.22rc1":                           "1.22.0-rc.1",
		"go1.22beta2":                         "1.22.0-beta.2",
		"go1.9.2rc2":                          "1.9.2-rc.2",
		"go1.21.0 X:arenas,boringcrypto":      "1.21.0",
		"go1.21.3-bigcorp":                    "1.21.3",
		"go1.22.5 (Red Hat 1.22.5-1.el9)":     "1.22.5",
		"go1.22.5+auto":                       "1.22.5",
		"go1.24rc1-vendor X:x":                "1.24.0-rc.1",
		"devel go1.27-0123456 Mon Jan 1 2026": "",
		"devel +0123456 Mon Jan 1 2018":       "",
		"go1.27-devel_0123456789 Mon Jan 1":   "",
		"go1":                                 "",
		"go01.2":                              "",
		"go1.2.3.4":                           "",
		"1.26.8":                              "",
		"go1.99999999999999999999":            "",
		"":                                    "",
	} {
		got, ok := stdlibVersion(goVersion)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", goVersion, got, ok, want)
		}
	}
}

func TestHowAProgramIsFound(t *testing.T) {
	with := func(change func(*program)) []byte {
		p := program{goVersion: "go1.26.8", info: debug.BuildInfo{Main: debug.Module{Path: "a.test", Version: "v1.0.0"}}}
		change(&p)
		return p.bytes()
	}
	elf := func(kind byte) []byte {
		b := with(func(*program) {})
		b[16] = kind
		return b
	}
	plain := bytes.Replace(with(func(*program) {}), []byte(mark), []byte("\xff No buildinf:"), 1)
	for _, test := range []struct {
		name    string
		content []byte
		want    rootfs.Want
		again   bool
	}{
		{"note at the beginning", with(func(p *program) { p.note = true }), rootfs.Costly, false},
		{"big-endian note", with(func(p *program) { p.note, p.bigEndian = true, true }), rootfs.Costly, false},
		{"shared object", with(func(p *program) { p.note, p.shared = true, true }), rootfs.Costly, false},
		{"no note", with(func(*program) {}), rootfs.Stream, true},
		{"no note, big-endian", with(func(p *program) { p.bigEndian = true }), rootfs.Stream, true},
		{"no note, far behind", with(func(p *program) { p.padding = 300_000 / 16 * 16 }), rootfs.Stream, true},
		{"no note, at the end of a buffer", with(func(p *program) { p.padding = streamBuffer - 128 - 16 }), rootfs.Stream, true},
		{"no note, mark not aligned", with(func(p *program) { p.padding = 8 }), rootfs.Stream, false},
		{"another compiler's", plain, rootfs.Stream, false},
		{"object file", elf(1), rootfs.Ignore, false},
		{"core dump", elf(4), rootfs.Ignore, false},
		{"script", []byte("#!/bin/sh\n"), rootfs.Ignore, false},
		{"cut after the magic", []byte("\x7fELF"), rootfs.Ignore, false},
		{"empty", nil, rootfs.Ignore, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := New().Wants(&rootfs.Entry{}, test.content[:min(len(test.content), rootfs.HeadSize)])
			if got != test.want {
				t.Errorf("wants %v, want %v", got, test.want)
			}
			contents, _, err := visit(t, test.content, false)
			if err != nil || contents.Again != test.again {
				t.Errorf("again %v, want %v (%v)", contents.Again, test.again, err)
			}
			if !test.again {
				return
			}
			contents, _, err = visit(t, test.content, true)
			if err != nil || len(contents.Packages) != 2 {
				t.Errorf("read again: %v, %v", contents, err)
			}
		})
	}
}

func TestAProgramThatCannotBeReadIsAProblem(t *testing.T) {
	good := program{goVersion: "go1.26.8", note: true, info: debug.BuildInfo{Main: debug.Module{Path: "a.test", Version: "v1.0.0"}}}.bytes()
	for name, content := range map[string][]byte{
		"cut short":           good[:len(good)-40],
		"no mark":             bytes.Replace(good, []byte(mark), []byte("\xff No buildinf:"), 1),
		"text makes no sense": program{goVersion: "go1.26.8", note: true, raw: "mod\ta\n"}.bytes(),
	} {
		_, _, err := visit(t, content, false)
		if err == nil || !strings.Contains(err.Error(), "a Go program whose build information cannot be read") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, ok, err := visit(t, []byte("\x7fELF, and nothing behind it"), true); ok || err != nil {
		t.Errorf("what Go did not build: %v, %v", ok, err)
	}
}

func TestAHugeClaimIsNotRead(t *testing.T) {
	huge := program{goVersion: "go1.26.8", note: true, raw: strings.Repeat("x", readLimit)}.bytes()
	if _, _, err := visit(t, huge, false); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("error %v, want one that names the limit", err)
	}
}

func TestALayerThatFailsIsNotTakenForAnAnswer(t *testing.T) {
	_, err := New().Visit(context.Background(), &rootfs.File{Reader: iotest.ErrReader(os.ErrClosed)})
	if err == nil {
		t.Error("no error")
	}
}

// TestARealProgram reads the running test: what the toolchain writes today.
func TestARealProgram(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "linux" {
		t.Skip("the running test is no ELF file on " + runtime.GOOS)
	}
	contents, ok, err := visit(t, content, false)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if contents.Again {
		if contents, _, err = visit(t, content, true); err != nil {
			t.Fatal(err)
		}
	}
	want, _ := stdlibVersion(runtime.Version())
	for _, p := range contents.Packages {
		if p.Name == "stdlib" && p.Version == want {
			return
		}
	}
	t.Errorf("no stdlib %s in %v", want, contents.Packages)
}

// FuzzVisit: no file makes the extractor panic or read without end; every package has a name
// that is a word; visiting twice gives the same.
func FuzzVisit(f *testing.F) {
	main := debug.BuildInfo{Main: debug.Module{Path: "a.test", Version: "v1.0.0"}}
	f.Add(program{goVersion: "go1.26.8", note: true, info: main}.bytes(), true)
	f.Add(program{goVersion: "go1.26.8", bigEndian: true, info: main}.bytes(), false)
	f.Add(program{goVersion: "go1.19", note: true, raw: "path\tx\nmod\ta\t(devel)\t\ndep\tb\tv1\n=>\tc\tv2\th1:x=\n"}.bytes(), true)
	f.Add([]byte("\x7fELF"), true)
	f.Fuzz(func(t *testing.T, content []byte, forced bool) {
		contents, ok, err := visit(t, content, forced)
		again, okAgain, errAgain := visit(t, content, forced)
		if diff := cmp.Diff(contents, again); diff != "" || ok != okAgain || (err == nil) != (errAgain == nil) {
			t.Fatal(diff)
		}
		for _, p := range contents.Packages {
			if !record.IsWord([]byte(p.Name)) || p.Version != "" && !record.IsWord([]byte(p.Version)) {
				t.Errorf("not words: %+v", p)
			}
		}
	})
}

// FuzzGoVersion: the standard library's version is a semantic version or none.
func FuzzGoVersion(f *testing.F) {
	for _, seed := range []string{"go1.26.8", "go1.22rc1", "devel go1.27-0 x", "go1.21.3-x X:y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, goVersion string) {
		version, ok := stdlibVersion(goVersion)
		if ok != (version != "") {
			t.Fatalf("%q, %v", version, ok)
		}
		if core, _, _ := strings.Cut(version, "-"); ok && strings.Count(core, ".") != 2 {
			t.Errorf("%q has not three numbers", version)
		}
	})
}

func BenchmarkFindMark(b *testing.B) {
	buffer := bytes.Repeat([]byte("\xff\xff\x48\x89\xe8\xff\x00\x00"), streamBuffer/8)
	b.SetBytes(streamBuffer)
	for b.Loop() {
		if findMark(buffer) {
			b.Fatal("found")
		}
	}
}
