package rpm

import (
	"bytes"
	"context"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/internal/testparts"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// needs skips a test where a program is not installed.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		testparts.Program(t, program, "apt install rpm db5.3-util python3")
	}
}

func run(t *testing.T, stdin, program string, arguments ...string) string {
	t.Helper()
	command := exec.Command(program, arguments...)
	command.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", program, arguments, err, stderr.String())
	}
	return string(out)
}

// specification describes packages that use all of what is read: epochs, a module, a source of
// another name, many files, documentation, a packager in place of a vendor.
const specification = `
Name: alpha
Epoch: 2
Version: 1.2.3~rc1
Release: 4.module_el8.6.0+1+abc
Summary: one
License: MIT and GPLv2+
Vendor: Example, Inc.
ModularityLabel: alpha:9:8060020220101:abcdef
BuildArch: noarch
%description
x
%package sub
Summary: two
License: BSD
%description sub
y
%package -n beta
Epoch: 0
Version: 7
Release: 1
Summary: three
%description -n beta
z
%install
mkdir -p %{buildroot}/opt/alpha/deep/er %{buildroot}/usr/share/doc/sub
for i in $(seq 300); do echo $i > %{buildroot}/opt/alpha/f$i; done
echo s > "%{buildroot}/opt/alpha/deep/er/with space"
echo s > %{buildroot}/opt/s
echo d > %{buildroot}/usr/share/doc/sub/readme
%files
/opt/alpha
%files sub
/opt/s
%doc /usr/share/doc/sub/readme
%files -n beta
`

const plainSpecification = `
Name: gamma
Version: 3
Release: 1%%{?dist}
Summary: four
License: ASL 2.0
Packager: Somebody <somebody@example.com>
BuildArch: noarch
%description
x
%files
`

// build makes packages and returns their files.
func build(t *testing.T, specs ...string) []string {
	t.Helper()
	needs(t, "rpm", "rpmbuild")
	top := t.TempDir()
	for _, spec := range specs {
		file := filepath.Join(top, "a.spec")
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(spec, "%%", "%")), 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, "", "rpmbuild", "-bb", "--quiet", "--define", "_topdir "+top, file)
	}
	packages, err := filepath.Glob(filepath.Join(top, "RPMS/*/*.rpm"))
	if err != nil || len(packages) == 0 {
		t.Fatalf("no packages in %s: %v", top, err)
	}
	return packages
}

// install enters packages into a new database and returns its folder. Nothing is unpacked, so
// that it needs no root.
func install(t *testing.T, packages ...string) string {
	t.Helper()
	folder := t.TempDir()
	run(t, "", "rpm", append([]string{"--dbpath", folder, "-i", "--justdb", "--nodeps", "--noscripts", "--excludedocs", "--ignorearch"}, packages...)...)
	return folder
}

// truth returns what rpm itself says of a database.
func truth(t *testing.T, folder, backend string) []record.Package {
	t.Helper()
	query := func(format string) [][]string {
		out := run(t, "", "rpm", "--dbpath", folder, "--define", "_db_backend "+backend, "-qa", "--nodigest", "--nosignature", "--queryformat", format)
		var rows [][]string
		for line := range strings.Lines(out) {
			rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
		}
		return rows
	}
	none := func(s string) string { return strings.TrimSuffix(s, "(none)") }
	var packages []record.Package
	byName := map[string]int{}
	for _, f := range query(`%{NAME}\t%{EPOCHNUM}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t%{LICENSE}\t%{VENDOR}\t%{PACKAGER}\t%{MODULARITYLABEL}\n`) {
		if f[0] == "gpg-pubkey" {
			continue
		}
		prefix := f[1] + ":"
		if f[1] == "0" {
			prefix = ""
		}
		p := record.Package{Name: f[0], Version: prefix + f[2], Arch: none(f[3]), Vendor: none(f[6])}
		if p.Vendor == "" {
			p.Vendor = none(f[7])
		}
		if l := none(f[5]); l != "" {
			p.Licenses = []string{l}
		}
		if source := strings.TrimSuffix(none(f[4]), ".src.rpm"); source != "" {
			parts := strings.Split(source, "-")
			n := len(parts)
			p.SourceName, p.SourceVersion = strings.Join(parts[:n-2], "-"), prefix+parts[n-2]+"-"+parts[n-1]
		}
		if label := strings.Split(none(f[8]), ":"); len(label) > 1 {
			p.Module = label[0] + ":" + label[1]
		}
		byName[p.Name+"-"+f[2]+"."+f[3]] = len(packages)
		packages = append(packages, p)
	}
	for _, f := range query(`[%{=NAME}-%{=VERSION}-%{=RELEASE}.%{=ARCH}\t%{FILENAMES}\t%{FILESTATES:fstate}\n]`) {
		if i, known := byName[f[0]]; known && f[2] == "normal" {
			packages[i].Owns = append(packages[i].Owns, record.SumPath(f[1]))
		}
	}
	return sorted(packages)
}

func sorted(packages []record.Package) []record.Package {
	contents, err := record.Decode(record.Contents{Packages: packages}.Encode())
	if err != nil {
		panic(err)
	}
	return contents.Packages
}

// visit reads content as a layer's pass would, and decodes the result.
func visit(t *testing.T, content []byte) (result, error) {
	t.Helper()
	data, err := New().Visit(context.Background(), &rootfs.File{
		Entry:  &rootfs.Entry{Path: "var/lib/rpm/any", Kind: rootfs.Regular, Size: int64(len(content))},
		Reader: bytes.NewReader(content), At: bytes.NewReader(content),
	})
	if data == nil {
		return result{}, err
	}
	r, decodeErr := decode(data)
	if decodeErr != nil {
		t.Fatalf("decode: %v", decodeErr)
	}
	return r, err
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// check holds a file's packages against rpm's word.
func check(t *testing.T, path string, want []record.Package) {
	t.Helper()
	got, err := visit(t, readFile(t, path))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.contents.Packages); diff != "" {
		t.Error(diff)
	}
	if len(got.contents.Gaps) > 0 {
		t.Errorf("gaps %v", got.contents.Gaps)
	}
}

// headers returns the headers that rpm wrote into an sqlite database, as db_load and the
// generators of the other forms take them.
func headers(t *testing.T, folder string) [][]byte {
	t.Helper()
	needs(t, "python3")
	const program = `import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute("SELECT blob FROM Packages ORDER BY hnum"): print(row[0].hex())`
	var blobs [][]byte
	for line := range strings.Lines(run(t, "", "python3", "-c", program, filepath.Join(folder, "rpmdb.sqlite"))) {
		blob, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		blobs = append(blobs, blob)
	}
	if len(blobs) == 0 || slices.ContainsFunc(blobs, func(b []byte) bool { return len(b) == 0 }) {
		t.Fatal("no headers")
	}
	return blobs
}

func checkGap(t *testing.T, gaps []record.Gap, why string) {
	t.Helper()
	switch {
	case why == "" && len(gaps) > 0:
		t.Errorf("unexpected gaps: %v", gaps)
	case why != "" && (len(gaps) != 1 || gaps[0].Code != record.MalformedEntry || gaps[0].Complete || !strings.Contains(gaps[0].Why, why)):
		t.Errorf("gaps %v, want one that says %q", gaps, why)
	}
}
