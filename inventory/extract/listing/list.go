package listing

import (
	"fmt"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const (
	maxPackages = 100_000
	maxLicenses = 100
)

// List collects what a file lists. The zero List is empty.
type List struct {
	packages               []record.Package
	malformed, unversioned record.Tally
	overflown              bool
}

// Add adds a package. One whose name is no word is malformed; so is one whose version, ID or
// architecture is there and is none. One without a version is listed and becomes a gap; so is one
// for whose version stands where it is from (a repository, an archive's address).
func (l *List) Add(p record.Package) {
	switch {
	case len(l.packages) >= maxPackages:
		l.overflown = true
		return
	case !record.IsWord([]byte(p.Name)):
		l.Malformed("%.80q is not a package's name", p.Name)
		return
	case !isWordOrEmpty(p.Version):
		l.Malformed("%.80s: %.80q is not a version", p.Name, p.Version)
		return
	case !isWordOrEmpty(p.Arch), !isWordOrEmpty(p.ID):
		l.Malformed("%.80s: what tells it from others of its name is not a word", p.Name)
		return
	}
	switch {
	case p.Version == "":
		l.unversioned.Add("%.80s states no version", p.Name)
	case isSource(p.Version):
		p.Version = ""
		l.unversioned.Add("%.80s states no version, only where it is from", p.Name)
	}
	p.Licenses = licenses(p.Licenses)
	l.packages = append(l.packages, p)
}

// Malformed records an entry that makes no sense; the others count.
func (l *List) Malformed(format string, arguments ...any) { l.malformed.Add(format, arguments...) }

// Contents returns what was collected.
func (l *List) Contents() record.Contents {
	gaps := l.malformed.AppendTo(nil, record.MalformedEntry)
	gaps = l.unversioned.AppendTo(gaps, record.UnversionedPackage)
	for i := range gaps {
		gaps[i].Complete = gaps[i].Code == record.UnversionedPackage
	}
	return record.Contents{Packages: l.packages, Gaps: gaps}
}

// End returns what was collected, with the parser's error, or that there was more.
func (l *List) End(err error) (record.Contents, error) {
	if err == nil && l.overflown {
		err = fmt.Errorf("it lists more than %d packages", maxPackages)
	}
	return l.Contents(), err
}

// isSource tells whether what stands for a version is an address or a path. Of all versions, only
// those of Composer's branches have a slash (getcomposer.org, "Versions and constraints"), and only
// a distribution's a colon, after the digits of an epoch.
func isSource(version string) bool {
	scheme, _, hasColon := strings.Cut(version, ":")
	return hasColon && strings.Trim(scheme, "0123456789") != "" || strings.Contains(version, "/") && !strings.HasPrefix(version, "dev-")
}

func isWordOrEmpty(text string) bool { return text == "" || record.IsWord([]byte(text)) }

// licenses leaves out what is no licence's name or expression for its length.
func licenses(stated []string) []string {
	var kept []string
	for _, license := range stated {
		license = strings.Join(strings.Fields(strings.ToValidUTF8(license, "\uFFFD")), " ")
		if license != "" && len(license) <= record.MaxText && len(kept) < maxLicenses {
			kept = append(kept, license)
		}
	}
	return kept
}
