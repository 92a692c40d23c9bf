package image

import (
	"fmt"
	"slices"
	"strings"
)

// NameError reports that a medium holds no image of the wanted name.
type NameError struct {
	Where string // the medium, such as "image layout DIR"
	Want  string
	Have  []string
}

func (e *NameError) Error() string {
	return fmt.Sprintf("%s holds no image %.200q, only %s: name one of them", e.Where, e.Want, JoinNames(e.Have))
}

// maxNamed is how many names or platforms an error lists.
const maxNamed = 24

// JoinNames lists names for an error: each once, quoted, and not more than a person would read.
func JoinNames(names []string) string {
	var quoted []string
	for _, name := range names {
		if q := fmt.Sprintf("%.200q", name); !slices.Contains(quoted, q) {
			quoted = append(quoted, q)
		}
		if len(quoted) == maxNamed {
			return strings.Join(quoted, ", ") + " and others"
		}
	}
	return strings.Join(quoted, ", ")
}

// IsName tells whether an image that a medium calls name is what a person means by want: the same
// name, or what is left of it without Docker's defaults (registry docker.io, folder library, tag
// latest), or its tag alone.
func IsName(name, want string) bool {
	repository := RepositoryOf(name)
	if name == "" || want == "" {
		return false
	}
	if !strings.ContainsAny(want, ":/") && strings.TrimPrefix(name, repository) == ":"+want {
		return true
	}
	familiar := strings.TrimPrefix(strings.TrimPrefix(name, "docker.io/"), "library/")
	for _, same := range [...]string{name, familiar} {
		if same == want || same == want+":latest" {
			return true
		}
	}
	return false
}

// RepositoryOf returns a name without its tag and digest, as archives and layouts carry it:
// "registry.example/app" for "registry.example/app:1.2". It is empty for what is no image name:
// an archive's maker may have written anything.
func RepositoryOf(name string) string {
	name, _, _ = strings.Cut(name, "@")
	// A colon before the last slash belongs to a port (distribution, reference grammar).
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name = name[:colon]
	}
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:"
	if len(name) > 255 || strings.Trim(name, allowed) != "" {
		return ""
	}
	return name
}

// TagOf returns the tag in a name, empty if it has none.
func TagOf(name string) string {
	name, _, _ = strings.Cut(name, "@")
	_, tag, _ := strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ":")
	return tag
}
