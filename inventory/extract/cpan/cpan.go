// Package cpan reads Perl's distributions: the install.json that cpanm leaves for each, and
// Carton's cpanfile.snapshot.
//
// What other installers leave is a .packlist, which names a module and states no version: it is
// listed without one, unless an install.json speaks of it. Perl's own modules and those of the
// system's packages are not seen; neither has such files.
package cpan

import (
	"path"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// Extractor is an extract.Extractor.
type Extractor struct{ listing.Extractor }

// New returns an Extractor.
func New() Extractor {
	return Extractor{listing.New(listing.Format{
		Name: "cpan", Version: 1, Type: "cpan",
		PURL: func(p record.Package) string { return ecosystem.CPANPURL(p.ID, p.Name, p.Version) },
		Kinds: []listing.Kind{
			{Evidence: listing.Installed, Is: isInstall, Parse: parseInstall},
			{Evidence: listing.Installed, Is: isPacklist, Parse: parsePacklist},
			{Evidence: listing.Locked, Is: listing.Named("cpanfile.snapshot"), Parse: parseSnapshot},
		},
	})}
}

// Assemble implements extract.Extractor. It leaves out the packlists of distributions that an
// install.json speaks of.
func (e Extractor) Assemble(files []record.File, found *record.Found) {
	stated := map[string]bool{}
	for _, file := range files {
		if contents, err := record.Decode(file.Data); err == nil && isInstall(file.Path) {
			for _, p := range contents.Packages {
				stated[p.Name] = true
			}
		}
	}
	var kept []record.File
	for _, file := range files {
		if !isPacklist(file.Path) || !stated[nameOfPacklist(file.Path)] {
			kept = append(kept, file)
		}
	}
	e.Extractor.Assemble(kept, found)
}

// isInstall finds .meta/NAME-VERSION/install.json (App::cpanminus, save_meta).
func isInstall(file string) bool {
	return strings.HasSuffix(file, "/install.json") && path.Base(path.Dir(path.Dir(file))) == ".meta"
}

func parseInstall(f listing.File, list *listing.List) error {
	var install struct {
		Path         string `json:"pathname"` // A/AU/AUTHOR/NAME-VERSION.tar.gz
		Distribution string `json:"dist"`     // NAME-VERSION
	}
	if err := listing.JSON(f.Content, &install); err != nil {
		return err
	}
	name, version := splitDistribution(install.Distribution)
	list.Add(record.Package{Name: name, Version: version, ID: author(install.Path)})
	return nil
}

// isPacklist finds auto/MODULE/.packlist (ExtUtils::Packlist). Perl's own lies beside auto.
func isPacklist(file string) bool { return nameOfPacklist(file) != "" }

// nameOfPacklist is the name of the distribution whose main module the folders spell.
func nameOfPacklist(file string) string {
	folder, found := strings.CutSuffix(file, "/.packlist")
	if !found {
		return ""
	}
	i := strings.LastIndex(folder, "/auto/")
	if i < 0 {
		return ""
	}
	return strings.ReplaceAll(folder[i+len("/auto/"):], "/", "-")
}

func parsePacklist(f listing.File, list *listing.List) error {
	list.Add(record.Package{Name: nameOfPacklist(f.Path)})
	return nil
}

// parseSnapshot reads what Carton::Snapshot writes: the distributions behind two spaces, and
// what is said of each behind four.
func parseSnapshot(f listing.File, list *listing.List) error {
	var current record.Package
	flush := func() {
		if current.Name != "" {
			list.Add(current)
		}
		current = record.Package{}
	}
	for _, line := range listing.Lines(f.Content) {
		text := string(line)
		distribution, isIndented := strings.CutPrefix(text, "  ")
		switch {
		case isIndented && !strings.HasPrefix(distribution, " ") && distribution != "":
			flush()
			current.Name, current.Version = splitDistribution(distribution)
		case strings.HasPrefix(text, "    pathname: "):
			current.ID = author(strings.TrimPrefix(text, "    pathname: "))
		}
	}
	flush()
	return nil
}

// splitDistribution cuts NAME-VERSION where the version begins: behind the last dash that a
// digit, or a v and a digit, follows (the rule of CPAN::DistnameInfo for well-named ones).
func splitDistribution(distribution string) (name, version string) {
	for i := len(distribution) - 2; i > 0; i-- {
		if distribution[i] != '-' {
			continue
		}
		digits := strings.TrimPrefix(distribution[i+1:], "v")
		if digits != "" && digits[0] >= '0' && digits[0] <= '9' {
			return distribution[:i], distribution[i+1:]
		}
	}
	return distribution, ""
}

// author reads it from a path in an author's folder: A/AU/AUTHOR/FILE.
func author(pathname string) string {
	parts := strings.Split(pathname, "/")
	if len(parts) < 4 {
		return ""
	}
	return parts[2]
}
