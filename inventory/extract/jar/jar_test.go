package jar

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const (
	unnamed   = record.UnidentifiedJar + " neither a pom.properties file nor its manifest says which artifact it is"
	groupless = record.UnidentifiedJar + " its manifest does not tell which group it belongs to"
)

func TestWhatAnArchiveIs(t *testing.T) {
	for _, test := range []struct {
		name     string
		path     string
		files    []file
		packages []string
		gaps     []string
	}{
		{"pom.properties", "lib/x.jar", []file{pom("org.a", "a", "1.0"), class("org/a/A")},
			[]string{"org.a:a 1.0 lib/x.jar"}, nil},
		{"pom.properties before the manifest", "lib/a-2.jar", []file{manifest("Implementation-Title: a", "Implementation-Version: 2"), pom("org.a", "a", "1.0"), class("org/a/A")},
			[]string{"org.a:a 1.0 lib/a-2.jar"}, nil},
		{"hard case 14: shaded, and its own pom", "lib/a.jar", []file{manifest("Bundle-SymbolicName: org.a", "Bundle-Version: 1.0.0"), pom("org.a", "a", "1.0"), pom("org.b", "b", "2.0"), class("org/a/A")},
			[]string{"org.a:a 1.0 lib/a.jar", "org.b:b 2.0 lib/a.jar"}, nil},
		{"hard case 14: shaded, and no pom of its own", "lib/guice.jar", []file{manifest("Bundle-Name: guice", "Bundle-SymbolicName: com.google.inject", "Bundle-Version: 4.2.3"), pom("cglib", "cglib", "3.2.12"), class("com/google/inject/Key")},
			[]string{"cglib:cglib 3.2.12 lib/guice.jar", "com.google.inject:guice 4.2.3 ? lib/guice.jar"}, nil},
		{"hard case 14: shaded, named by its file", "lib/app-1.0.jar", []file{manifest("Implementation-Version: 2.0"), pom("org.app", "app", "1.0"), pom("org.b", "b", "3.0"), class("org/app/A")},
			[]string{"org.app:app 1.0 lib/app-1.0.jar", "org.b:b 3.0 lib/app-1.0.jar"}, nil},
		{"hard case 14: renamed file", "lib/x.jar", []file{manifest("Implementation-Title: spring-core", "Implementation-Version: 5.3.9"), class("org/springframework/core/A"), class("org/springframework/util/B")},
			[]string{"org.springframework:spring-core 5.3.9 ? lib/x.jar"}, nil},
		{"a title that is a phrase", "lib/postgresql-42.5.5.jar", []file{manifest("Implementation-Title: PostgreSQL JDBC Driver", "Implementation-Version: 42.5.5", "Implementation-Vendor-Id: org.postgresql"), class("org/postgresql/Driver")},
			[]string{"org.postgresql:postgresql 42.5.5 ? lib/postgresql-42.5.5.jar"}, nil},
		{"a title of Gradle's Nebula", "lib/x.jar", []file{manifest("Implementation-Title: io.reactivex#rxjava;1.3.8", "Implementation-Version: 1.3.8"), class("rx/A")},
			[]string{"io.reactivex:rxjava 1.3.8 ? lib/x.jar"}, nil},
		{"a bundle's name", "lib/x.jar", []file{manifest("Bundle-Name: tomcat-coyote", "Bundle-SymbolicName: org.apache.tomcat-coyote", "Bundle-Version: 9.0.70"), class("org/apache/coyote/A"), class("org/apache/tomcat/B")},
			[]string{"org.apache.tomcat:tomcat-coyote 9.0.70 ? lib/x.jar"}, nil},
		{"a file that states the release of an unfinished build", "lib/asm-9.4.jar", []file{manifest("Bundle-SymbolicName: org.objectweb.asm", "Implementation-Title: asm", "Implementation-Version: 9.4-SNAPSHOT"), class("org/objectweb/asm/A")},
			[]string{"org.ow2.asm:asm 9.4 ? lib/asm-9.4.jar"}, nil},
		{"the same in OSGi's form", "lib/eclipse-jdt-core-3.32.0.jar", []file{manifest("Bundle-SymbolicName: org.eclipse.jdt.core", "Bundle-Version: 3.32.0.qualifier"), class("org/eclipse/jdt/core/A")},
			[]string{"org.eclipse.jdt:org.eclipse.jdt.core 3.32.0 ? lib/eclipse-jdt-core-3.32.0.jar"}, nil},
		{"an unfinished build whose file states another release", "lib/acme-9.3.jar", []file{manifest("Implementation-Version: 9.4-SNAPSHOT", "Implementation-Vendor-Id: org.acme"), class("A")},
			[]string{"org.acme:acme 9.4-SNAPSHOT ? lib/acme-9.3.jar"}, nil},
		{"an unfinished build whose file states no release", "lib/acme-0.1-SNAPSHOT.jar", []file{manifest("Bundle-Version: 0.1.0.SNAPSHOT", "Implementation-Vendor-Id: org.acme"), class("A")},
			[]string{"org.acme:acme 0.1.0.SNAPSHOT ? lib/acme-0.1-SNAPSHOT.jar"}, nil},
		{"an unfinished build whose pom states the release", "lib/x.jar", []file{manifest("Bundle-Name: y", "Bundle-Version: 9.4.0.SNAPSHOT"), pom("org.a", "a", "9.4"), class("org/a/A")},
			[]string{"org.a:a 9.4 lib/x.jar"}, nil},
		{"a pom's unfinished build, and the release in the file's name", "lib/y-9.4.jar", []file{manifest("Implementation-Version: 9.4-SNAPSHOT"), pom("org.a", "a", "9.4-SNAPSHOT"), class("org/a/A")},
			[]string{"org.a:a 9.4-SNAPSHOT lib/y-9.4.jar"}, nil},
		{"embedded Tomcat", "lib/tomcat-embed-core-9.0.50.jar", []file{manifest("Implementation-Title: Apache Tomcat", "Implementation-Version: 9.0.50"), class("org/apache/catalina/A")},
			[]string{"org.apache.tomcat.embed:tomcat-embed-core 9.0.50 ? lib/tomcat-embed-core-9.0.50.jar"}, nil},
		{"nothing but a file's name", "lib/dom4j-2.1.1.jar", []file{class("org/dom4j/A")},
			[]string{"org.dom4j:dom4j 2.1.1 ? lib/dom4j-2.1.1.jar"}, []string{unnamed}},
		{"nothing at all", "lib/x.jar", []file{class("org/a/A")}, nil, []string{unnamed}},
		{"a specification's version is not the jar's", "lib/x.jar", []file{manifest("Specification-Title: JDBC", "Specification-Version: 4.2"), class("org/a/A")},
			nil, []string{unnamed}},
		{"no package to deduce a group from", "lib/x.jar", []file{manifest("Implementation-Title: tool", "Implementation-Version: 1"), class("Main")},
			[]string{"tool 1 ? lib/x.jar"}, []string{groupless}},
		{"a part of the JDK", "lib/jrt-fs.jar", []file{manifest("Implementation-Title: Java Runtime Environment", "Implementation-Version: 17.0.21.1"), class("jdk/internal/jrtfs/A")},
			[]string{"jrt-fs 17.0.21.1 ? lib/jrt-fs.jar"}, nil},
		{"a group that only its classes' package tells", "lib/x.jar", []file{manifest("Implementation-Title: acme-core", "Implementation-Version: 1"), class("com/acme/core/A")},
			[]string{"com.acme:acme-core 1 ? lib/x.jar"}, []string{groupless}},
		{"an application without classes", "app.jar", []file{manifest("Implementation-Title: java-app", "Implementation-Version: 1.0.0")},
			[]string{"java-app 1.0.0 ? app.jar"}, nil},
		{"an application's own classes, not its loader's", "app.jar", []file{manifest("Implementation-Title: shop", "Implementation-Version: 1"), class("org/springframework/boot/loader/A"), class("BOOT-INF/classes/com/acme/shop/Main")},
			[]string{"com.acme.shop:shop 1 ? app.jar"}, []string{groupless}},
		{"a web application that says nothing", "app.war", []file{class("WEB-INF/classes/com/acme/Main")}, nil, []string{unnamed}},
		{"sources", "lib/a-1.0-sources.jar", []file{{name: "org/a/A.java"}}, nil, nil},
		{"a module's description is no code", "lib/a.jar", []file{class("module-info")}, nil, nil},
		{"empty", "lib/a.jar", nil, nil, nil},
		{"pom.properties without a version", "lib/x.jar", []file{pom("org.a", "a", "${revision}"), class("org/a/A")},
			[]string{"org.a:a  lib/x.jar"}, []string{record.UnversionedPackage + " META-INF/maven/org.a/a/pom.properties: no version is stated"}},
		{"pom.properties that make no sense", "lib/x.jar", []file{{name: "META-INF/maven/a b/c/pom.properties", content: "version=1\n"}},
			nil, []string{record.MalformedEntry + " META-INF/maven/a b/c/pom.properties: its group or artifact is no name"}},
		{"pom.properties too deep in", "lib/x.jar", []file{{name: "META-INF/maven/a/b/c/pom.properties", content: "version=1\n"}}, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := scan(t, test.path, zipOf(test.files...))
			if diff := cmp.Diff(test.packages, got.packages); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.gaps, got.gaps); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNestedArchives: hard case 14, every archive in an archive, stored or compressed.
func TestNestedArchives(t *testing.T) {
	a := zipOf(pom("org.a", "a", "1"))
	b := zipOf(manifest("Implementation-Title: b", "Implementation-Version: 2", "Implementation-Vendor-Id: org.b"), class("B"))
	want := []string{
		"org.a:a 1 app.ear!/a.jar",
		"org.a:a 1 app.ear!/web.war!/WEB-INF/lib/a.jar",
		"org.b:b 2 ? app.ear!/web.war!/WEB-INF/lib/b.jar",
	}
	for _, deflate := range []bool{false, true} {
		web := zipOf(file{name: "WEB-INF/lib/a.jar", content: a, deflate: deflate}, file{name: "WEB-INF/lib/b.jar", content: b, deflate: deflate},
			file{name: "WEB-INF/lib/text.jar", content: "a text"}, file{name: "WEB-INF/lib/empty.jar"}, file{name: "WEB-INF/lib.jar/"})
		ear := zipOf(file{name: "a.jar", content: a, deflate: deflate}, file{name: "web.war", content: web, deflate: deflate})
		got := scan(t, "app.ear", ear)
		if diff := cmp.Diff(want, got.packages); diff != "" || got.gaps != nil {
			t.Errorf("deflate %v: %s %v", deflate, diff, got.gaps)
		}
		for _, memory := range []int64{0, int64(len(web)) + 10, int64(len(web) + len(a) - 1)} {
			if diff := cmp.Diff(visited(t, ear, defaultLimits()), visited(t, ear, inMemory(memory))); diff != "" {
				t.Errorf("deflate %v, with %d bytes of memory: %s", deflate, memory, diff)
			}
		}
	}
}

func TestUnidentifiedNestedJar(t *testing.T) {
	got := scan(t, "a.war", zipOf(file{name: "WEB-INF/lib/x.jar", content: zipOf(class("org/x/X"))}))
	if want := []string{record.UnidentifiedJar + " WEB-INF/lib/x.jar: neither a pom.properties file nor its manifest says which artifact it is"}; got.packages != nil || !cmp.Equal(want, got.gaps) {
		t.Error(got)
	}
}

func TestWants(t *testing.T) {
	for path, want := range map[string]rootfs.Want{
		"app.jar": rootfs.Costly, "a/b.WAR": rootfs.Costly, "a.ear": rootfs.Costly, "a.par": rootfs.Costly, "a.sar": rootfs.Costly,
		"a.jpi": rootfs.Costly, "a.hpi": rootfs.Costly, "a.kar": rootfs.Costly, "a.lpkg": rootfs.Costly,
		"a.zip": rootfs.Ignore, "jar": rootfs.Ignore, "a.jar/b": rootfs.Ignore, "a.jar.asc": rootfs.Ignore, "": rootfs.Ignore,
	} {
		if got := New().Wants(&rootfs.Entry{Path: path, Size: endSize}, nil); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if New().Wants(&rootfs.Entry{Path: "a.jar", Size: endSize - 1}, nil) != rootfs.Ignore {
		t.Error("wants what is too short for a zip")
	}
	if n := testing.AllocsPerRun(10, func() { New().Wants(&rootfs.Entry{Path: "usr/lib/a.so.1", Size: 1000}, nil) }); n > 0 {
		t.Errorf("%v allocations for each file of an image", n)
	}
}

func TestWhatIsNoArchive(t *testing.T) {
	for name, content := range map[string]string{
		"text": strings.Repeat("a text\n", 100), "placeholder": "version https://git-lfs.github.com/spec/v1\n",
	} {
		if data := visited(t, content, defaultLimits()); data != nil {
			t.Errorf("%s: %q", name, data)
		}
	}
}

// TestAFileThatCannotBeReadIsNotTakenForAnAnswer: what fails on this machine is no result.
func TestAFileThatCannotBeReadIsNotTakenForAnAnswer(t *testing.T) {
	content := zipOf(pom("org.a", "a", "1"), file{name: "b.jar", content: zipOf(pom("org.b", "b", "1")), deflate: true})
	for left := range 40 {
		f := fileOf(content)
		f.At = &failing{f.At, left}
		data, err := visit(t.Context(), f, defaultLimits())
		if errors.Is(err, errDisk) {
			continue
		}
		if err != nil || left == 0 {
			t.Fatalf("after %d reads: %v", left, err)
		}
		if diff := cmp.Diff(visited(t, content, defaultLimits()), data); diff != "" {
			t.Errorf("after %d reads: %s", left, diff)
		}
	}
	t.Run("nowhere to inflate to", func(t *testing.T) {
		t.Setenv("TMPDIR", t.TempDir()+"/missing")
		if _, err := visit(t.Context(), fileOf(content), inMemory(0)); err == nil || !strings.Contains(err.Error(), "TMPDIR") {
			t.Errorf("error %v, want one that says what to do", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := New().Visit(ctx, fileOf(content)); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

var errDisk = errors.New("the disk is gone")

// failing fails after some reads.
type failing struct {
	io.ReaderAt
	left int
}

func (f *failing) ReadAt(p []byte, offset int64) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errDisk
	}
	return f.ReaderAt.ReadAt(p, offset)
}

func TestAStreamIsRefused(t *testing.T) {
	if _, err := New().Visit(t.Context(), &rootfs.File{Entry: &rootfs.Entry{Size: 100}, Reader: strings.NewReader("")}); err == nil {
		t.Error("no error")
	}
}

func TestDamagedResultsAreReported(t *testing.T) {
	whole := visited(t, zipOf(manifest("Implementation-Title: a", "Implementation-Version: 1"), class("org/a/A")), defaultLimits())
	for n := range whole {
		f := record.NewFound(nil)
		New().Assemble([]record.File{{Path: "a.jar", Read: true, Data: whole[:n]}}, f)
		if len(f.Packages()) > 0 || len(f.Coverage().Gaps) != 1 {
			t.Errorf("%d of %d bytes: %v %v", n, len(whole), f.Packages(), f.Coverage().Gaps)
		}
	}
}
