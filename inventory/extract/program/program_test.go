package program

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/internal/testparts"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// elf makes content look like a program's.
func elf(content string) string { return "\x7fELF\x02\x01\x01\x00" + content }

// visit hands a file to the extractor as a pass does.
func visit(t *testing.T, path, content string) (record.Contents, error) {
	t.Helper()
	e := New()
	entry := &rootfs.Entry{Path: path, Kind: rootfs.Regular, Size: int64(len(content))}
	if e.Wants(entry, []byte(content[:min(len(content), rootfs.HeadSize)])) == rootfs.Ignore {
		return record.Contents{}, nil
	}
	data, err := e.Visit(context.Background(), &rootfs.File{Entry: entry, Reader: strings.NewReader(content)})
	if err != nil || data == nil {
		return record.Contents{}, err
	}
	contents, err := record.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return contents, nil
}

// TestEntries holds every entry of the table against its own evidence.
func TestEntries(t *testing.T) {
	table := products()
	if !slices.IsSortedFunc(table, func(a, b product) int { return strings.Compare(a.name, b.name) }) {
		t.Error("the table is not sorted by name")
	}
	for _, p := range table {
		t.Run(p.name, func(t *testing.T) {
			path := "usr/bin/" + strings.ReplaceAll(p.files[0], "*", starIn(p))
			content := p.example
			if !p.isText {
				content = elf(content)
			}
			contents, err := visit(t, path, content)
			if err != nil || len(contents.Packages) != 1 || len(contents.Gaps) != 0 {
				t.Fatalf("%s: %+v, %v", path, contents, err)
			}
			got := contents.Packages[0]
			if got.Name != p.name || !got.Guessed || !strings.Contains(p.source, got.Version) {
				t.Errorf("%+v from %q", got, p.source)
			}
			s := p.search("1")
			if rare := len(s.text) >= 3 || strings.HasPrefix(p.pattern, "^"); !rare {
				t.Errorf("%q is too short to be searched for", s.text)
			}
			if s.left == nil && s.pattern.NumSubexp() == 0 || s.left != nil && s.left.NumSubexp() == 0 {
				t.Error("no group is the version")
			}
			if other := Bitnami(p.name); other != p.bitnami {
				t.Errorf("entries disagree about Bitnami's name: %q and %q", p.bitnami, other)
			}
		})
	}
	if got := Bitnami("no such product"); got != "" {
		t.Errorf("Bitnami's name of an unknown product is %q", got)
	}
}

// starIn is what the star stands for in the name of a file like the example's: the last number
// but one of the version in its source.
func starIn(p product) string {
	numbers := regexp.MustCompile(`\d+\.(\d+)\.\d+`).FindStringSubmatch(p.source)
	if numbers == nil {
		return "1"
	}
	return numbers[1]
}

func TestPrograms(t *testing.T) {
	for _, test := range []struct {
		name, path, content string
		want                []string // name@version, or the code of a gap
	}{
		{"by name and text", "usr/sbin/nginx", elf("nginx version: nginx/1.22.1\n\x00"), []string{"nginx@1.22.1"}},
		{"hard case 29: a library's banner in another program", "usr/sbin/nginx",
			elf("nginx version: nginx/1.22.1\n\x00built with OpenSSL 3.0.1 14 Dec 2021\x00libcurl/7.88.1\x00"), []string{"nginx@1.22.1"}},
		{"hard case 29: the text in a file of another name", "usr/bin/app", elf("nginx version: nginx/1.22.1\n\x00"), nil},
		{"hard case 29: the name and no text", "usr/bin/consul", elf("consul"), nil},
		{"the name of a product, another's text", "usr/bin/git", elf("nginx version: nginx/1.22.1\n\x00"), nil},
		{"a script", "usr/bin/node", "#!/bin/sh\n# node.js/v18.20.4\x00", nil},
		{"the same text twice", "bin/busybox", elf("BusyBox v1.36.1 (2024)\x00BusyBox v1.36.1\x00"), []string{"busybox@1.36.1"}},
		{"two versions", "bin/busybox", elf("BusyBox v1.36.1\x00BusyBox v1.35.0\x00"), []string{"busybox@", record.UnversionedPackage}},
		{"several names, one product", "usr/bin/mysqld", elf("\x0010.11.19-MariaDB\x00for example 10.1.1-MariaDB-log.\x00"), []string{"mariadb@10.11.19"}},
		{"numbers of the file's name", "usr/bin/python3.11", elf("\x003.11.2\x00\x003.12.1\x00"), []string{"python@3.11.2"}},
		{"another Python's number", "usr/lib/libpython3.12.so.1.0", elf("\x003.11.2\x00"), nil},
		{"a Python of old", "usr/lib/libpython3.6m.so.1.0", elf("\x003.6.15\x00"), []string{"python@3.6.15"}},
		{"a Python in a folder of its version", "opt/lib/libpython3.11.so.1.0", elf("/versions/3.11.7\x00"), []string{"python@3.11.7"}},
		{"a star that is no number", "usr/bin/python3.(", elf("\x003.11.2\x00"), nil},
		{"a star that is no text", "usr/bin/python3.\xff", elf("\x003.11.2\x00"), nil},
		{"openssl's letter", "usr/lib/libcrypto.so.1.1", elf("OpenSSL 1.1.1w  11 Sep 2023\x00"), []string{"openssl@1.1.1w"}},
		{"openssl, FIPS", "usr/lib/libcrypto.so.1.0.2k", elf("OpenSSL 1.0.2k-fips  26 Jan 2017\x00"), []string{"openssl@1.0.2k"}},
		{"boringssl", "usr/lib/libcrypto.so", elf("OpenSSL 1.1.1 (compatible; BoringSSL)\x00"), nil},
		{"version in words", "usr/bin/perl", elf("\nThis is perl 5, version 32, subversion 1 (%-p) built\x00v5.32.0\x00"), []string{"perl@5.32.1"}},
		{"not a release", "usr/bin/postgres", elf("postgres (PostgreSQL) 16beta1\n\x00"), nil},
		{"an old Java", "opt/jre/lib/server/libjvm.so", elf("VM (25.392-b08) for linux-amd64 JRE (1.8.0_392-b08), built on"), []string{"java@1.8.0_392"}},
		{"Java's release file", "opt/jre/release", "JAVA_RUNTIME_VERSION=\"21.0.1+12\"\nJAVA_VERSION=\"21.0.1\"\n", []string{"java@21.0.1"}},
		{"another release file", "etc/release", "VERSION=\"1\"\n", nil},
		{"Erlang", "usr/lib/erlang/releases/25/OTP_VERSION", "25.2.3\n", []string{"erlang@25.2.3"}},
		{"not at the beginning", "usr/lib/erlang/releases/25/OTP_VERSION", "OTP\n25.2.3\n", nil},
		{"redis, as one compiler has it", "usr/bin/redis-server", elf("\x001.2.0\x00\x007.0.15\x00c11-builtin\x00# Server\r\nredis_version:"), []string{"redis@7.0.15"}},
		{"redis, two compilers that disagree", "usr/bin/redis-server", elf("\x007.0.15\x00c11-builtin\x00\x007.0.14\x00# Server\r\nredis_version:"),
			[]string{"redis@", record.UnversionedPackage}},
		{"an npm package's own", "app/node_modules/node/bin/node", elf("node.js/v18.20.4\x00"), nil},
		{"a Python package's own", "usr/lib/python3/dist-packages/x/bin/node", elf("node.js/v18.20.4\x00"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			contents, err := visit(t, test.path, test.content)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, lines(contents)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func lines(contents record.Contents) []string {
	var lines []string
	for _, p := range contents.Packages {
		lines = append(lines, p.Name+"@"+p.Version)
	}
	for _, g := range contents.Gaps {
		if !g.Complete {
			lines = append(lines, "incomplete")
		}
		lines = append(lines, g.Code)
	}
	return lines
}

func TestWants(t *testing.T) {
	program, text := []byte(elf("")), []byte("text")
	for _, test := range []struct {
		name string
		path string
		head []byte
		want rootfs.Want
	}{
		{"program", "usr/sbin/nginx", program, rootfs.Stream},
		{"text where a program is expected", "usr/sbin/nginx", text, rootfs.Ignore},
		{"program where a text is expected", "opt/jre/release", program, rootfs.Ignore},
		{"empty", "bin/busybox", nil, rootfs.Ignore},
		{"in the root", "node", program, rootfs.Stream},
		{"in an npm package", "node_modules/node/bin/node", program, rootfs.Ignore},
		{"in a folder whose name ends like theirs", "opt/my-gems/bin/ruby", program, rootfs.Stream},
		{"a folder of that name", "nginx/app", program, rootfs.Ignore},
		{"a name's beginning", "usr/bin/nginx-debug", program, rootfs.Ignore},
		{"a name that no file system allows", "usr/bin/php" + strings.Repeat("8", 300), program, rootfs.Ignore},
	} {
		entry := &rootfs.Entry{Path: test.path, Kind: rootfs.Regular}
		if got := New().Wants(entry, test.head); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestWantsAllocatesNothing(t *testing.T) {
	e, head := New(), []byte(elf(strings.Repeat("x", rootfs.HeadSize)))
	entry := &rootfs.Entry{Path: "usr/lib/x86_64-linux-gnu/libpython3.11-and-more.so.1.0", Kind: rootfs.Regular}
	if n := testing.AllocsPerRun(100, func() { e.Wants(entry, head) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMatchName(t *testing.T) {
	for _, test := range []struct {
		pattern, name, star string
		matches             bool
	}{
		{"git", "git", "", true},
		{"git", "gitk", "", false},
		{"php*", "php", "", true},
		{"php*", "php8.2", "8.2", true},
		{"libruby*.so*", "libruby-3.1.so.3.1.2", "-3.1", true},
		{"libruby*.so*", "libruby.so", "", true},
		{"libruby*.so*", "libruby.s", "", false},
		{"libpython3.*.so.1.0", "libpython3.11.so.1.0", "11", true},
		{"libpython3.*.so.1.0", "libpython3.so", "", false},
		{"*", "", "", true},
		{"a*a", "a", "", false},
	} {
		star, matches := matchName(test.pattern, test.name)
		if star != test.star || matches != test.matches {
			t.Errorf("%s, %s: %q, %v", test.pattern, test.name, star, matches)
		}
	}
}

// TestTextsAcrossReads puts a text at every place around the end of a buffer.
func TestTextsAcrossReads(t *testing.T) {
	const text = "\x007.0.15\x00c11-builtin\x00"
	for at := bufferSize - after - 2*len(text) - before; at < bufferSize+2*len(text); at++ {
		content := strings.Repeat("\xff", at) + text + strings.Repeat("\xff", 100)
		contents, err := visit(t, "usr/bin/redis-server", elf(content))
		if diff := cmp.Diff([]string{"redis@7.0.15"}, lines(contents)); err != nil || diff != "" {
			t.Fatalf("at %d: %v\n%s", at, err, diff)
		}
	}
}

func TestWhatCannotBeSearchedIsAProblem(t *testing.T) {
	if _, err := visit(t, "bin/bash", elf(strings.Repeat("@(#)Bash version ", mostHits+1))); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a file made of one text: %v", err)
	}
	_, err := New().Visit(context.Background(), &rootfs.File{Entry: &rootfs.Entry{Path: "bin/bash"}, Reader: iotest.ErrReader(os.ErrClosed)})
	if !errors.Is(err, os.ErrClosed) {
		t.Errorf("a layer that fails: %v", err)
	}
}

// FuzzSearch: whatever the content, and however it is read, a version is what its product's
// pattern finds next to one of its texts in the whole content.
func FuzzSearch(f *testing.F) {
	table := products()
	for i, p := range table {
		f.Add(uint8(i), []byte(elf(p.example)), uint16(1))
		f.Add(uint8(i), []byte(elf(strings.Repeat("\x00", 300)+p.example+p.example)), uint16(7))
	}
	f.Fuzz(func(t *testing.T, number uint8, content []byte, read uint16) {
		p := table[int(number)%len(table)]
		want := p.search("11")
		if err := searchAll(bytes.NewReader(content), make([]byte, len(content)+before+after+1), []*search{want}); err != nil {
			t.Skip(err)
		}
		got := p.search("11")
		pieces := &piecesReader{content, int(read)%1000 + 1}
		if err := searchAll(pieces, make([]byte, before+after+int(read)%1000+1), []*search{got}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.versions, got.versions); diff != "" {
			t.Fatal(diff)
		}
		whole := regexp.MustCompile(strings.ReplaceAll("(?:"+p.left+")(?:"+p.pattern+")", "{}", "11"))
		for _, version := range got.versions {
			if !record.IsWord([]byte(version)) {
				t.Errorf("%q is no word", version)
			}
			if !whole.Match(content) {
				t.Errorf("%q, and the pattern does not match", version)
			}
		}
	})
}

// FuzzVisit: no name and no content makes the extractor panic; what it finds is named by the
// table, is a guess, and has a version or a gap that says why not.
func FuzzVisit(f *testing.F) {
	f.Add("usr/sbin/nginx", elf("nginx version: nginx/1.22.1\n\x00"))
	f.Add("usr/bin/python3.[\\", elf("\x003.11.2\x00"))
	f.Add("bin/busybox", elf("BusyBox v1.36.1\x00BusyBox v1.35.0\x00"))
	f.Add("opt/jre/release", "JAVA_VERSION=\"21.0.1\"\n")
	table := products()
	f.Fuzz(func(t *testing.T, path, content string) {
		contents, err := visit(t, path, content)
		if err != nil {
			t.Skip(err)
		}
		for _, p := range contents.Packages {
			if !p.Guessed || !slices.ContainsFunc(table, func(known product) bool { return known.name == p.Name }) {
				t.Errorf("%+v", p)
			}
			if p.Version == "" && len(contents.Gaps) == 0 {
				t.Errorf("%s has no version, and no gap says so", p.Name)
			}
		}
	})
}

// piecesReader gives content out in pieces of a size.
type piecesReader struct {
	content []byte
	size    int
}

func (r *piecesReader) Read(p []byte) (int, error) {
	if len(r.content) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), r.size)], r.content)
	r.content = r.content[n:]
	return n, nil
}

func BenchmarkWants(b *testing.B) {
	e, head := New(), []byte(elf(strings.Repeat("x", rootfs.HeadSize)))
	entry := &rootfs.Entry{Path: "usr/lib/x86_64-linux-gnu/libpthread.so.0", Kind: rootfs.Regular}
	for b.Loop() {
		e.Wants(entry, head)
	}
}

// TestBitnamiNames: the names are those of a copy of OSV's data beside the checkout.
func TestBitnamiNames(t *testing.T) {
	archive, err := zip.OpenReader(testparts.Shared(t, "data", "osv", "Bitnami", "all.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	known := map[string]bool{}
	for _, file := range archive.File {
		content, err := fs.ReadFile(archive, file.Name)
		if err != nil {
			t.Fatal(err)
		}
		var record struct {
			Affected []struct{ Package struct{ Name string } }
		}
		if err := json.Unmarshal(content, &record); err != nil {
			t.Fatal(err)
		}
		for _, affected := range record.Affected {
			known[affected.Package.Name] = true
		}
	}
	for _, p := range products() {
		if known[p.name] != (p.bitnami == p.name) || p.bitnami != "" && !known[p.bitnami] {
			t.Errorf("%s: Bitnami's name is said to be %q; it knows this name: %v", p.name, p.bitnami, known[p.name])
		}
	}
}
