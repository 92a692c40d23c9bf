package image_test

import (
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/image"
)

func TestRepositoryOf(t *testing.T) {
	for name, want := range map[string]string{
		"alpine:3.20":                      "alpine",
		"alpine":                           "alpine",
		"registry.example:5000/app":        "registry.example:5000/app",
		"registry.example:5000/app:1.2":    "registry.example:5000/app",
		"registry.example/app@sha256:abcd": "registry.example/app",
		"registry.example/app:1@sha256:ab": "registry.example/app",
		"":                                 "",
		"no name at all":                   "",
		"app\x1b[31m:1":                    "",
		strings.Repeat("a", 256) + ":1":    "",
	} {
		if got := image.RepositoryOf(name); got != want {
			t.Errorf("RepositoryOf(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestIsName(t *testing.T) {
	for _, c := range []struct {
		name, want string
		is         bool
	}{
		{"registry.example/app:1.2", "registry.example/app:1.2", true},
		{"registry.example/app:1.2", "1.2", true},
		{"registry.example/app:1.2", "app:1.2", false},
		{"registry.example/app:1.2", "2", false},
		{"docker.io/library/alpine:3.20", "alpine:3.20", true},
		{"docker.io/bitnami/redis:7", "bitnami/redis:7", true},
		{"alpine:latest", "alpine", true},
		{"alpine:3.20", "alpine", false},
		{"registry.example:5000/app", "5000/app", false},
		{"", "", false},
		{"alpine:3.20", "", false},
	} {
		if got := image.IsName(c.name, c.want); got != c.is {
			t.Errorf("IsName(%q, %q) = %v", c.name, c.want, got)
		}
	}
}

func TestJoinNamesIsShortAndQuoted(t *testing.T) {
	if got := image.JoinNames([]string{"a", "b\x1b[2J", "a"}); got != `"a", "b\x1b[2J"` {
		t.Errorf("got %s", got)
	}
	var many []string
	for range 100_000 {
		many = append(many, strings.Repeat("n", len(many)%500))
	}
	if got := image.JoinNames(many); len(got) > 8000 || !strings.HasSuffix(got, "and others") {
		t.Errorf("%d bytes, ending %q", len(got), got[len(got)-20:])
	}
}
