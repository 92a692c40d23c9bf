package gobinary

import (
	"debug/buildinfo"
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// modules turns build information into packages. A version keeps Go's form, with its "v"; the
// standard library is called stdlib, as in OSV's Go database.
func modules(info *buildinfo.BuildInfo) record.Contents {
	var list lister
	withoutModules := info.Main.Path == "" && len(info.Deps) == 0 && !isToolchain(info.Path)
	if withoutModules {
		list.addProgram(info.Path)
	}
	if info.Main.Path != "" {
		list.add(info.Main.Path, info.Main.Version)
	}
	for _, module := range info.Deps {
		list.addModule(module)
	}
	if version, ok := stdlibVersion(info.GoVersion); ok {
		list.add("stdlib", version)
	} else {
		list.addUnversioned("stdlib", fmt.Sprintf("built by %.80q, which is no released version", info.GoVersion))
	}
	contents := list.contents
	if len(list.unversioned) > 0 {
		contents.Gaps = append(contents.Gaps, record.Gap{
			Code: record.UnversionedPackage, Why: describe(list.unversioned), Complete: true,
		})
	}
	contents.Gaps = list.malformed.AppendTo(contents.Gaps, record.MalformedEntry)
	if withoutModules {
		contents.Gaps = append(contents.Gaps, record.Gap{
			Code: record.NoModuleList, Why: "it was built without modules: which ones it holds is not known",
		})
	}
	return contents
}

// isToolchain tells whether a main package is Go's own, whose modules are the standard library's.
func isToolchain(path string) bool { return strings.HasPrefix(path, "cmd/") }

// lister collects the packages of one program.
type lister struct {
	contents    record.Contents
	unversioned []string // why, for each package without a version
	malformed   record.Tally
}

// addModule adds a dependency, or what replaces it. A replacement by a folder has no version:
// what it holds is some state of the module it replaces.
func (l *lister) addModule(module *debug.Module) {
	path, version := module.Path, module.Version
	if replacement := module.Replace; replacement != nil {
		version = replacement.Version
		if version != "" {
			path = replacement.Path
		}
	}
	l.add(path, version)
}

// add adds a module. "(devel)" is what the toolchain writes where it knows no version.
func (l *lister) add(path, version string) {
	switch {
	case !record.IsWord([]byte(path)):
		l.malformed.Add("a module path is not a word")
	case version == "" || version == "(devel)":
		l.addUnversioned(path, "no version of it is known")
	case !record.IsWord([]byte(version)):
		l.malformed.Add("the version of %.80s is not a word", path)
	default:
		l.contents.Packages = append(l.contents.Packages, record.Package{Name: path, Version: version})
	}
}

// addProgram adds a program that was built without modules, by its main package: it has no version,
// and which module it would be of is not stated. The gap of the list that is missing says so. One
// that was built from files and not from a package has no name (cmd/go, "command-line-arguments").
func (l *lister) addProgram(path string) {
	switch {
	case path == "" || path == "command-line-arguments":
	case !record.IsWord([]byte(path)):
		l.malformed.Add("the path of the main package is not a word")
	default:
		l.contents.Packages = append(l.contents.Packages, record.Package{Name: path})
	}
}

func (l *lister) addUnversioned(path, why string) {
	l.contents.Packages = append(l.contents.Packages, record.Package{Name: path})
	l.unversioned = append(l.unversioned, fmt.Sprintf("%.200s: %s", path, why))
}

func describe(unversioned []string) string {
	if len(unversioned) == 1 {
		return unversioned[0]
	}
	return fmt.Sprintf("%s (and %d more)", unversioned[0], len(unversioned)-1)
}

// stdlibVersion turns a toolchain's name into a semantic version, as in OSV's Go database:
// go1.26.8 is 1.26.8, go1.20 is 1.20.0, go1.22rc1 is 1.22.0-rc.1. After the version may follow a
// vendor's suffix after "-" (package go/version) and, after a space or "+", experiments and notes
// ("X:boringcrypto"). A toolchain between releases ("devel go1.27-...", "go1.27-devel_...") has no
// version: it may lack what the release before it fixed.
func stdlibVersion(goVersion string) (string, bool) {
	name, _, _ := strings.Cut(goVersion, " ")
	if _, suffix, _ := strings.Cut(name, "-"); strings.HasPrefix(suffix, "devel") {
		return "", false
	}
	name, _, _ = strings.Cut(name, "-")
	name, _, _ = strings.Cut(name, "+")
	parts := regexp.MustCompile(`^go([1-9][0-9]{0,8}\.(?:0|[1-9][0-9]{0,8}))(\.(?:0|[1-9][0-9]{0,8}))?(?:(alpha|beta|rc)([1-9][0-9]{0,8}))?$`).FindStringSubmatch(name)
	if parts == nil {
		return "", false
	}
	version, patch := parts[1], parts[2]
	if patch == "" {
		patch = ".0"
	}
	version += patch
	if parts[3] != "" {
		version += "-" + parts[3] + "." + parts[4]
	}
	return version, true
}
