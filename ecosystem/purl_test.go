package ecosystem

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/package-url/packageurl-go"
)

func TestBuiltPURLs(t *testing.T) {
	cases := []struct{ name, got, want string }{
		{"apk", APKPURL("alpine", "libssl3", "3.3.2-r0", "x86_64", "alpine-3.20.3"),
			"pkg:apk/alpine/libssl3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3"},
		{"a colon is not escaped", DebPURL("debian", "dmsetup", "2:1.02.185-2", "amd64", "debian-12"),
			"pkg:deb/debian/dmsetup@2:1.02.185-2?arch=amd64&distro=debian-12"},
		{"a plus is, a tilde is not", DebPURL("debian", "libstdc++6", "12.2.0-14+deb12u1~x", "amd64", "debian-12"),
			"pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1~x?arch=amd64&distro=debian-12"},
		{"neither architecture nor distribution", DebPURL("debian", "tzdata", "2024a-0+deb12u1", "", ""),
			"pkg:deb/debian/tzdata@2024a-0%2Bdeb12u1"},
		{"deb and apk are in lower case", APKPURL("Alpine", "libSvtAv1Enc", "2.1.0-r0", "x86_64", ""),
			"pkg:apk/alpine/libsvtav1enc@2.1.0-r0?arch=x86_64"},
		{"no distribution at all", DebPURL("", "bash", "5.2-2", "", ""), "pkg:deb/bash@5.2-2"},
		{"golang", GolangPURL("golang.org/x/net", "v0.7.0"), "pkg:golang/golang.org/x/net@v0.7.0"},
		{"golang keeps its case", GolangPURL("github.com/BurntSushi/toml", "v1.3.2"), "pkg:golang/github.com/BurntSushi/toml@v1.3.2"},
		{"a major version suffix is the name", GolangPURL("github.com/jackc/pgx/v5", "v5.5.0"), "pkg:golang/github.com/jackc/pgx/v5@v5.5.0"},
		{"a module without a slash", GolangPURL("stdlib", "1.22.3"), "pkg:golang/stdlib@1.22.3"},
		{"incompatible", GolangPURL("github.com/docker/docker", "v24.0.7+incompatible"), "pkg:golang/github.com/docker/docker@v24.0.7%2Bincompatible"},
		{"no version", GolangPURL("example.com/app", ""), "pkg:golang/example.com/app"},
		{"maven keeps its case", MavenPURL("xerces", "xercesImpl", "2.12.0"), "pkg:maven/xerces/xercesImpl@2.12.0"},
		{"maven without a group", MavenPURL("", "java-app", "1.0"), "pkg:maven/java-app@1.0"},
		{"npm", NPMPURL("lodash", "4.17.21"), "pkg:npm/lodash@4.17.21"},
		{"hard case 28: npm scope", NPMPURL("@babel/core", "7.24.0"), "pkg:npm/%40babel/core@7.24.0"},
		{"npm keeps its case", NPMPURL("JSONStream", "1.0.0-RC"), "pkg:npm/JSONStream@1.0.0-RC"},
		{"hard case 28: pypi", PyPIPURL("Zope._-.Interface", "5.0rc1+local"), "pkg:pypi/zope-interface@5.0rc1%2Blocal"},
		{"pypi name that ends in dots", NormalName("PyPI", "_A.."), "-a-"},
		{"conda", CondaPURL("numpy", "1.20.3", "linux-64"), "pkg:conda/numpy@1.20.3?subdir=linux-64"},
		{"generic", GenericPURL("nginx", "1.22.1"), "pkg:generic/nginx@1.22.1"},
		{"generic without a version", GenericPURL("busybox", ""), "pkg:generic/busybox"},
		{"a hostile name cannot add parts", APKPURL("alpine", "a@1?x=y#z/../%", "1", "", ""), "pkg:apk/alpine/a%401%3Fx%3Dy%23z%2F..%2F%25@1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("got  %s\nwant %s", c.got, c.want)
			}
		})
	}
}

func TestPURLIsCutIntoParts(t *testing.T) {
	cases := []struct {
		name, purl string
		want       PURL
		canonical  string
	}{
		{"deb", "pkg:deb/debian/dmsetup@2:1.02.185-2?arch=amd64&distro=debian-12",
			PURL{Type: "deb", Namespace: "debian", Name: "dmsetup", Version: "2:1.02.185-2", Qualifiers: []Qualifier{{"arch", "amd64"}, {"distro", "debian-12"}}},
			"pkg:deb/debian/dmsetup@2:1.02.185-2?arch=amd64&distro=debian-12"},
		{"escaped colon and plus", "pkg:deb/debian/attr@1%3A2.4.47-2%2Bb1",
			PURL{Type: "deb", Namespace: "debian", Name: "attr", Version: "1:2.4.47-2+b1"},
			"pkg:deb/debian/attr@1:2.4.47-2%2Bb1"},
		{"slashes after the scheme, upper case, unsorted", "PKG://DEB/Debian/Attr?distro=debian-12&ARCH=all&empty=",
			PURL{Type: "deb", Namespace: "debian", Name: "attr", Qualifiers: []Qualifier{{"arch", "all"}, {"distro", "debian-12"}}},
			"pkg:deb/debian/attr?arch=all&distro=debian-12"},
		{"golang keeps its case", "pkg:golang/github.com/BurntSushi/toml@v1.3.2#cmd/tomlv",
			PURL{Type: "golang", Namespace: "github.com/BurntSushi", Name: "toml", Version: "v1.3.2", Subpath: "cmd/tomlv"},
			"pkg:golang/github.com/BurntSushi/toml@v1.3.2#cmd/tomlv"},
		{"dots in a subpath are left out", "pkg:golang/example.com/a#./b/../c", PURL{Type: "golang", Namespace: "example.com", Name: "a", Subpath: "b/c"},
			"pkg:golang/example.com/a#b/c"},
		{"npm scope, escaped", "pkg:npm/%40babel/core@7.24.0",
			PURL{Type: "npm", Namespace: "@babel", Name: "core", Version: "7.24.0"}, "pkg:npm/%40babel/core@7.24.0"},
		{"npm scope, not escaped", "pkg:npm/@babel/core",
			PURL{Type: "npm", Namespace: "@babel", Name: "core"}, "pkg:npm/%40babel/core"},
		{"no namespace", "pkg:golang/stdlib@1.22.3", PURL{Type: "golang", Name: "stdlib", Version: "1.22.3"}, "pkg:golang/stdlib@1.22.3"},
		{"a slash in a qualifier", "pkg:oci/app?repository_url=registry.example/team/app",
			PURL{Type: "oci", Name: "app", Qualifiers: []Qualifier{{"repository_url", "registry.example/team/app"}}},
			"pkg:oci/app?repository_url=registry.example%2Fteam%2Fapp"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParsePURL(c.purl)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
			if got.String() != c.canonical {
				t.Errorf("String() = %s, want %s", got, c.canonical)
			}
		})
	}
}

func TestQualifier(t *testing.T) {
	p, err := ParsePURL("pkg:apk/alpine/zlib@1.3.1-r1?arch=x86_64&distro=alpine-3.20.3")
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"arch": "x86_64", "distro": "alpine-3.20.3", "epoch": ""} {
		if got := p.Qualifier(key); got != want {
			t.Errorf("Qualifier(%q) = %q, want %q", key, got, want)
		}
	}
}

func TestPURLRefuses(t *testing.T) {
	for name, purl := range map[string]string{
		"nothing":                       "",
		"no scheme":                     "deb/debian/bash",
		"another scheme":                "http://example.com/a",
		"no type":                       "pkg:bash",
		"type begins with a digit":      "pkg:7z/a/b",
		"type with an odd character":    "pkg:d_b/a/b",
		"no name":                       "pkg:deb/",
		"version without a name":        "pkg:deb/debian/@1.0",
		"broken escape in name":         "pkg:deb/debian/a%2",
		"broken escape in version":      "pkg:deb/debian/a@%zz",
		"broken escape in qualifier":    "pkg:deb/debian/a?arch=%",
		"odd qualifier key":             "pkg:deb/debian/a?a%20b=c",
		"qualifier key from a digit on": "pkg:deb/debian/a?1a=c",
		"qualifier twice":               "pkg:deb/debian/a?arch=a&ARCH=b",
		"escaped slash in a namespace":  "pkg:golang/github.com%2Fowner/name",
	} {
		t.Run(name, func(t *testing.T) {
			if p, err := ParsePURL(purl); err == nil {
				t.Errorf("ParsePURL(%q) = %+v, want an error", purl, p)
			} else if !strings.Contains(err.Error(), "want pkg:TYPE") {
				t.Errorf("error %q does not say what is wanted", err)
			}
		})
	}
}

// What is built here, packageurl-go would write the same, but for the case of golang.
func TestPURLsAreThoseOfPackageURLGo(t *testing.T) {
	odd := "aZ09-._~:/@?#%+ &=!$'()*,;[]é\x00"
	for _, p := range []PURL{
		{Type: "deb", Namespace: "debian", Name: odd, Version: odd, Qualifiers: []Qualifier{{"arch", odd}, {"distro", odd}}},
		{Type: "apk", Namespace: "alpine", Name: "a", Version: "1", Subpath: "x/" + strings.ReplaceAll(odd, "/", "")},
		{Type: "golang", Namespace: "github.com/Owner/Name", Name: "v2", Version: "v2.0.0+incompatible"},
		{Type: "golang", Name: "stdlib"},
	} {
		var qualifiers packageurl.Qualifiers
		for _, q := range p.Qualifiers {
			qualifiers = append(qualifiers, packageurl.Qualifier{Key: q.Key, Value: q.Value})
		}
		want := packageurl.NewPackageURL(p.Type, p.Namespace, p.Name, p.Version, qualifiers, p.Subpath).ToString()
		if got := p.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// FuzzParsePURL: a purl that is read is, written canonically, read as the same PURL; and
// packageurl-go reads the canonical form as the same parts, but for the case of golang.
func FuzzParsePURL(f *testing.F) {
	for _, seed := range []string{
		"pkg:deb/debian/dmsetup@2:1.02.185-2%2Bb1?arch=amd64&distro=debian-12",
		"pkg:golang/github.com/BurntSushi/toml@v1.3.2#cmd/tomlv", "pkg:npm/@babel/core@7", "pkg://APK//alpine//a@b@c?x=&y=1#/s/",
		"pkg:apk/alpine/a%2Fb@%40",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, purl string) {
		p, err := ParsePURL(purl)
		if err != nil {
			return
		}
		canonical := p.String()
		again, err := ParsePURL(canonical)
		if err != nil {
			t.Fatalf("%q became %q, which is refused: %v", purl, canonical, err)
		}
		if d := cmp.Diff(p, again); d != "" {
			t.Fatalf("%q became %q, which is another:\n%s", purl, canonical, d)
		}
		if p.Type != "deb" && p.Type != "apk" && p.Type != "golang" {
			return // other types have rules that packageurl-go applies and ParsePURL leaves alone
		}
		other, err := packageurl.FromString(canonical)
		if err != nil {
			t.Fatalf("packageurl-go refuses %q: %v", canonical, err)
		}
		if other.Name != strings.ToLower(p.Name) || other.Namespace != strings.ToLower(p.Namespace) || other.Version != p.Version || len(other.Qualifiers) != len(p.Qualifiers) {
			t.Fatalf("packageurl-go reads %q as %+v, ParsePURL as %+v", canonical, other, p)
		}
	})
}
