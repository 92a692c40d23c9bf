package jar

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"math"
	"testing"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// file is one in a test's archive. The fields behind content make it odd.
type file struct {
	name, content string
	deflate       bool
	flags         uint16
	method        uint16 // in place of the true one
	localName     string // before the content
	localMethod   uint16
	localSize     uint32
	localSum      uint32
	zip64         bool // sizes and offset stand in the extra field
	claimed       uint32
	again         bool // no local header: the directory points at that of the file before
}

// archiveOf writes a zip.
type archiveOf struct {
	files   []file
	script  string // before it
	keep    bool   // the script does not count in the offsets
	comment string
	zip64   bool // with a large end record
	count   int  // in place of the true one
	between string
	after   string
}

func zipOf(files ...file) string { return archiveOf{files: files}.bytes() }

func (a archiveOf) bytes() string {
	b := []byte(a.script)
	base := 0
	if a.keep {
		base = len(a.script)
	}
	var directory []byte
	offset := 0
	for _, f := range a.files {
		packed, method := pack(f)
		if !f.again {
			offset = len(b) - base
			b = append(b, f.local(packed, method)...)
			b = append(b, packed...)
		}
		directory = append(directory, f.central(packed, method, offset)...)
	}
	b = append(b, a.between...)
	start := len(b) - base
	b = append(b, directory...)
	count := len(a.files)
	if a.count != 0 {
		count = a.count
	}
	le := binary.LittleEndian
	if a.zip64 {
		at := len(b) - base
		b = append(b, end64Signature...)
		b = le.AppendUint64(b, end64Size-12)
		b = append(b, make([]byte, 12)...) // versions and volumes
		for _, n := range []int{count, count, len(directory), start} {
			b = le.AppendUint64(b, uint64(n))
		}
		b = append(append(b, locatorSignature...), 0, 0, 0, 0)
		b = le.AppendUint32(le.AppendUint64(b, uint64(at)), 1)
	}
	b = append(append(b, endSignature...), 0, 0, 0, 0)
	if a.zip64 {
		b = append(b, bytes.Repeat([]byte{0xff}, 12)...)
	} else {
		b = le.AppendUint16(le.AppendUint16(b, uint16(count)), uint16(count))
		b = le.AppendUint32(le.AppendUint32(b, uint32(len(directory))), uint32(start))
	}
	b = append(le.AppendUint16(b, uint16(len(a.comment))), a.comment...)
	return string(append(b, a.after...))
}

func pack(f file) (packed []byte, method uint16) {
	if !f.deflate {
		return []byte(f.content), stored
	}
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write([]byte(f.content)); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes(), deflated
}

func (f file) local(packed []byte, method uint16) []byte {
	le := binary.LittleEndian
	name := f.name
	if f.localName != "" {
		name = f.localName
	}
	if f.localMethod != 0 {
		method = f.localMethod
	} else if f.method != 0 {
		method = f.method
	}
	size, sum := uint32(len(f.content)), crc32.ChecksumIEEE([]byte(f.content))
	if f.localSize != 0 {
		size = f.localSize
	}
	if f.localSum != 0 {
		sum = f.localSum
	}
	sizes := []uint32{sum, uint32(len(packed)), size}
	if f.flags&sizesFollow != 0 {
		sizes = []uint32{0, 0, 0}
	}
	b := le.AppendUint16([]byte(localSignature), 20)
	b = le.AppendUint16(le.AppendUint16(b, f.flags), method)
	b = le.AppendUint32(b, 0) // time
	for _, n := range sizes {
		b = le.AppendUint32(b, n)
	}
	b = le.AppendUint16(le.AppendUint16(b, uint16(len(name))), 0)
	return append(b, name...)
}

func (f file) central(packed []byte, method uint16, offset int) []byte {
	le := binary.LittleEndian
	if f.method != 0 {
		method = f.method
	}
	size := uint32(len(f.content))
	if f.claimed != 0 {
		size = f.claimed
	}
	b := le.AppendUint16(le.AppendUint16([]byte(entrySignature), 20), 20)
	b = le.AppendUint16(le.AppendUint16(b, f.flags), method)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, crc32.ChecksumIEEE([]byte(f.content)))
	var extra []byte
	numbers := []uint32{uint32(len(packed)), size, uint32(offset)}
	if f.zip64 {
		extra = append([]byte{0xfe, 0xca, 1, 0, 7}, 1, 0, 24, 0) // another's field before it
		for _, n := range []int{int(size), len(packed), offset} {
			extra = le.AppendUint64(extra, uint64(n))
		}
		numbers = []uint32{math.MaxUint32, math.MaxUint32, math.MaxUint32}
	}
	b = le.AppendUint32(le.AppendUint32(b, numbers[0]), numbers[1])
	b = le.AppendUint16(le.AppendUint16(b, uint16(len(f.name))), uint16(len(extra)))
	b = append(b, make([]byte, 10)...) // comment, volume, attributes
	b = le.AppendUint32(b, numbers[2])
	return append(append(b, f.name...), extra...)
}

// inMemory are the limits with so much memory.
func inMemory(bytes int64) limits {
	l := defaultLimits()
	l.memory = bytes
	return l
}

// The usual files.
func manifest(lines ...string) file {
	content := "Manifest-Version: 1.0\r\n"
	for _, line := range lines {
		content += line + "\r\n"
	}
	return file{name: "META-INF/MANIFEST.MF", content: content, deflate: true, flags: sizesFollow}
}

func pom(group, artifact, version string) file {
	return file{name: "META-INF/maven/" + group + "/" + artifact + "/pom.properties", deflate: true,
		content: "#Generated by Maven\nversion=" + version + "\ngroupId=" + group + "\nartifactId=" + artifact + "\n"}
}

func class(name string) file { return file{name: name + ".class", content: "\xca\xfe\xba\xbe" + name} }

// found is what a scan makes of one file.
type found struct {
	packages []string // name, version, ? if guessed, path
	gaps     []string // code, why
}

func scan(t *testing.T, path, content string) found {
	t.Helper()
	return assembled(path, visited(t, content, defaultLimits()))
}

func assembled(path string, data []byte) found {
	f := record.NewFound(nil)
	New().Assemble([]record.File{{Path: path, Read: true, Data: data}}, f)
	var all found
	for _, p := range f.Packages() {
		for _, l := range p.Locations {
			line := p.Name + " " + p.Version
			if p.Confidence != "" {
				line += " ?"
			}
			all.packages = append(all.packages, line+" "+l.Path)
		}
	}
	for _, g := range f.Coverage().Gaps {
		all.gaps = append(all.gaps, g.Code+" "+g.Why)
	}
	return all
}

func visited(t *testing.T, content string, l limits) []byte {
	t.Helper()
	data, err := visit(t.Context(), fileOf(content), l)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func fileOf(content string) *rootfs.File {
	return &rootfs.File{Entry: &rootfs.Entry{Kind: rootfs.Regular, Size: int64(len(content))}, At: bytes.NewReader([]byte(content))}
}
