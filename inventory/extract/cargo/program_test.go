package cargo

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// program writes an ELF file with one section of the given name and content, and the table of
// names (ELF-64, gABI chapter 4).
func program(name string, content []byte) []byte {
	const headerSize, sectionSize = 64, 64
	names := "\x00" + name + "\x00.shstrtab\x00"
	namesAt := headerSize + len(content)
	sectionsAt := namesAt + len(names)
	b := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 9)...)
	little := binary.LittleEndian
	b = little.AppendUint16(b, 3)  // a shared object
	b = little.AppendUint16(b, 62) // x86-64
	b = little.AppendUint32(b, 1)
	b = little.AppendUint64(b, 0)
	b = little.AppendUint64(b, 0)
	b = little.AppendUint64(b, uint64(sectionsAt))
	b = little.AppendUint32(b, 0)
	for _, size := range []uint16{headerSize, 56, 0, sectionSize, 3, 2} {
		b = little.AppendUint16(b, size)
	}
	b = append(append(b, content...), names...)
	section := func(name, kind uint32, offset, size int) {
		b = little.AppendUint32(b, name)
		b = little.AppendUint32(b, kind)
		b = little.AppendUint64(b, 0)
		b = little.AppendUint64(b, 0)
		b = little.AppendUint64(b, uint64(offset))
		b = little.AppendUint64(b, uint64(size))
		b = append(b, make([]byte, 24)...)
	}
	section(0, 0, 0, 0)
	section(1, 1, headerSize, len(content))
	section(uint32(len(name)+2), 3, namesAt, len(names))
	return b
}

func packed(text string) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func visit(content []byte) ([]byte, error) {
	return New().Visit(context.Background(), &rootfs.File{
		Entry: &rootfs.Entry{Path: "usr/bin/app", Mode: 0o755}, Reader: bytes.NewReader(content), At: bytes.NewReader(content)})
}

func TestPrograms(t *testing.T) {
	const list = `{"packages": [
		{"name": "app", "version": "0.1.0", "source": "local", "dependencies": [1], "root": true},
		{"name": "serde", "version": "1.0.195", "source": "crates.io"},
		{"name": "cc", "version": "1.0.83", "source": "crates.io", "kind": "build"}]}`
	for name, test := range map[string]struct {
		content []byte
		want    []record.Package
		problem string
	}{
		"auditable":            {program(section, packed(list)), []record.Package{{Name: "app", Version: "0.1.0"}, {Name: "serde", Version: "1.0.195"}}, ""},
		"not auditable":        {program(".text", []byte("code")), nil, ""},
		"no ELF file at all":   {[]byte("\x7fELF, and nothing behind it"), nil, ""},
		"cut short":            {program(section, packed(list))[:200], nil, ""},
		"not packed":           {program(section, []byte(list)), nil, "cannot be unpacked"},
		"packed and cut short": {program(section, packed(list)[:20]), nil, "cannot be unpacked"},
		"not a list":           {program(section, packed("[]")), nil, "cannot be read as JSON"},
		"a bomb":               {program(section, packed(strings.Repeat(" ", maxList+1))), nil, "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := visit(test.content)
			if test.problem == "" && err != nil || test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)) {
				t.Fatalf("error %v, want one that says %q", err, test.problem)
			}
			var got []record.Package
			if data != nil {
				contents, err := record.Decode(data)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, contents.Packages...)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAHugeClaimIsNotRead(t *testing.T) {
	content := program(section, nil)
	sections := len(content) - 3*64
	binary.LittleEndian.PutUint64(content[sections+64+32:], 1<<40)
	if _, err := visit(content); err == nil || !strings.Contains(err.Error(), "bytes in the file") {
		t.Errorf("error %v, want one that names the size", err)
	}
}

func TestWhichPrograms(t *testing.T) {
	elf := []byte("\x7fELF\x02\x01\x01")
	for name, test := range map[string]struct {
		entry rootfs.Entry
		head  []byte
		want  rootfs.Want
	}{
		"program":             {rootfs.Entry{Path: "usr/bin/app", Mode: 0o755, Size: 1 << 20}, elf, rootfs.Random},
		"its owner's alone":   {rootfs.Entry{Path: "usr/bin/app", Mode: 0o700}, elf, rootfs.Random},
		"library of a system": {rootfs.Entry{Path: "usr/lib/liba.so.1", Mode: 0o644}, elf, rootfs.Ignore},
		"too large":           {rootfs.Entry{Path: "usr/lib/liba.so.1", Mode: 0o755, Size: maxProgram + 1}, elf, rootfs.Ignore},
		"script":              {rootfs.Entry{Path: "usr/bin/app", Mode: 0o755}, []byte("#!/bin/sh\n"), rootfs.Ignore},
		"empty":               {rootfs.Entry{Path: "usr/bin/app", Mode: 0o755}, nil, rootfs.Ignore},
		"lock file":           {rootfs.Entry{Path: "app/Cargo.lock", Mode: 0o644}, []byte("version = 3\n"), rootfs.Stream},
		"another lock file":   {rootfs.Entry{Path: "app/NotCargo.lock", Mode: 0o644}, nil, rootfs.Ignore},
	} {
		if got := New().Wants(&test.entry, test.head); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestACompressedSectionIsRefused(t *testing.T) {
	const flags, compressed = 8, 0x800
	content := program(section, make([]byte, 100))
	sections := len(content) - 3*64
	binary.LittleEndian.PutUint64(content[sections+64+flags:], compressed)
	if _, err := visit(content); err == nil || !strings.Contains(err.Error(), "compressed once more") {
		t.Errorf("error %v", err)
	}
}

// FuzzProgram: no input makes the reader panic; what it returns can be decoded, and is bounded by
// the largest list.
func FuzzProgram(f *testing.F) {
	f.Add(program(section, packed(`{"packages": [{"name": "a", "version": "1"}]}`)))
	f.Add(program(section, []byte{0x78, 0x9c}))
	f.Add([]byte("\x7fELF"))
	f.Fuzz(func(t *testing.T, content []byte) {
		data, _ := visit(content)
		if data == nil {
			return
		}
		contents, err := record.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range contents.Packages {
			if !record.IsWord([]byte(p.Name)) {
				t.Errorf("%q is not a word", p.Name)
			}
		}
	})
}
