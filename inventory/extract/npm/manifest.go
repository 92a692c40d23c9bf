package npm

import (
	"errors"
	"fmt"
	"strings"

	"plimsoll.dev/plimsoll/internal/leanjson"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// maxLicenses bounds how many licences of one package are kept.
const maxLicenses = 16

// parseManifest reads a package.json (docs.npmjs.com, "package.json"). One without name or version
// is no package's: many only say how node is to read the files beside them ("type": "module").
//
// One that makes no sense is a gap. The list is whole all the same unless the file stands where
// node looks for a package: others are test data, of which the package "resolve" alone has two.
func parseManifest(r *leanjson.Reader, path string) record.Contents {
	var p record.Package
	isObject := r.Kind() == '{'
	r.Object(func(name []byte) {
		switch string(name) {
		case "name":
			p.Name, _ = r.Text()
		case "version":
			p.Version, _ = r.Text()
		case "license", "licenses":
			p.Licenses = appendLicenses(p.Licenses, r)
		}
	})
	err := r.End()
	switch {
	case err != nil:
		complete := errors.Is(err, leanjson.ErrSyntax) && !isPackageRoot(path)
		gap := record.Gap{Code: record.MalformedEntry, Why: err.Error(), Complete: complete}
		return record.Contents{Gaps: []record.Gap{gap}}
	case !isObject || p.Name == "" || p.Version == "":
		return record.Contents{}
	case !record.IsWord([]byte(p.Name)) || !record.IsWord([]byte(p.Version)):
		why := fmt.Sprintf("%.80q is no package's name, or %.80q no version", p.Name, p.Version)
		gap := record.Gap{Code: record.MalformedEntry, Why: why, Complete: !isPackageRoot(path)}
		return record.Contents{Gaps: []record.Gap{gap}}
	}
	return record.Contents{Packages: []record.Package{p}}
}

// isPackageRoot tells whether a package.json lies where node looks for a package: node_modules/NAME
// or node_modules/@SCOPE/NAME; on Debian also usr/share/nodejs/NAME.
func isPackageRoot(path string) bool {
	parts := strings.Split(strings.TrimSuffix(path, "/package.json"), "/")
	n := len(parts)
	isModules := func(folder string) bool { return folder == "node_modules" || folder == "nodejs" }
	return n >= 2 && isModules(parts[n-2]) || n >= 3 && isModules(parts[n-3]) && strings.HasPrefix(parts[n-2], "@")
}

// appendLicenses takes a licence in each of the forms that npm has had: a text, an object with a
// type, a list of either.
func appendLicenses(licenses []string, r *leanjson.Reader) []string {
	add := func() {
		if text, ok := r.Text(); ok && text != "" && len(licenses) < maxLicenses {
			licenses = append(licenses, strings.ToValidUTF8(text, "\uFFFD"))
		}
	}
	one := func() {
		if r.Kind() != '{' {
			add()
			return
		}
		r.Object(func(name []byte) {
			if string(name) == "type" {
				add()
			}
		})
	}
	if r.Kind() == '[' {
		r.Array(one)
	} else {
		one()
	}
	return licenses
}
