package ecosystem

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// comparison is one line of a table: versions and what stands between them.
type comparison struct {
	name string
	a    string
	want string // "<" or "="
	b    string
}

// check holds the table against the ordering, in both directions.
func check(t *testing.T, o Ordering, table []comparison) {
	t.Helper()
	for _, c := range table {
		t.Run(c.name, func(t *testing.T) {
			want := map[string]int{"<": -1, "=": 0}[c.want]
			if got, err := o.Compare(c.a, c.b); err != nil || got != want {
				t.Errorf("Compare(%q, %q) = %d, %v; want %q", c.a, c.b, got, err, c.want)
			}
			if got, err := o.Compare(c.b, c.a); err != nil || got != -want {
				t.Errorf("Compare(%q, %q) = %d, %v; want %d", c.b, c.a, got, err, -want)
			}
		})
	}
}

// checkRefused holds that the ordering refuses each version, and says so in a *VersionError.
func checkRefused(t *testing.T, o Ordering, versions map[string]string) {
	t.Helper()
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			dst := []byte("before")
			key, err := o.AppendKey(dst, version)
			var refused *VersionError
			if !errors.As(err, &refused) || refused.Version != version || refused.Ordering != o {
				t.Fatalf("AppendKey(%q) error = %v, want a *VersionError about it", version, err)
			}
			if string(key) != "before" {
				t.Errorf("AppendKey(%q) = %q, want what was there before", version, key)
			}
		})
	}
}

func TestUnorderedHasNoKeys(t *testing.T) {
	checkRefused(t, Unordered, map[string]string{"any version": "1.0"})
	checkRefused(t, Ordering(200), map[string]string{"not an ordering": "1.0"})
}

func TestVersionsBeyondTheLengthAreRefused(t *testing.T) {
	for _, o := range []Ordering{Deb, APK, Semver, RPM, PyPI, Hackage, CRAN, Maven, RubyGems, Julia, Bitnami, Opam, Conan} {
		longest := strings.Repeat("1", MaxVersionLength)
		if _, err := o.AppendKey(nil, longest); err != nil {
			t.Errorf("%s refuses %d bytes: %v", o, MaxVersionLength, err)
		}
		checkRefused(t, o, map[string]string{"one byte more": longest + "1"})
	}
}

func TestOrderingString(t *testing.T) {
	for o, want := range map[Ordering]string{Unordered: "unordered", Deb: "deb", APK: "apk", Semver: "semver", RPM: "rpm", PyPI: "pypi", 200: "ordering 200"} {
		if got := o.String(); got != want {
			t.Errorf("Ordering(%d).String() = %q, want %q", uint8(o), got, want)
		}
	}
}

func TestNumbersKeepTheirOrder(t *testing.T) {
	ascending := []string{
		"", "1", "9", "10", "237", "238", "239", "240", "255", "256", "65535", "65536", "16777215", "16777216",
		"20240101", "4294967295", "4294967296", "1099511627776", "20240101120000", "281474976710656", "72057594037927936",
		"999999999999999999", "9999999999999999999", "10000000000000000000", "18446744073709551615", "18446744073709551616",
		"99999999999999999999", "100000000000000000000", strings.Repeat("9", 300), "1" + strings.Repeat("0", 300),
	}
	var previous []byte
	for _, digits := range ascending {
		key := appendNumber(nil, digits)
		if bytes.Compare(previous, key) >= 0 {
			t.Errorf("key of %s is %x, not after %x", digits, key, previous)
		}
		if zeros := appendNumber(nil, "000"+digits); !bytes.Equal(zeros, key) {
			t.Errorf("key of 000%s is %x, want %x", digits, zeros, key)
		}
		previous = key
	}
}

func TestNumberKeysArePrefixFree(t *testing.T) {
	var keys [][]byte
	for n := range 70000 {
		keys = append(keys, appendNumber(nil, fmt.Sprint(n)))
	}
	slices.SortFunc(keys, bytes.Compare)
	for i := 1; i < len(keys); i++ {
		if bytes.HasPrefix(keys[i], keys[i-1]) {
			t.Fatalf("%x begins with %x", keys[i], keys[i-1])
		}
	}
}

func TestKeysAreMadeWithoutAllocation(t *testing.T) {
	cases := []struct {
		o    Ordering
		a, b string
	}{
		{Deb, "2:1.02.185-2+deb12u1~bpo11+1", "1:9.2p1-2+deb12u3"},
		{Deb, "0.8.20210921~git20220101.a1b2c3d-1ubuntu0.22.04.1~esm2", "4.19.0+dfsg1-1"},
		{APK, "0.99.4.20240101_pre20191002222144_p12-r10", "6.6.2p1-r3"},
		{Semver, "v0.0.0-20200810223949-acde59a7b7c4+incompatible", "go1.22rc1"},
	}
	for _, c := range cases {
		dst := make([]byte, 0, ordinaryKeyLength)
		if n := testing.AllocsPerRun(100, func() { _, _ = c.o.AppendKey(dst, c.a) }); n != 0 {
			t.Errorf("%s: AppendKey(%q) allocates %v times", c.o, c.a, n)
		}
		if n := testing.AllocsPerRun(100, func() { _, _ = c.o.Compare(c.a, c.b) }); n != 0 {
			t.Errorf("%s: Compare(%q, %q) allocates %v times", c.o, c.a, c.b, n)
		}
	}
}
