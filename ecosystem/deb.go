package ecosystem

import "strings"

// The key of a Debian version is the epoch's number and the keys of the upstream version and of
// the revision (deb-version(7); dpkg, lib/dpkg/version.c, verrevcmp).
//
// dpkg reads each of the two as a run of characters that are no digits, a number, another run,
// another number, and so on, and compares run with run and number with number. Within a run a
// tilde is before everything, even the run's end; then come letters, then all else. So a run is
// its characters mapped to bytes in that order, and a byte for its end between them. A run
// without a number after it is followed by zero, which dpkg cannot tell from none: 1.a and 1.a0
// are equal, as are no revision and -0.
const (
	debTilde = 0x01
	// debEnd ends a run and also the list of runs. The two cannot be mixed up: no run but the
	// first is empty.
	debEnd = 0x02
	// debOther is set in whatever is neither tilde nor letter; letters stand for themselves.
	debOther = 0x80
)

// maxDebEpoch is dpkg's limit (lib/dpkg/parsehelp.c, parseversion: INT_MAX).
const maxDebEpoch = "2147483647"

// appendDebKey returns the key, or why there is none. It refuses what dpkg calls an error, and
// takes what dpkg only warns of (a version that does not start with a digit, an odd character),
// since a package database may hold it.
func appendDebKey(dst []byte, version string) (key []byte, reason string) {
	version = strings.Trim(version, " \t")
	for i := range len(version) {
		// dpkg refuses spaces. What it makes of bytes beyond ASCII depends on whether the
		// machine's char is signed.
		if version[i] <= ' ' || version[i] > '~' {
			return dst, "it holds a character that is not printable ASCII"
		}
	}
	epoch, rest, hasEpoch := strings.Cut(version, ":")
	if !hasEpoch {
		epoch, rest = "0", version
	}
	if digits, more := cutDigits(epoch); digits == "" || more != "" {
		return dst, "its epoch is not a number"
	}
	if epoch = strings.TrimLeft(epoch, "0"); len(epoch) > len(maxDebEpoch) || len(epoch) == len(maxDebEpoch) && epoch > maxDebEpoch {
		return dst, "its epoch is too big"
	}
	upstream, revision := rest, "0"
	if i := strings.LastIndexByte(rest, '-'); i >= 0 {
		upstream, revision = rest[:i], rest[i+1:]
	}
	switch {
	case upstream == "":
		return dst, "it is empty"
	case revision == "":
		return dst, "its revision is empty"
	}
	dst = appendNumber(dst, epoch)
	dst = appendDebPart(dst, upstream)
	return appendDebPart(dst, revision), ""
}

// appendDebPart appends the key of an upstream version or a revision.
func appendDebPart(dst []byte, part string) []byte {
	for {
		for part != "" && !isDigit(part[0]) {
			dst = append(dst, debByte(part[0]))
			part = part[1:]
		}
		var digits string
		digits, part = cutDigits(part)
		dst = appendNumber(append(dst, debEnd), digits)
		if part == "" {
			return append(dst, debEnd)
		}
	}
}

func debByte(c byte) byte {
	switch {
	case c == '~':
		return debTilde
	case isLetter(c):
		return c
	}
	return debOther | c
}
