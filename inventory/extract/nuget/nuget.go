// Package nuget reads .NET's packages: NAME.deps.json, which lies beside every program and says
// which packages its files are from, also for the shared frameworks; and packages.lock.json.
//
// It does not see: programs published as one file, which have their deps.json inside, and
// assemblies that came without one.
package nuget

import (
	"maps"
	"slices"
	"strings"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// New returns the extractor.
func New() listing.Extractor {
	return listing.New(listing.Format{
		Name: "nuget", Version: 1, Type: "nuget",
		PURL: func(p record.Package) string { return ecosystem.NuGetPURL(p.Name, p.Version) },
		Kinds: []listing.Kind{
			{Evidence: listing.Installed, Is: isDependencies, Parse: parseDependencies},
			{Evidence: listing.Locked, Is: listing.Named("packages.lock.json"), Parse: parseLock},
		},
	})
}

func isDependencies(path string) bool { return strings.HasSuffix(path, ".deps.json") }

// dependencies is a deps.json (github.com/dotnet/sdk, documentation/specs/runtime-configuration-file.md).
type dependencies struct {
	RuntimeTarget struct {
		Name string `json:"name"`
	} `json:"runtimeTarget"`
	// Targets are by framework, then by NAME/VERSION.
	Targets   map[string]map[string]assets `json:"targets"`
	Libraries map[string]struct {
		Type string `json:"type"` // package; project, reference and others are no packages
	} `json:"libraries"`
}

// assets are the files that a package brings into the program's folder.
type assets struct {
	Runtime        map[string]struct{} `json:"runtime"`
	RuntimeTargets map[string]struct{} `json:"runtimeTargets"`
	Native         map[string]struct{} `json:"native"`
	Resources      map[string]struct{} `json:"resources"`
}

func (a assets) none() bool {
	return len(a.Runtime)+len(a.RuntimeTargets)+len(a.Native)+len(a.Resources) == 0
}

// parseDependencies lists the packages with files. Those without were needed to build only, or
// the framework has newer ones of the same files: nothing of them is in the image.
func parseDependencies(f listing.File, list *listing.List) error {
	var d dependencies
	if err := listing.JSON(f.Content, &d); err != nil {
		return err
	}
	target, isKnown := d.Targets[d.RuntimeTarget.Name]
	for _, library := range slices.Sorted(maps.Keys(d.Libraries)) {
		if d.Libraries[library].Type != "package" {
			continue
		}
		if brings, isInTarget := target[library]; isKnown && isInTarget && brings.none() {
			continue
		}
		name, version, _ := strings.Cut(library, "/")
		list.Add(record.Package{Name: name, Version: version})
	}
	return nil
}

// parseLock reads the packages of every framework that a project is built for
// (github.com/NuGet/Home/wiki/Repeatable-build-using-lock-file-implementation).
func parseLock(f listing.File, list *listing.List) error {
	var lock struct {
		Dependencies map[string]map[string]struct {
			Type     string `json:"type"`
			Resolved string `json:"resolved"`
		} `json:"dependencies"`
	}
	if err := listing.JSON(f.Content, &lock); err != nil {
		return err
	}
	for _, framework := range slices.Sorted(maps.Keys(lock.Dependencies)) {
		packages := lock.Dependencies[framework]
		for _, name := range slices.Sorted(maps.Keys(packages)) {
			if packages[name].Type != "Project" {
				list.Add(record.Package{Name: name, Version: packages[name].Resolved})
			}
		}
	}
	return nil
}
