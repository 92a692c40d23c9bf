package record

import (
	"errors"
	"fmt"
	"strings"
)

// maxListed bounds the packages of one lock file. Those of big monorepos list some 5,000.
const maxListed = 200_000

// ErrTooMany reports a lock file that lists more.
var ErrTooMany = errors.New("it lists more than 200000 packages")

// Lister collects the packages of one lock file. The zero Lister is empty.
type Lister struct {
	contents    Contents
	malformed   Tally
	unversioned int
	first       string // that has no version
}

// Add adds a package. What stands for a version and is none (a repository, an archive's address)
// says nothing about what the package is: it is listed without one.
func (l *Lister) Add(name, version string, licenses []string) {
	if strings.ContainsAny(version, ":/") {
		version = ""
	}
	switch {
	case len(l.contents.Packages) > maxListed:
		return
	case !IsWord([]byte(name)):
		l.malformed.Add("%.80q is no package's name", name)
		return
	case version != "" && !IsWord([]byte(version)):
		l.malformed.Add("the version of %.80s is not a word", name)
		return
	case version == "":
		if l.unversioned++; l.first == "" {
			l.first = name
		}
	}
	l.contents.Packages = append(l.contents.Packages, Package{Name: name, Version: version, Licenses: licenses})
}

// End returns what was collected, with the parser's own error.
func (l *Lister) End(err error) (Contents, error) {
	if len(l.contents.Packages) > maxListed {
		err = errors.Join(err, ErrTooMany)
	}
	if l.unversioned > 0 {
		why := fmt.Sprintf("%.200s: the lock file states where it is from, and no version", l.first)
		if l.unversioned > 1 {
			why = fmt.Sprintf("%s (and %d more)", why, l.unversioned-1)
		}
		l.contents.Gaps = append(l.contents.Gaps, Gap{Code: UnversionedPackage, Why: why, Complete: true})
	}
	l.contents.Gaps = l.malformed.AppendTo(l.contents.Gaps, MalformedEntry)
	return l.contents, err
}
