package image

import (
	"fmt"
	"runtime"
	"strings"
)

// Platform is what an image runs on: OS, architecture and, for some architectures, a variant.
type Platform struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant,omitempty"`
}

// DefaultPlatform is linux on the host's architecture, also on other systems: containers run
// Linux, wherever the scan runs.
func DefaultPlatform() Platform {
	p := Platform{OS: "linux", Architecture: runtime.GOARCH}
	return p.normal()
}

// ParsePlatform reads "os/architecture" or "os/architecture/variant".
func ParsePlatform(s string) (Platform, error) {
	parts := strings.Split(s, "/")
	if len(parts) < 2 || len(parts) > 3 {
		return Platform{}, fmt.Errorf("platform %.80q: want OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, such as linux/arm64", s)
	}
	for _, part := range parts {
		if part == "" || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" {
			return Platform{}, fmt.Errorf("platform %.80q: want lower-case words, such as linux/arm64", s)
		}
	}
	p := Platform{OS: parts[0], Architecture: parts[1]}
	if len(parts) == 3 {
		p.Variant = parts[2]
	}
	return p, nil
}

// String returns "os/architecture[/variant]", "" for the zero Platform.
func (p Platform) String() string {
	if p == (Platform{}) {
		return ""
	}
	s := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	return s
}

// Runs tells whether an image for platform p is what a request for want means. A request that
// names no variant takes any.
func (p Platform) Runs(want Platform) bool {
	p, want = p.normal(), want.normal()
	return p.OS == want.OS && p.Architecture == want.Architecture && (want.Variant == "" || p.Variant == want.Variant)
}

// normal spells out the variants that image-spec's registry calls the default ones, so that
// linux/arm64 and linux/arm64/v8 are one platform.
func (p Platform) normal() Platform {
	switch {
	case p.Architecture == "arm64" && p.Variant == "v8":
		p.Variant = ""
	case p.Architecture == "amd64" && p.Variant == "v1":
		p.Variant = ""
	}
	return p
}

func joinPlatforms(platforms []Platform) string {
	if len(platforms) == 0 {
		return "no platform at all"
	}
	names := make([]string, len(platforms))
	for i, p := range platforms {
		names[i] = p.String()
	}
	return strings.Join(names, ", ")
}
