package ecosystem

import (
	"testing"

	"github.com/google/osv-scalibr/semantic"
)

// benchmarkPairs are ordinary versions whose difference stands near the end.
func benchmarkPairs() []struct {
	o               Ordering
	ecosystem, a, b string
} {
	return []struct {
		o               Ordering
		ecosystem, a, b string
	}{
		{Deb, "Debian", "1:9.2p1-2+deb12u2", "1:9.2p1-2+deb12u3"},
		{APK, "Alpine", "1.36.1_p20240101-r28", "1.36.1_p20240101-r29"},
		{Semver, "Go", "v0.0.0-20190308221718-c2843e01d9a2", "v0.0.0-20190308221719-c2843e01d9a2"},
		{RPM, "Red Hat", "1:3.0.7-18.el9_2", "1:3.0.7-27.el9_2"},
		{PyPI, "PyPI", "2.1.0rc1.post2.dev3+cu118", "2.1.0rc1.post2.dev4+cu118"},
		{Packagist, "Packagist", "v2.10.3.0-beta12", "v2.10.3.0-beta13"},
		{Hackage, "Hackage", "0.10.4.1", "0.10.4.2"},
		{CRAN, "CRAN", "1.2-3", "1.2-4"},
		{Maven, "Maven", "2.5.5.SP12-redhat-00009", "2.5.5.SP12-redhat-00010"},
		{NuGet, "NuGet", "8.0.0-preview.7.23375.6", "8.0.0-preview.7.23375.9"},
		{RubyGems, "RubyGems", "7.1.0.rc1", "7.1.0.rc2"},
		{Pub, "Pub", "0.11.3-dev.2", "0.11.3-dev.3"},
		{Julia, "Julia", "3.0.15-rc1", "3.0.15-rc2"},
		{Bitnami, "Bitnami", "11.4.12", "11.4.13"},
	}
}

// toolPairs are those of orderings that semantic does not know.
func toolPairs() []struct {
	o    Ordering
	a, b string
} {
	return []struct {
		o    Ordering
		a, b string
	}{
		{Opam, "2.0.0~beta3.1", "2.0.0~beta3.2"},
		{ALPM, "1:5.2.037-1", "1:5.2.037-2"},
		{FreeBSD, "10a1b2_1,2", "10a1b2_2,2"},
		{Conan, "1.1.1k-alpha.1+2", "1.1.1k-alpha.1+3"},
	}
}

// TestKeysDoNotAllocate holds for ordinary versions of every ordering.
func TestKeysDoNotAllocate(t *testing.T) {
	seen := map[Ordering]bool{}
	for _, pair := range benchmarkPairs() {
		seen[pair.o] = true
		expectNoAllocation(t, pair.o, pair.a, pair.b)
	}
	for _, pair := range toolPairs() {
		seen[pair.o] = true
		expectNoAllocation(t, pair.o, pair.a, pair.b)
	}
	for o := Unordered + 1; o <= LastOrdering; o++ {
		if !seen[o] {
			t.Errorf("no pair of ordering %s", o)
		}
	}
}

func expectNoAllocation(t *testing.T, o Ordering, a, b string) {
	t.Helper()
	if n := testing.AllocsPerRun(10, func() {
		if order, err := o.Compare(a, b); order != -1 || err != nil {
			t.Errorf("%s: Compare(%q, %q) = %d, %v", o, a, b, order, err)
		}
	}); n > 0 {
		t.Errorf("%s: Compare(%q, %q) allocates %v times", o, a, b, n)
	}
}

func BenchmarkAppendKey(b *testing.B) {
	for _, pair := range benchmarkPairs() {
		b.Run(pair.o.String(), func(b *testing.B) {
			b.ReportAllocs()
			dst := make([]byte, 0, ordinaryKeyLength)
			for b.Loop() {
				if _, err := pair.o.AppendKey(dst, pair.a); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompare(b *testing.B) {
	for _, pair := range benchmarkPairs() {
		b.Run(pair.o.String()+"/keys", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if order, err := pair.o.Compare(pair.a, pair.b); order != -1 || err != nil {
					b.Fatal(order, err)
				}
			}
		})
		b.Run(pair.o.String()+"/semantic", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if order, err := semantic.MustParse(pair.a, pair.ecosystem).CompareStr(pair.b); order != -1 || err != nil {
					b.Fatal(order, err)
				}
			}
		})
	}
}

func BenchmarkDebPURL(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		DebPURL("debian", "libstdc++6", "12.2.0-14+deb12u1", "amd64", "debian-12")
	}
}
