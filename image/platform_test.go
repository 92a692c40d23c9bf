package image_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/image"
)

func platform(t testing.TB, text string) image.Platform {
	t.Helper()
	p, err := image.ParsePlatform(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParsePlatform(t *testing.T) {
	for _, text := range []string{"linux/amd64", "linux/arm64/v8", "windows/amd64", "linux/riscv64"} {
		if p := platform(t, text); p.String() != text {
			t.Errorf("%q became %q", text, p)
		}
	}
	for _, text := range []string{"", "linux", "linux/", "/amd64", "a/b/c/d", "Linux/amd64", "linux/amd 64", "linux/\x1b[31m"} {
		if p, err := image.ParsePlatform(text); err == nil {
			t.Errorf("%q became %q", text, p)
		}
	}
}

func TestPlatformRuns(t *testing.T) {
	for _, c := range []struct {
		image, want string
		runs        bool
	}{
		{"linux/amd64", "linux/amd64", true},
		{"linux/arm64/v8", "linux/arm64", true},
		{"linux/arm64", "linux/arm64/v8", true},
		{"linux/amd64/v1", "linux/amd64", true},
		{"linux/arm/v6", "linux/arm", true},
		{"linux/arm/v6", "linux/arm/v7", false},
		{"linux/arm", "linux/arm/v7", false},
		{"linux/amd64/v3", "linux/amd64/v1", true}, // v1 is the default variant: it names none
		{"windows/amd64", "linux/amd64", false},
		{"linux/386", "linux/amd64", false},
	} {
		if got := platform(t, c.image).Runs(platform(t, c.want)); got != c.runs {
			t.Errorf("%s for %s: %v", c.image, c.want, got)
		}
	}
}

func TestChoosePlatform(t *testing.T) {
	for _, c := range []struct {
		name  string
		have  string // platforms, in order; "-" for none stated
		want  string
		index int // -1 for no match
	}{
		{"the only one", "linux/amd64", "linux/amd64", 0},
		{"among others", "linux/arm64 linux/amd64 linux/s390x", "linux/amd64", 1},
		{"exact before a variant", "linux/amd64/v3 linux/amd64", "linux/amd64", 1},
		{"a variant, if there is nothing else", "linux/arm64 linux/amd64/v3", "linux/amd64", 1},
		{"the first of equals, as with Windows versions", "windows/amd64 windows/amd64", "windows/amd64", 0},
		{"32-bit ARM without variant is v7", "linux/arm/v5 linux/arm/v6 linux/arm/v7", "linux/arm", 2},
		{"32-bit ARM without variant and v7", "linux/arm/v5 linux/arm/v6", "linux/arm", 0},
		{"the named variant", "linux/arm/v5 linux/arm/v6 linux/arm/v7", "linux/arm/v6", 1},
		{"attestations are no images", "unknown/unknown linux/amd64", "linux/amd64", 1},
		{"attestations, even if asked for", "unknown/unknown linux/amd64", "unknown/unknown", -1},
		{"none stated", "-", "linux/amd64", -1},
		{"no match", "linux/arm64 unknown/unknown linux/s390x", "linux/amd64", -1},
		{"nothing there", "", "linux/amd64", -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var candidates []image.Descriptor
			for i, text := range strings.Fields(c.have) {
				d := image.Descriptor{Size: int64(i)}
				if text != "-" {
					p := platform(t, text)
					d.Platform = &p
				}
				candidates = append(candidates, d)
			}
			got, err := image.ChoosePlatform("app:1", candidates, platform(t, c.want))
			if c.index < 0 {
				var missing *image.PlatformError
				if !errors.As(err, &missing) || strings.Contains(fmt.Sprint(missing.Have), "unknown") || !strings.Contains(err.Error(), "--platform") {
					t.Fatalf("chose %v, error %v", got, err)
				}
				return
			}
			if err != nil || got.Size != int64(c.index) {
				t.Errorf("chose %d, %v; want %d", got.Size, err, c.index)
			}
		})
	}
}

func TestAnAttestationMarkedByAnnotationIsNoImage(t *testing.T) {
	p := platform(t, "linux/amd64")
	marked := image.Descriptor{Platform: &p, Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest"}}
	if got, err := image.ChoosePlatform("app:1", []image.Descriptor{marked}, p); err == nil {
		t.Errorf("chose %v", got)
	}
}
