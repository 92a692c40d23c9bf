// Package haskell reads the lock files of Stack (stack.yaml.lock) and Cabal
// (cabal.project.freeze): compiled programs do not say what they were built from.
//
// Stack's file lists only what is not part of the snapshot that it names.
package haskell

import (
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// New returns the extractor.
func New() listing.Extractor {
	return listing.New(listing.Format{
		Name: "haskell", Version: 1, Type: "hackage",
		PURL: func(p record.Package) string { return ecosystem.HackagePURL(p.Name, p.Version) },
		Kinds: []listing.Kind{
			{Evidence: listing.Locked, Is: listing.Named("stack.yaml.lock"), Parse: parseStack},
			{Evidence: listing.Locked, Is: listing.Named("cabal.project.freeze"), Parse: parseFreeze},
		},
	})
}

// parseStack reads the completed packages (docs.haskellstack.org, "Lock files"): NAME-VERSION@HASH
// if from Hackage, else name and version apart.
func parseStack(f listing.File, list *listing.List) error {
	var lock struct {
		Packages []struct {
			Completed struct {
				Hackage string `yaml:"hackage"`
				Name    string `yaml:"name"`
				Version string `yaml:"version"`
			} `yaml:"completed"`
		} `yaml:"packages"`
	}
	if err := listing.YAML(f.Content, &lock); err != nil {
		return err
	}
	for _, p := range lock.Packages {
		name, version := p.Completed.Name, p.Completed.Version
		if p.Completed.Hackage != "" {
			identifier, _, _ := strings.Cut(p.Completed.Hackage, "@")
			dash := strings.LastIndexByte(identifier, '-')
			name, version = identifier[:max(dash, 0)], identifier[dash+1:]
		}
		list.Add(record.Package{Name: name, Version: version})
	}
	return nil
}

// parseFreeze reads the field constraints (cabal.readthedocs.io, cabal.project reference): a
// list with commas between, of which "any.NAME ==VERSION" are packages and "NAME +flag" are not.
func parseFreeze(f listing.File, list *listing.List) error {
	inConstraints := false
	for _, line := range listing.Lines(f.Content) {
		text := string(line)
		if text != "" && !strings.HasPrefix(text, " ") && !strings.HasPrefix(text, "\t") {
			text, inConstraints = strings.CutPrefix(text, "constraints:")
		}
		if !inConstraints {
			continue
		}
		for constraint := range strings.SplitSeq(text, ",") {
			name, version, isPackage := strings.Cut(strings.TrimSpace(constraint), "==")
			if isPackage {
				list.Add(record.Package{Name: strings.TrimPrefix(strings.TrimSpace(name), "any."), Version: strings.TrimSpace(version)})
			}
		}
	}
	return nil
}
