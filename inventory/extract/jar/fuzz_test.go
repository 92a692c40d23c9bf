package jar

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// eager is an io.ReaderAt that reports the end together with the last bytes, as some do.
type eager struct{ content []byte }

func (e eager) ReadAt(p []byte, offset int64) (int, error) {
	n, err := bytes.NewReader(e.content).ReadAt(p, offset)
	if err == nil && offset+int64(n) == int64(len(e.content)) {
		err = io.EOF
	}
	return n, err
}

// FuzzVisit: no archive makes the walk panic, or fail for what it holds; the result is the same
// whether inflated archives lie in memory or in a file, and however content is read; it is no
// longer than a multiple of what was read; every package has a name, and every guess says so.
func FuzzVisit(f *testing.F) {
	p := pom("org.a", "a", "1")
	inner := zipOf(p, manifest("Implementation-Title: b", "Implementation-Version: 2"), class("org/b/B"))
	f.Add([]byte(zipOf(p, class("org/a/A"), file{name: "b.jar", content: inner}, file{name: "c.jar", content: inner, deflate: true})))
	f.Add([]byte(archiveOf{files: []file{p}, zip64: true, script: "#!/bin/sh\n", keep: true}.bytes()))
	f.Add([]byte(zipOf(file{name: "a.jar", content: inner}, file{name: "a.jar", content: inner, again: true})))
	f.Add([]byte(archiveOf{files: []file{p}, comment: zipOf(p)}.bytes()))
	f.Fuzz(func(t *testing.T, content []byte) {
		data := visited(t, string(content), defaultLimits())
		for _, memory := range []int64{0, 100} {
			file := &rootfs.File{Entry: &rootfs.Entry{Size: int64(len(content))}, At: eager{content}}
			again, err := visit(t.Context(), file, inMemory(memory))
			if err != nil || !bytes.Equal(data, again) {
				t.Fatalf("with %d bytes of memory: %v\n%q\n%q", memory, err, data, again)
			}
		}
		found := record.NewFound(nil)
		New().Assemble([]record.File{{Path: "lib/a-1.jar", Read: true, Data: data}}, found)
		for _, p := range found.Packages() {
			group, artifact, _ := strings.Cut(p.Name, ":")
			if group == "" || p.Name == group+":" || strings.Contains(artifact, ":") || p.Confidence != "" && p.Version == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}

// FuzzManifest: no manifest makes the parser panic; what it takes from one is on one line each,
// survives being stored, and is the same for each way to end a line.
func FuzzManifest(f *testing.F) {
	f.Add([]byte("Manifest-Version: 1.0\r\nImplementation-Title: a\r\n -b\r\nImplementation-Version: 1\r\n\r\nName: org/a/\r\nImplementation-Version: 2\r\n"))
	f.Add([]byte("Bundle-SymbolicName: a;x\nBundle-Version: 1.0.0\n"))
	f.Add([]byte("\n\nName: a/\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		e := parseManifest(content)
		stored, rest, ok := decodeEvidence(append(e.encode(), "rest"...))
		stored.hasManifest = true
		if !ok || stored != e || string(rest) != "rest" {
			t.Errorf("%+v\n%+v %q %v", e, stored, rest, ok)
		}
		if bytes.ContainsRune(content, '\r') {
			return
		}
		if other := parseManifest(bytes.ReplaceAll(content, []byte("\n"), []byte("\r\n"))); other != e {
			t.Errorf("%+v\n%+v", e, other)
		}
	})
}

// FuzzPom: no properties make the parser panic, and what it accepts is a name.
func FuzzPom(f *testing.F) {
	f.Add("META-INF/maven/g/a/pom.properties", []byte("version=1\ngroupId=org.a\nartifactId=a\n"))
	f.Add("META-INF/maven/g/a/pom.properties", []byte(`version=1\u002d`))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		p, err := parsePom(name, content)
		if group, artifact, ok := strings.Cut(p.Name, ":"); err == nil && (!ok || !isID(group) || !isID(artifact)) {
			t.Errorf("%+v", p)
		}
		if p.Version != "" && !record.IsWord([]byte(p.Version)) {
			t.Errorf("version %q", p.Version)
		}
	})
}
