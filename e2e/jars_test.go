package e2e

import (
	"cmp"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
)

// TestJars: what Python's zipfile reads in every Java archive, and dpkg's word on who brought it.
// An archive with pom.properties is exactly what they say; one with a manifest alone is one
// guess with its version; one with neither is a gap, and what is listed of it a guess. Nothing else
// is listed.
func TestJars(t *testing.T) {
	for _, image := range []string{"java-app", "big"} {
		t.Run(image, func(t *testing.T) {
			dir := built(t, image)
			truth := table(t, filepath.Join(dir+".truth", "jars.tsv"))
			r := reportOf(t, dir)
			got := mavenPackages(r)
			var wantGaps []string
			kinds := map[string]int{}
			for _, row := range truth {
				kind, want := expected(row)
				kinds[kind]++
				place := strings.TrimPrefix(row["path"], "/")
				if kind == "neither" {
					wantGaps = append(wantGaps, place)
					if slices.ContainsFunc(got[place].lines, func(line string) bool { return !strings.HasPrefix(line, "? ") }) {
						t.Errorf("%s says nothing, and we say for sure %q", place, got[place].lines)
					}
				} else if diff := gocmp.Diff(want, got[place].lines); diff != "" {
					t.Errorf("%s (-truth +plimsoll):\n%s", place, diff)
				}
				for _, owner := range got[place].owners {
					if owner != row["dpkg_owner"] {
						t.Errorf("%s is owned by %q, and by dpkg's word by %q", place, owner, row["dpkg_owner"])
					}
				}
				delete(got, place)
			}
			for place, p := range got {
				t.Errorf("%s is in no truth file: %v", place, p.lines)
			}
			slices.Sort(wantGaps)
			if diff := gocmp.Diff(wantGaps, mavenGaps(r)); diff != "" {
				t.Errorf("gaps (-truth +plimsoll):\n%s", diff)
			}
			t.Logf("%d archives: %v", len(truth), kinds)
		})
	}
}

// TestJarNames: Debian's own Maven repository names the group and artifact of its jars. A jar is
// listed by one of the names that it has there.
func TestJarNames(t *testing.T) {
	// The same classes by two names: Debian has them as org.jsr-305's here, and as
	// com.google.code.findbugs', under which advisories would speak of them, in /usr/share/java.
	other := map[string]bool{"usr/share/maven-repo/org/jsr-305/jsr305/0.1-SNAPSHOT/jsr305-0.1-SNAPSHOT.jar": true}
	for _, image := range []string{"java-app", "big"} {
		t.Run(image, func(t *testing.T) {
			dir := built(t, image)
			got := map[string][]string{}
			for _, p := range reportOf(t, dir).Packages {
				for _, l := range p.Locations {
					if p.Type == "maven" {
						got[l.Path] = append(got[l.Path], p.Name)
					}
				}
			}
			names := mavenRepository(t, dir)
			for file, want := range names {
				named := slices.ContainsFunc(got[file], func(name string) bool { return slices.Contains(want, name) })
				if !named && !other[file] {
					t.Errorf("%s is %v, and by Debian's word %v", file, got[file], want)
				}
			}
			if len(names) < 50 {
				t.Errorf("Debian names only %d jars", len(names))
			}
			t.Logf("%d jars", len(names))
		})
	}
}

// expected tells from a row what has to be listed: each package's name and version if it is sure,
// a question mark and its version if it is a guess.
func expected(row map[string]string) (kind string, want []string) {
	version := stated(row)
	if row["pom_gav"] == "" {
		if version == "" {
			return "neither", nil
		}
		return "manifest", []string{"? " + version}
	}
	names := strings.ToLower(row["manifest_title"] + " " + row["bundle"] + " " + path.Base(row["path"]))
	own := version == ""
	for _, gav := range strings.Split(row["pom_gav"], ",") {
		part := strings.Split(gav, ":")
		want = append(want, part[0]+":"+part[1]+" "+part[2])
		own = own || strings.Contains(names, strings.ToLower(part[1])) || part[2] == version
	}
	if !own { // the poms are those of what was copied into it
		want = append(want, "? "+version)
	}
	slices.Sort(want)
	return "pom.properties", slices.Compact(want)
}

// stated is the version by the manifest, and by the file's name that of the release on the way to
// which the manifest's is.
func stated(row map[string]string) string {
	version := cmp.Or(row["manifest_version"], row["bundle_version"])
	for _, suffix := range []string{"-SNAPSHOT", ".SNAPSHOT", ".qualifier"} {
		if release, unfinished := strings.CutSuffix(version, suffix); unfinished && strings.HasSuffix(row["path"], "-"+release+".jar") {
			return release
		}
	}
	return version
}

// inArchive are the packages at one place, and who owns them.
type inArchive struct{ lines, owners []string }

func mavenPackages(r *report.Report) map[string]inArchive {
	found := map[string]inArchive{}
	for _, p := range r.Packages {
		if p.Type != "maven" {
			continue
		}
		owner, _ := ecosystem.ParsePURL(p.OwnedBy)
		for _, l := range p.Locations {
			line := p.Name + " " + p.Version
			if p.Confidence == inventory.Low {
				line = "? " + p.Version
			}
			at := found[l.Path]
			at.lines = append(at.lines, line)
			at.owners = append(at.owners, owner.Name)
			found[l.Path] = at
		}
	}
	for _, at := range found {
		slices.Sort(at.lines)
	}
	return found
}

func mavenGaps(r *report.Report) []string {
	var places []string
	for _, g := range r.Coverage.Gaps {
		if g.Dimension == "packages/maven" {
			places = append(places, g.Path)
		}
	}
	slices.Sort(places)
	return places
}
