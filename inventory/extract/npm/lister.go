package npm

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// maxListed bounds the packages of one lock file. Those of big monorepos list some 5,000.
const maxListed = 200_000

// errTooMany reports a lock file that lists more.
var errTooMany = fmt.Errorf("it lists more than %d packages", maxListed)

// lister collects the packages of one lock file.
type lister struct {
	contents    record.Contents
	malformed   record.Tally
	unversioned int
	first       string // that has no version
}

// add adds a package. What stands for a version and is none (a repository, an archive's address)
// says nothing about what the package is: it is listed without one.
func (l *lister) add(name, version string, licenses []string) {
	if strings.ContainsAny(version, ":/") {
		version = ""
	}
	switch {
	case len(l.contents.Packages) > maxListed:
		return
	case !record.IsWord([]byte(name)):
		l.malformed.Add("%.80q is no package's name", name)
		return
	case version != "" && !record.IsWord([]byte(version)):
		l.malformed.Add("the version of %.80s is not a word", name)
		return
	case version == "":
		if l.unversioned++; l.first == "" {
			l.first = name
		}
	}
	l.contents.Packages = append(l.contents.Packages, record.Package{Name: name, Version: version, Licenses: licenses})
}

// end returns what was collected, with the parser's own error.
func (l *lister) end(err error) (record.Contents, error) {
	if len(l.contents.Packages) > maxListed {
		err = errors.Join(err, errTooMany)
	}
	if l.unversioned > 0 {
		why := fmt.Sprintf("%.200s: the lock file states where it is from, and no version", l.first)
		if l.unversioned > 1 {
			why = fmt.Sprintf("%s (and %d more)", why, l.unversioned-1)
		}
		l.contents.Gaps = append(l.contents.Gaps, record.Gap{Code: record.UnversionedPackage, Why: why, Complete: true})
	}
	l.contents.Gaps = l.malformed.AppendTo(l.contents.Gaps, record.MalformedEntry)
	return l.contents, err
}

// splitName cuts what is written NAME@REST, where NAME may be @SCOPE/NAME.
func splitName(s string) (name, rest string) {
	if s == "" {
		return "", ""
	}
	i := strings.IndexByte(s[1:], '@')
	if i < 0 {
		return s, ""
	}
	return s[:i+1], s[i+2:]
}

// isOwn tells whether a source is a folder beside the lock file: the project's own, or a link.
func isOwn(source string) bool {
	for _, protocol := range [...]string{"workspace:", "link:", "portal:", "file:", "root:"} {
		if strings.HasPrefix(source, protocol) {
			return !isArchive(source)
		}
	}
	return false
}

// isArchive tells whether a source is a packed package.
func isArchive(source string) bool {
	return strings.HasSuffix(source, ".tgz") || strings.HasSuffix(source, ".tar.gz")
}

// limited fails after so many bytes.
type limited struct {
	io.Reader
	left int64
}

func (r *limited) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.left -= int64(n); r.left < 0 {
		return 0, fmt.Errorf("it has more than %d bytes, which is more than is read of a lock file", int64(maxLock))
	}
	return n, err
}
