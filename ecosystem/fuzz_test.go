package ecosystem

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/google/osv-scalibr/semantic"
)

// keysOf returns the keys of two versions if both are accepted. On the way it holds that a key
// is the same appended to something, that it does not depend on what it is appended to, and that
// no key begins with another.
func keysOf(t *testing.T, o Ordering, a, b string) (keyA, keyB []byte, ok bool) {
	keyA, errA := o.AppendKey(nil, a)
	keyB, errB := o.AppendKey([]byte("before"), b)
	if errA != nil || errB != nil {
		return nil, nil, false
	}
	keyB, found := bytes.CutPrefix(keyB, []byte("before"))
	if !found {
		t.Fatalf("AppendKey(%q) changed what was there before", b)
	}
	if !bytes.Equal(keyA, keyB) && (bytes.HasPrefix(keyA, keyB) || bytes.HasPrefix(keyB, keyA)) {
		t.Fatalf("the keys of %q and %q, %x and %x, begin alike and differ in length only", a, b, keyA, keyB)
	}
	return keyA, keyB, true
}

// FuzzDeb: the order of the keys is that of deb-version(7) done pair by pair, and semantic's.
func FuzzDeb(f *testing.F) {
	for _, pair := range [][2]string{
		{"2:1.02.185-2", "2.03.16-2"}, {"1.0~rc1-1", "1.0-1"}, {"1.0", "1.0-0"}, {"1.a", "1.a0"}, {"~~a", "~"},
		{"5.2.15-2+b2", "5.2.15-2+b10"}, {"1:2:3", "1:2-3"}, {"99999999999999999999", "0018446744073709551616"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		keyA, keyB, ok := keysOf(t, Deb, a, b)
		if !ok {
			return
		}
		got := bytes.Compare(keyA, keyB)
		if want := refDeb(a, b); got != want {
			t.Fatalf("%q and %q: keys say %d, the reference %d", a, b, got, want)
		}
		parsed, err := semantic.ParseDebianVersion(a)
		if err != nil {
			return
		}
		if want, err := parsed.CompareStr(b); err == nil && got != want {
			t.Fatalf("%q and %q: keys say %d, semantic %d", a, b, got, want)
		}
	})
}

// FuzzAPK: what is accepted is exactly apk's grammar; the order of the keys is that of apk's
// walk, and semantic's where both versions are of one shape (it pads and guesses otherwise: see
// apkException).
func FuzzAPK(f *testing.F) {
	for _, pair := range [][2]string{
		{"3.3.2-r0", "3.3.10-r0"}, {"1.09_rc1-r2", "1.010_p3-r2"}, {"6.6.2p1-r0", "6.6.2_p1-r0"}, {"10.2.24.r0", "10.2.24-r0"},
		{"1.2.3~0af-r1", "1.2.3-r1"}, {"0.1_alpha_pre2", "0.1_alpha2_pre"}, {"1.0z", "1.0.0"},
	} {
		f.Add(pair[0], pair[1])
	}
	g := newAPKGrammar()
	known := regexp.MustCompile(`^\d+(\.\d+)*[a-z]?(_[a-z]+\d+)*(-r\d+)?$`)
	number, suffix := regexp.MustCompile(`\d+`), regexp.MustCompile(`_[a-z]+`)
	shape := func(version string) string {
		return number.ReplaceAllString(suffix.ReplaceAllString(version, "_"), "0")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, v := range []string{a, b} {
			if _, err := APK.AppendKey(nil, v); (err == nil) != (g.version.MatchString(v) && len(v) <= MaxVersionLength) {
				t.Fatalf("%q: error %v, but the grammar says %v", v, err, g.version.MatchString(v))
			}
		}
		keyA, keyB, ok := keysOf(t, APK, a, b)
		if !ok {
			return
		}
		got := bytes.Compare(keyA, keyB)
		if want := refAPK(g.parts(a), g.parts(b)); got != want {
			t.Fatalf("%q and %q: keys say %d, the reference %d", a, b, got, want)
		}
		if !known.MatchString(a) || shape(a) != shape(b) {
			return
		}
		parsed, err := semantic.ParseAlpineVersion(a)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := parsed.CompareStr(b); err != nil || got != want {
			t.Fatalf("%q and %q: keys say %d, semantic %d, %v", a, b, got, want, err)
		}
	})
}

// FuzzSemver: the order of the keys is x/mod's for what x/mod accepts, and semantic's but for
// identifiers such as -1, which the specification counts as words and semantic as numbers.
func FuzzSemver(f *testing.F) {
	for _, pair := range [][2]string{
		{"v0.0.0-20190308221718-c2843e01d9a2", "0.0.0-20200810223949-acde59a7b7c4+incompatible"}, {"1.0.0-alpha.1", "1.0.0-alpha.beta"},
		{"1.22", "1.22.0-0"}, {"go1.22rc1", "go1.22.3 X:boringcrypto"}, {"2.1-beta.5", "v2"}, {"1.0.0-a", "1.0.0-a-"}, {"1.0.0-01", "1.0.0-1"},
	} {
		f.Add(pair[0], pair[1])
	}
	negative := regexp.MustCompile(`[-.]-\d+([.+]|$)`)
	f.Fuzz(func(t *testing.T, a, b string) {
		keyA, keyB, ok := keysOf(t, Semver, a, b)
		if !ok || strings.HasPrefix(a, "go") || strings.HasPrefix(b, "go") {
			return
		}
		got := bytes.Compare(keyA, keyB)
		if want, known := reference(Semver)(a, b); known && got != want {
			t.Fatalf("%q and %q: keys say %d, x/mod %d", a, b, got, want)
		}
		if negative.MatchString(a) || negative.MatchString(b) {
			return
		}
		if want, err := semantic.ParseSemverVersion(a).CompareStr(b); err != nil || got != want {
			t.Fatalf("%q and %q: keys say %d, semantic %d, %v", a, b, got, want, err)
		}
	})
}
