package ecosystem

import (
	"bytes"
	"testing"

	"github.com/google/osv-scalibr/semantic"
)

// fuzzOrdering holds that the order of keys is the reference's if there is one, and semantic's if
// it knows the ecosystem, but for its known deviations; that equal versions have equal keys is a
// part of both. Antisymmetry and transitivity hold by construction, and keysOf holds that no key
// begins with another.
func fuzzOrdering(f *testing.F, o Ordering, ecosystem string, pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		f.Add(pairs[i], pairs[i+1])
	}
	compare := reference(o)
	list := deviations(ecosystem)
	f.Fuzz(func(t *testing.T, a, b string) {
		keyA, keyB, ok := keysOf(t, o, a, b)
		if !ok {
			return
		}
		got := bytes.Compare(keyA, keyB)
		if want, known := compare(a, b); known && got != want {
			t.Fatalf("%q and %q: keys say %d, the reference %d", a, b, got, want)
		}
		for _, d := range list {
			if d.of(a, b) {
				return
			}
		}
		parsed, err := semantic.Parse(a, ecosystem)
		if err != nil {
			return
		}
		if want, err := parsed.CompareStr(b); err == nil && got != want {
			t.Fatalf("%q and %q: keys say %d, semantic %d", a, b, got, want)
		}
	})
}

func FuzzRPM(f *testing.F) {
	fuzzOrdering(f, RPM, "Red Hat", "1:2.02-162.el8_10", "2.02-162.el8", "1.0~rc1^git1", "1.0^git1~pre", "a:1-1", ":1-1", "2_0-1", "2.0-1~b", "1.0-", "1.0")
}

func FuzzPyPI(f *testing.F) {
	fuzzOrdering(f, PyPI, "PyPI", "1!1.0a1.post2.dev3+ubuntu.1", "v1.0-1", "1.0.0", "1", "2004d", "1.0.0-alpha.x", "1.pre-", "1rev1", "1.0c", "1.0+1.a")
}

func FuzzPackagist(f *testing.F) {
	fuzzOrdering(f, Packagist, "Packagist", "v1.0.0.0-beta2", "1.0", "1.x-dev", "20100102-p1", "2010-01-02", "1.0.0.0-dev", "1.0.0.0-RC1", "1.0.0.0-alpha", "1.0-stable2-dev", "1.0@a")
}

func FuzzHackage(f *testing.F) {
	fuzzOrdering(f, Hackage, "Hackage", "1.2.3", "1.2", "0.100000000000000000000", "00.01", "1", "1.0")
}

func FuzzCRAN(f *testing.F) {
	fuzzOrdering(f, CRAN, "CRAN", "1.2-3", "1.2.3.0", "2023.02-1", "2023.2", "0.0.0.9000", "1")
}

func FuzzMaven(f *testing.F) {
	fuzzOrdering(f, Maven, "Maven", "1.0.0.RC1", "1-rc-2", "1.0-SNAPSHOT", "1.0.0.Final", "4.1.108.Final", "2.5.5.SP12-redhat-00009", "1.ga.x", "1-ga1", "1.0-0-1", "1--a", "1.x.1", "1-x.1")
}

func FuzzNuGet(f *testing.F) {
	fuzzOrdering(f, NuGet, "NuGet", "1.0.0.1-RC.1+x", "1", "1.0.0--5", "1.0.0-2147483648", "1.0-a.01", "1.0-A.1", "01.0", "1.0.0-a-b")
}

func FuzzRubyGems(f *testing.F) {
	fuzzOrdering(f, RubyGems, "RubyGems", "1.0.rc1", "1.0.0.rc.1", "1.a.0.b", "1.a.b", "1.16.0-x86_64-linux", "1.0-beta.1", "1.0.0.1", "1.00", "1.Z", "1.a.0.1")
}

func FuzzPub(f *testing.F) {
	fuzzOrdering(f, Pub, "Pub", "0.1.14+1", "0.1.14", "1.0.0-dev.1+2", "1.0.0-dev.10", "1.0.0-a-", "01.2.3")
}

func FuzzJulia(f *testing.F) {
	fuzzOrdering(f, Julia, "Julia", "3.0.15+1", "v3.0.15", "1.0.0-", "1.0.0+", "1.0rc1", "1.0.0-rc1", "1", "1.0-0.a")
}

func FuzzBitnami(f *testing.F) {
	fuzzOrdering(f, Bitnami, "Bitnami", "1.2.3-4", "1.2.3", "9.0.35-3.57.3", "2.4.46-10.el8", "1.2+a", "1.2.0")
}

func FuzzOpam(f *testing.F) {
	fuzzOrdering(f, Opam, "", "2.0.0~beta3.1", "2.0.0", "3.07+1", "2.5.2-1", "1:0", "v0.9", "1-", "1-0")
}

func FuzzALPM(f *testing.F) {
	fuzzOrdering(f, ALPM, "", "1:1.0rc1-1", "1.0.a-1.1", "1..0-1", "1.0-1", "r10.abc-1", "1a-1", ":1-1", "0-1")
}

func FuzzFreeBSD(f *testing.F) {
	fuzzOrdering(f, FreeBSD, "", "10a1b2_1,2", "10a1.b2", "0.1beta2", "1.pl11", "2.*", "2.9f7", "1.0+2003.09.16", "1.0.a", "1.0.0.1", "1+*+")
}

func FuzzConan(f *testing.F) {
	fuzzOrdering(f, Conan, "", "1.1.1k", "1.1.1", "cci.20200203", "9e", "1.0-alpha.1+2", "1.0.0", "1.-", "1..a", "+", "10")
}
