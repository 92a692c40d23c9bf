package e2e

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/internal/testparts"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/report"
)

// TestPeers holds each image's packages, and what is known of them, against the peers that are on
// PATH. What only one of two tools says must be explained by a rule (peerrules_test.go); each rule
// stands in docs/accuracy.md with who is right, and must explain something.
func TestPeers(t *testing.T) {
	var present []peer
	for _, p := range peers() {
		if _, err := exec.LookPath(p.name); err != nil {
			t.Logf("%s is not on PATH and is not compared", p.name)
			continue
		}
		present = append(present, p)
	}
	if len(present) == 0 {
		t.Skip("no peer is on PATH: they are optional, see docs/accuracy.md")
	}
	used, compared := map[string]int{}, 0
	rules := rules(rawRecords(t, "Debian"))
	for _, name := range peerImages {
		t.Run(name, func(t *testing.T) {
			ours := plimsoll(t, name)
			jars := debianNames(t, name, ours)
			for _, p := range present {
				t.Run(p.name, func(t *testing.T) {
					theirs := p.scan(t, name)
					for rule, count := range contrast(t, name, p, rules, ours, theirs) {
						used[p.name+": "+rule] += count
					}
					if len(jars) > 0 {
						t.Logf("of %d jars that Debian names, plimsoll names %d so, and %s %d", len(jars), ours.named(jars), p.name, theirs.named(jars))
					}
					compared++
				})
			}
		})
	}
	if t.Failed() || compared < len(peerImages)*len(present) {
		return // what follows speaks of all images
	}
	document, err := os.ReadFile("../docs/accuracy.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		if !strings.Contains(string(document), "`"+r.name+"`") {
			t.Errorf("docs/accuracy.md does not explain %q", r.name)
		}
		for _, p := range present {
			if slices.Contains(r.peers, p.name) && used[p.name+": "+r.name] == 0 {
				t.Errorf("the rule %q explains nothing of %s: take it out", r.name, p.name)
			}
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(used)) {
		t.Logf("%s: %d", rule, used[rule])
	}
}

// peerImages are the images that are compared.
var peerImages = []string{"alpine-3.10.3", "alpine-3.12.12", "alpine-3.16.9", "alpine-3.20.3",
	"debian-slim", "debian-old", "debian-python", "node-app", "go-app", "java-app", "big"}

// fact is what two tools can agree on: that a package is there, or that a record affects it.
type fact struct{ kind, name, version, record string }

func (f fact) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s@%s %s", f.kind, f.name, f.version, f.record))
}

// ofPackage is the fact that the package is there.
func (f fact) ofPackage() fact { f.record = ""; return f }

// place is where a tool found a package. An archive in another is OUTER!/INNER.
type place struct {
	path    string
	guessed bool // the tool deduced name or version; nothing there states them
	inside  bool // the tool names the outermost archive only: it may be any in it
}

// side is what one tool says about an image.
type side struct {
	facts  map[fact][]place
	names  map[string][]string // a record's id and aliases
	report *report.Report      // plimsoll's own
}

func newSide() side { return side{facts: map[fact][]place{}, names: map[string][]string{}} }

func (s side) add(f fact, places ...place) { s.facts[f] = append(s.facts[f], places...) }

// at lists the Java archives' packages at a place, and whether each is a guess there.
func (s side) at(p place) (guessed []bool) {
	for f, places := range s.facts {
		for _, q := range places {
			same := p.path == q.path || p.inside && strings.HasPrefix(q.path, p.path+"!/") || q.inside && strings.HasPrefix(p.path, q.path+"!/")
			if f.kind == "maven" && f.record == "" && same {
				guessed = append(guessed, q.guessed)
			}
		}
	}
	return guessed
}

// named counts the jars that have one of the names here that they have elsewhere.
func (s side) named(names map[string][]string) int {
	found := map[string]bool{}
	for f, places := range s.facts {
		for _, p := range places {
			if f.kind == "maven" && slices.Contains(names[p.path], f.name) {
				found[p.path] = true
			}
		}
	}
	return len(found)
}

// debianNames are Debian's own names of an image's jars, if it has any.
func debianNames(t *testing.T, image string, s side) map[string][]string {
	t.Helper()
	for f := range s.facts {
		if target, layout := imageTarget(t, image); f.kind == "maven" && layout {
			return mavenRepository(t, target)
		}
	}
	return nil
}

// contrast compares what two tools say about an image and returns how many differences each
// rule explains.
func contrast(t *testing.T, image string, p peer, rules []rule, ours, theirs side) map[string]int {
	t.Helper()
	explained := map[string]int{}
	var counts [2]struct{ ours, theirs, both, onlyOurs, onlyTheirs int } // packages, findings
	record := func(f fact) int { return min(len(f.record), 1) }
	check := func(d difference) {
		for _, r := range rules {
			if slices.Contains(r.peers, p.name) && r.ours == d.ours && r.holds(t, d) {
				explained[r.name]++
				return
			}
		}
		who := "only " + p.name
		if d.ours {
			who = "only plimsoll"
		}
		t.Errorf("%s: %s, at %v: no rule explains it", who, d.fact, d.places)
	}
	for f, places := range ours.facts {
		c := &counts[record(f)]
		c.ours++
		if _, agreed := theirs.facts[f]; agreed {
			c.both++
		} else if f.record == "" || p.matches {
			c.onlyOurs++
			check(difference{fact: f, ours: true, places: places, plimsoll: ours, peer: theirs})
		}
	}
	for f, places := range theirs.facts {
		c := &counts[record(f)]
		c.theirs++
		if _, agreed := ours.facts[f]; !agreed {
			c.onlyTheirs++
			check(difference{fact: f, places: places, plimsoll: ours, peer: theirs})
		}
	}
	for i, what := range []string{"packages", "findings"} {
		if c := counts[i]; i == 0 || p.matches {
			t.Logf("| %s | %s | %d | %d | %d | %d | %d |", image, what, c.ours, c.theirs, c.both, c.onlyOurs, c.onlyTheirs)
		}
	}
	if counts[0].both == 0 {
		t.Error("nothing in common: the comparison says nothing")
	}
	for _, rule := range slices.Sorted(maps.Keys(explained)) {
		t.Logf("%d by %q", explained[rule], rule)
	}
	return explained
}

// plimsoll is our own side.
func plimsoll(t *testing.T, image string) side {
	t.Helper()
	target, _ := imageTarget(t, image)
	s := newSide()
	s.report = reportOf(t, target)
	known := map[string]fact{}
	for _, p := range s.report.Packages {
		f := fact{kind: p.Type, name: p.Name, version: strings.TrimPrefix(p.Version, "v")}
		known[p.PURL] = f
		for _, l := range p.Locations {
			s.add(f, place{path: l.Path, guessed: p.Confidence == inventory.Low})
		}
	}
	for _, found := range s.report.Findings {
		f := known[found.Package]
		for _, record := range found.Advisories {
			f.record = record
			s.add(f, s.facts[f.ofPackage()]...)
		}
	}
	return s
}

// imageTarget is where an image lies, and whether that is an OCI layout.
func imageTarget(t *testing.T, image string) (target string, layout bool) {
	t.Helper()
	if strings.HasPrefix(image, "alpine-") {
		return testparts.Shared(t, "images", image+".tar"), false
	}
	return built(t, image), true
}

// peer is another tool.
type peer struct {
	name    string
	matches bool // it looks packages up as well
	scan    func(t *testing.T, image string) side
}

func peers() []peer {
	return []peer{{"syft", false, syft}, {"osv-scanner", true, osvScanner}}
}

// syft runs syft. Its words for packages are translated, and "UNKNOWN" is no version.
func syft(t *testing.T, image string) side {
	t.Helper()
	target, layout := imageTarget(t, image)
	source := "docker-archive:"
	if layout {
		source = "oci-dir:"
	}
	command := exec.Command("syft", "scan", source+target, "-o", "syft-json", "-q")
	command.Env = append(os.Environ(), "SYFT_CHECK_FOR_APP_UPDATE=false")
	var output struct {
		Artifacts []struct {
			Name, Version, Type, PURL string
			Locations                 []struct{ Path string }
			Metadata                  struct {
				VirtualPath   string
				PomProperties *struct{}
			}
		}
	}
	decodeOutput(t, command, &output, 0)
	s := newSide()
	for _, a := range output.Artifacts {
		f := fact{kind: a.Type, name: a.Name, version: strings.TrimPrefix(a.Version, "v")}
		if f.version == "UNKNOWN" {
			f.version = ""
		}
		switch a.Type {
		case "python":
			f.kind, f.name = "pypi", ecosystem.NormalName("PyPI", a.Name)
		case "go-module":
			f.kind = "golang"
			if f.name == "stdlib" {
				f.version = strings.TrimPrefix(f.version, "go")
			}
		case "java-archive":
			purl, err := ecosystem.ParsePURL(a.PURL)
			if err != nil {
				t.Fatalf("%s: %v", a.PURL, err)
			}
			f.kind, f.name = "maven", purl.Namespace+":"+purl.Name
			s.add(f, place{path: virtualPath(a.Metadata.VirtualPath), guessed: a.Metadata.PomProperties == nil})
			continue
		}
		for _, l := range a.Locations {
			s.add(f, place{path: strings.TrimPrefix(l.Path, "/")})
		}
	}
	return s
}

// virtualPath reads syft's way to write an archive in an archive, /OUTER:INNER, after which
// group and artifact may follow.
func virtualPath(text string) string {
	var archives []string
	for _, part := range strings.Split(strings.TrimPrefix(text, "/"), ":") {
		if slices.Contains([]string{".jar", ".war", ".ear"}, filepath.Ext(part)) {
			archives = append(archives, part)
		}
	}
	return strings.Join(archives, "!/")
}

// osvScanner runs osv-scanner on the same advisories.
func osvScanner(t *testing.T, image string) side {
	t.Helper()
	target, layout := imageTarget(t, image)
	if layout {
		target = dockerArchive(t, target)
	}
	command := exec.Command("osv-scanner", "scan", "image", "--archive", target, "--local-db-path", osvFolder(t), "--offline",
		"--all-packages", "--all-vulns", "--format", "json")
	var output struct {
		Results []struct {
			Source   struct{ Path string }
			Packages []struct {
				Package struct {
					Name, Version, Ecosystem string
					OSPackageName            string `json:"os_package_name"`
				}
				Vulnerabilities []struct {
					ID                string
					Aliases, Upstream []string
				}
			}
		}
	}
	decodeOutput(t, command, &output, 1) // 1: it found something
	kinds := map[string]string{"Alpine": "apk", "Debian": "deb", "Go": "golang", "Maven": "maven", "PyPI": "pypi", "npm": "npm"}
	s := newSide()
	for _, result := range output.Results {
		where := place{path: strings.TrimPrefix(result.Source.Path, "/"), guessed: true, inside: true}
		for _, p := range result.Packages {
			f := fact{kinds[ecosystem.Base(p.Package.Ecosystem)], p.Package.Name, strings.TrimPrefix(p.Package.Version, "v"), ""}
			if f.kind == "" {
				t.Errorf("%s: a package of %q", result.Source.Path, p.Package.Ecosystem)
			}
			if p.Package.OSPackageName != "" {
				f.name = p.Package.OSPackageName // the name is its source's
			}
			if f.version == "(devel)" {
				f.version = ""
			}
			s.add(f, where)
			for _, v := range p.Vulnerabilities {
				s.names[v.ID] = slices.Concat([]string{v.ID}, v.Aliases, v.Upstream)
				f.record = v.ID
				s.add(f, where)
			}
		}
	}
	return s
}
