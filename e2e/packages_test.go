package e2e

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/internal/testparts"
	"plimsoll.dev/plimsoll/report"
)

// TestDebianPackages: dpkg's own list, row by row, none missing and none extra.
func TestDebianPackages(t *testing.T) {
	for _, image := range []string{"debian-slim", "debian-old", "debian-python", "big"} {
		t.Run(image, func(t *testing.T) {
			dir := built(t, image)
			var want []string
			for _, row := range table(t, filepath.Join(dir+".truth", "dpkg.tsv")) {
				if row["status"] == "config-files" || row["status"] == "not-installed" {
					continue // removed; only its configuration is left
				}
				want = append(want, strings.Join([]string{row["package"], row["version"], row["architecture"], row["source"], row["source_version"]}, " "))
			}
			compare(t, want, rows(reportOf(t, dir), "deb"))
		})
	}
}

// TestAlpinePackages: apk's own list. It does not print the architecture, which is x86_64 in all
// four, nor a source version, which in Alpine is the package's own.
func TestAlpinePackages(t *testing.T) {
	for _, image := range []string{"alpine-3.10.3", "alpine-3.12.12", "alpine-3.16.9", "alpine-3.20.3"} {
		t.Run(image, func(t *testing.T) {
			var want []string
			for _, row := range table(t, testparts.Shared(t, "images", image+".truth.tsv")) {
				arch := "x86_64"
				want = append(want, strings.Join([]string{row["package"], row["version"], arch, row["origin"], row["version"]}, " "))
			}
			compare(t, want, rows(reportOf(t, testparts.Shared(t, "images", image+".tar")), "apk"))
		})
	}
}

// TestGoPackages: the Go toolchain's own reading of the binaries, `go version -m`.
func TestGoPackages(t *testing.T) {
	for _, image := range []string{"go-app", "big"} {
		t.Run(image, func(t *testing.T) {
			dir := built(t, image)
			want := goVersionM(t, filepath.Join(dir+".truth", "go-version.txt"))
			asked := map[string]bool{} // the truth file speaks of these programs only
			for _, row := range want {
				asked[strings.Fields(row)[0]] = true
			}
			var got []string
			for _, p := range reportOf(t, dir).Packages {
				if p.Type != "golang" {
					continue
				}
				for _, l := range p.Locations {
					if asked["/"+l.Path] {
						got = append(got, strings.TrimSpace("/"+l.Path+" "+p.Name+" "+p.Version))
					}
				}
			}
			compare(t, want, got)
		})
	}
}

// TestPythonPackages: what Python's own importlib.metadata finds in the folders that it looks at.
func TestPythonPackages(t *testing.T) {
	folders := []string{"usr/lib/python3/dist-packages/", "usr/local/lib/python3.11/dist-packages/", "usr/lib/python3.11/",
		"opt/venv/lib/python3.11/site-packages/"}
	for _, image := range []string{"debian-python", "big"} {
		t.Run(image, func(t *testing.T) {
			dir := built(t, image)
			var want []string
			for _, row := range table(t, filepath.Join(dir+".truth", "python.tsv")) {
				want = append(want, strings.Join([]string{ecosystem.NormalName("PyPI", row["name"]), row["version"], row["path"]}, " "))
			}
			compare(t, want, located(reportOf(t, dir), "pypi", func(path string) (string, bool) {
				for _, folder := range folders {
					if name, below := strings.CutPrefix(path, folder); below {
						name, _, _ = strings.Cut(name, "/") // Python names the folder, or the file
						return folder + name, strings.Count(path, "/") <= strings.Count(folder, "/")+1
					}
				}
				return "", false
			}))
		})
	}
}

// TestNPMPackages: every package.json that names a package, in the folders that the truth file
// looks at. The truth file follows symbolic links; a scan lists a package where its file really is.
func TestNPMPackages(t *testing.T) {
	links := map[string]string{"/usr/share/nodejs/lodash-es/package.json": "/usr/share/nodejs/lodash/package.json"}
	roots := []string{"app/", "usr/share/nodejs/", "usr/lib/nodejs/", "usr/local/lib/node_modules/"}
	for _, image := range []string{"node-app", "big"} {
		t.Run(image, func(t *testing.T) {
			dir := built(t, image)
			var want []string
			for _, row := range table(t, filepath.Join(dir+".truth", "npm.tsv")) {
				if links[row["path"]] != "" {
					continue // and the file that it leads to is a row of its own
				}
				want = append(want, strings.Join([]string{row["name"], row["version"], row["path"]}, " "))
			}
			compare(t, want, located(reportOf(t, dir), "npm", func(path string) (string, bool) {
				inRoot := slices.ContainsFunc(roots, func(root string) bool { return strings.HasPrefix(path, root) })
				return path, inRoot
			}))
		})
	}
}

// located lists a report's packages of one type with each path that is to be looked at.
func located(r *report.Report, purlType string, look func(path string) (string, bool)) []string {
	var list []string
	for _, p := range r.Packages {
		for _, l := range p.Locations {
			if path, looked := look(l.Path); looked && p.Type == purlType {
				list = append(list, strings.Join([]string{p.Name, p.Version, "/" + path}, " "))
			}
		}
	}
	return list
}

// goVersionM reads the output of `go version -m`: for each binary its standard library, its main
// module and its dependencies, a replaced one as its replacement. Of one that has no module it is
// the main package, which has no version.
func goVersionM(t *testing.T, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var rows []string
	binary, isPath := "", false // isPath: the last row is that of a main package
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Split(lines.Text(), "\t")
		if isPath && len(fields) > 1 && (fields[1] == "mod" || fields[1] == "dep") {
			rows = rows[:len(rows)-1] // it is in a module
		}
		isPath = len(fields) > 1 && fields[1] == "path"
		switch {
		case fields[0] != "":
			var version string
			binary, version, _ = strings.Cut(fields[0], ": go")
			rows = append(rows, binary+" stdlib "+version)
		case isPath:
			rows = append(rows, binary+" "+fields[2])
		case len(fields) > 1 && fields[1] == "mod" && fields[3] == "(devel)":
			rows = append(rows, binary+" "+fields[2])
		case len(fields) > 1 && (fields[1] == "mod" || fields[1] == "dep"):
			rows = append(rows, binary+" "+fields[2]+" "+fields[3])
		case len(fields) > 1 && fields[1] == "=>":
			rows[len(rows)-1] = binary + " " + fields[2] + " " + fields[3]
		}
	}
	return rows
}

// rows lists a report's packages of one type as the truth files do.
func rows(r *report.Report, purlType string) []string {
	var list []string
	for _, p := range r.Packages {
		if p.Type == purlType {
			list = append(list, strings.Join([]string{p.Name, p.Version, p.Arch, p.Source.Name, p.Source.Version}, " "))
		}
	}
	return list
}

func compare(t *testing.T, want, got []string) {
	t.Helper()
	slices.Sort(want)
	slices.Sort(got)
	if len(want) == 0 {
		t.Fatal("the truth file is empty")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packages differ from the package manager's list (-truth +plimsoll):\n%s", diff)
	}
	t.Logf("%d packages, the same as in the truth file", len(want))
}
