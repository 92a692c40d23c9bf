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
