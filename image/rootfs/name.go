package rootfs

import "strings"

// What Linux makes of a path: no runtime can create an entry beyond these (limits.h).
const (
	maxPath = 4096
	maxName = 255
)

const (
	whiteoutPrefix = ".wh."
	opaqueMark     = ".wh..wh..opq"
	// metadataPrefix begins the names of aufs' own files, which are no part of the image.
	metadataPrefix = ".wh..wh."
)

// cleanPath makes an entry's name a path below the root: no leading slash, no empty, "." or ".."
// components. A ".." that would leave the root stays there, as in chroot. escaped tells that
// one tried.
func cleanPath(name string) (path string, escaped bool) {
	trimmed := strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/") // what most writers add
	if isClean(trimmed) {
		return trimmed, false
	}
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case part == "" || part == ".":
		case part != "..":
			parts = append(parts, part)
		case len(parts) > 0:
			parts = parts[:len(parts)-1]
		default:
			escaped = true
		}
	}
	return strings.Join(parts, "/"), escaped
}

func isClean(name string) bool {
	start := 0
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '/' {
			continue
		}
		switch name[start:i] {
		case "", ".", "..":
			return false
		}
		start = i + 1
	}
	return true
}

// impossible says why no file system could hold path; empty if one could.
func impossible(path string) string {
	if len(path) >= maxPath {
		return "path of more than 4095 bytes"
	}
	if strings.IndexByte(path, 0) >= 0 {
		return "zero byte in the name"
	}
	start := 0
	for i := 0; i <= len(path); i++ {
		if i == len(path) || path[i] == '/' {
			if i-start > maxName {
				return "name of more than 255 bytes"
			}
			start = i + 1
		}
	}
	return ""
}

// mark tells what a clean path says about lower layers: a Whiteout or Opaque with the path it is
// about, or kind 0 for an ordinary entry. ignored is set for aufs metadata; why for a mark that
// means nothing.
func mark(path string) (target string, kind Kind, ignored bool, why string) {
	folder, base := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		folder, base = path[:i+1], path[i+1:]
	}
	if base == opaqueMark {
		return strings.TrimSuffix(folder, "/"), Opaque, false, ""
	}
	if strings.HasPrefix(path, metadataPrefix) || strings.Contains(path, "/"+metadataPrefix) {
		return "", 0, true, ""
	}
	if !strings.HasPrefix(base, whiteoutPrefix) {
		return path, 0, false, ""
	}
	switch gone := base[len(whiteoutPrefix):]; gone {
	case "", ".", "..":
		return "", 0, false, "whiteout of no file"
	default:
		return folder + gone, Whiteout, false, ""
	}
}
