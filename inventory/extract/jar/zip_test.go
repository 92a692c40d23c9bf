package jar

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// TestFormsOfZip: what Java reads is read.
func TestFormsOfZip(t *testing.T) {
	files := []file{pom("org.a", "a", "1"), {name: "META-INF/"}, {name: "META-INF/"}, class("org/a/A")}
	large := []file{pom("org.a", "a", "1"), class("org/a/A")}
	large[0].zip64, large[1].zip64 = true, true
	copies := []file{pom("org.a", "a", "1"), {name: "LICENSE", content: "free"}, {name: "LICENSE", content: "free"}}
	for _, test := range []struct {
		name string
		archiveOf
	}{
		{"plain", archiveOf{files: files}},
		{"script before it, offsets corrected", archiveOf{files: files, script: "#!/bin/sh\nexec java -jar $0\n"}},
		{"script before it, offsets as they were", archiveOf{files: files, script: "#!/bin/sh\nexec java -jar $0\n", keep: true}},
		{"zip64", archiveOf{files: large, zip64: true}},
		{"zip64 behind a script, offsets as they were", archiveOf{files: large, zip64: true, script: "#!/bin/sh\n", keep: true}},
		{"comment", archiveOf{files: files, comment: "a comment"}},
		{"something between files and directory", archiveOf{files: files, between: strings.Repeat("signature", 10)}},
		{"two copies of one file", archiveOf{files: copies}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := scan(t, "a.jar", test.bytes())
			if want := []string{"org.a:a 1 a.jar"}; !cmp.Equal(want, got.packages) || got.gaps != nil {
				t.Error(got)
			}
			nested := scan(t, "b.war", zipOf(file{name: "a.jar", content: test.bytes()}))
			if want := []string{"org.a:a 1 b.war!/a.jar"}; !cmp.Equal(want, nested.packages) || nested.gaps != nil {
				t.Error(nested)
			}
		})
	}
}

// TestAmbiguousArchives: another reader may see another content.
func TestAmbiguousArchives(t *testing.T) {
	p, c := pom("org.a", "a", "1"), class("org/a/A")
	odd := func(change func(*file)) []file {
		f := c
		change(&f)
		return []file{p, f}
	}
	// A directory where the end says, and one where the end and the directory's size say.
	elsewhere := strings.Repeat(" ", strings.Index(zipOf(p, c), entrySignature))
	for _, test := range []struct {
		name string
		archiveOf
		why string
	}{
		{"another name", archiveOf{files: odd(func(f *file) { f.localName = "org/a/B.class" })}, "org/a/A.class: its name is not the same in the directory"},
		{"a longer name", archiveOf{files: odd(func(f *file) { f.localName = "org/a/A.class.x" })}, "org/a/A.class: its name is not the same in the directory"},
		{"another method", archiveOf{files: odd(func(f *file) { f.localMethod = deflated })}, "org/a/A.class: its method is not the same in the directory"},
		{"another size", archiveOf{files: odd(func(f *file) { f.localSize = 1 })}, "org/a/A.class: its size is not the same in the directory"},
		{"another checksum", archiveOf{files: odd(func(f *file) { f.localSum = 1 })}, "org/a/A.class: its checksum is not the same in the directory"},
		{"one name, two contents", archiveOf{files: append(odd(func(f *file) { f.content = "x" }), c)}, "org/a/A.class: it is there twice"},
		{"two manifests", archiveOf{files: []file{p, manifest(), manifest()}}, "META-INF/MANIFEST.MF: it is there twice"},
		{"two directories", archiveOf{files: []file{p, c}, script: elsewhere + entrySignature, keep: true}, "it has two directories"},
		{"something behind its end", archiveOf{files: []file{p, c}, after: "x"}, "there is something behind its end"},
		{"an end in its comment", archiveOf{files: []file{p, c}, comment: zipOf()}, "it has two ends"},
		{"a wrong count", archiveOf{files: []file{p, c}, count: 7}, "its end counts 7 files, and its directory lists 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := scan(t, "a.jar", test.bytes())
			if want := []string{record.AmbiguousArchive + " " + test.why}; !cmp.Equal(want, got.gaps) {
				t.Error(cmp.Diff(want, got.gaps))
			}
		})
	}
}

// TestUnreadableArchives: damage is named, and what is whole counts.
func TestUnreadableArchives(t *testing.T) {
	p := pom("org.a", "a", "1")
	whole := zipOf(p, pom("org.b", "b", "1"))
	secret, unknown, impossible, lying := p, p, p, file{name: "b.jar", content: zipOf(p)}
	secret.flags = isEncrypted
	unknown.method, unknown.localMethod = 93, 93
	impossible.claimed, impossible.localSize = 1<<20, 1<<20
	lying.claimed, lying.localSize = 1<<20, 1<<20
	longer := file{name: "b.jar", content: zipOf(p), deflate: true, claimed: 30, localSize: 30}
	packed, _ := pack(impossible)
	inner := file{name: "b.jar", content: strings.Repeat(zipOf(p), 3), deflate: true}
	stream, _ := pack(inner)
	damaged := strings.Replace(zipOf(inner), string(stream), strings.Repeat("\xff", len(stream)), 1)
	for _, test := range []struct {
		name, content string
		packages      int
		why           string
	}{
		{"cut short", whole[:len(whole)-10], 0, "it has no directory at its end"},
		{"beginning cut off", whole[60:], 0, "its directory lies outside of it"},
		{"directory damaged", strings.Replace(whole, entrySignature, "PK__", 1), 0, "its directory is not where its end says"},
		{"local header damaged", strings.Replace(whole, localSignature, "PK__", 1), 1, "META-INF/maven/org.a/a/pom.properties: there is no file where its directory says"},
		{"encrypted", zipOf(secret), 0, "META-INF/maven/org.a/a/pom.properties: it is encrypted"},
		{"compressed by zstd", zipOf(unknown), 0, "META-INF/maven/org.a/a/pom.properties: it is compressed by method 93, which Java does not read"},
		{"too large to be true", zipOf(impossible), 0, fmt.Sprintf("META-INF/maven/org.a/a/pom.properties: 1048576 bytes cannot be made of %d", len(packed))},
		{"stored with two sizes", zipOf(lying), 0, "b.jar: it is stored, and has two sizes"},
		{"longer than it says", zipOf(longer), 0, "b.jar: it is longer than it says"},
		{"damaged inside", damaged, 0, "b.jar: flate: corrupt input before offset 1"},
		{"nested, cut short", zipOf(file{name: "b.jar", content: whole[:len(whole)-10]}), 0, "b.jar: it has no directory at its end"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := scan(t, "a.jar", test.content)
			if want := []string{record.UnreadableArchive + " " + test.why}; !cmp.Equal(want, got.gaps) || len(got.packages) != test.packages {
				t.Error(got)
			}
		})
	}
}

// TestLimits: what is beyond them is named, and costs nothing of what was found.
func TestLimits(t *testing.T) {
	p := pom("org.a", "a", "1")
	deep := zipOf(p)
	for range maxDepth + 1 {
		deep = zipOf(p, file{name: "a.jar", content: deep})
	}
	inside := zipOf(p)
	for range maxDepth {
		inside = zipOf(file{name: strings.Repeat("x", 1000) + ".jar", content: inside})
	}
	many := make([]file, maxEntries+1)
	for i := range many {
		many[i] = file{name: fmt.Sprint(i)}
	}
	poms := make([]file, maxPackages+1)
	for i := range poms {
		poms[i] = pom("org.a", fmt.Sprint("a", i), "1")
		poms[i].deflate = false
	}
	long := p
	long.name = "META-INF/maven/" + strings.Repeat("x", record.MaxText) + "/a/pom.properties"
	big := p
	big.content += strings.Repeat("#", maxPomSize)
	for _, test := range []struct {
		name, content string
		packages      int
		why           string
	}{
		{"depth", deep, maxDepth + 1, "is more than 8 archives deep"},
		{"path inside", inside, 0, "its path has more than 4096 bytes"},
		{"files in one archive", zipOf(many...), 0, "more than 200000 files"},
		{"packages", zipOf(poms...), maxPackages, "more than 10000 packages"},
		{"a file's name", zipOf(p, long), 1, "a file's name has more than 4096 bytes"},
		{"pom.properties", zipOf(big), 0, "more than 65536 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := scan(t, "a.jar", test.content)
			if test.packages > 0 && len(got.packages) != test.packages {
				t.Errorf("%d packages, want %d", len(got.packages), test.packages)
			}
			if !strings.Contains(strings.Join(got.gaps, "\n"), record.ArchiveLimit) || !strings.Contains(strings.Join(got.gaps, "\n"), test.why) {
				t.Errorf("gaps %.300q, want one that says %q", got.gaps, test.why)
			}
		})
	}
}

// TestBombs: what a file inflates to is bounded, and the work on it too, whatever its size.
func TestBombs(t *testing.T) {
	p := pom("org.a", "a", "1")
	zeros := zipOf(file{name: "z.jar", content: strings.Repeat("\x00", 1<<20), deflate: true})
	inflates := []file{p}
	for i := range 20 {
		inflates = append(inflates, file{name: fmt.Sprint(i, ".jar"), content: zeros})
	}
	// Each archive lists the one in it a hundred times, in one place: 10^14 archives in all.
	self := zipOf(class("A"))
	for range maxDepth - 1 {
		files := []file{{name: "a.jar", content: self}}
		for range 99 {
			files = append(files, file{name: "a.jar", content: self, again: true})
		}
		self = zipOf(files...)
	}
	for _, test := range []struct {
		name, content string
		limits        limits
		why           string
	}{
		{"zeros, in files", zipOf(inflates...), limits{memory: 0, bytes: 10 << 20, entries: 100}, "more than 10485760 bytes to read"},
		{"zeros, in memory", zipOf(inflates...), limits{memory: 1 << 20, bytes: 10 << 20, entries: 100}, "more than 10485760 bytes to read"},
		{"files listed again and again", zipOf(p, file{name: "a.war", content: self}), limits{bytes: maxRead, entries: 20_000}, "more than 20000 files"},
		{"archives listed again and again", zipOf(p, file{name: "a.war", content: self}), limits{bytes: 10 << 20, entries: maxAll}, "more than 10485760 bytes to read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := assembled("a.jar", visited(t, test.content, test.limits))
			if want := []string{"org.a:a 1 a.jar"}; !cmp.Equal(want, got.packages) {
				t.Error(got.packages)
			}
			if gaps := strings.Join(got.gaps, "\n"); !strings.Contains(gaps, record.ArchiveLimit) || !strings.Contains(gaps, test.why) {
				t.Errorf("gaps %.400q, want one that says %q", got.gaps, test.why)
			}
		})
	}
}
