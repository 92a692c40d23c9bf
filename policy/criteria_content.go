package policy

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/finding/imageconfig"
)

// packageCriteria are asked of each package, whether anything is wrong with it or not.
func packageCriteria() []*criterion {
	return []*criterion{componentCriterion(), licenseCriterion()}
}

func componentCriterion() *criterion {
	c := &criterion{
		name: "component", about: aboutPackage, form: "list of patterns of package URLs, or {notIn: list}", reads: "packages[].purl: the binary or the source package, qualifiers ignored",
		example: `["pkg:maven/org.apache.logging.log4j/log4j-core@2.14.*"]`, peers: "StackRox: Image Component. NeuVector: modules",
	}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		p := readPatterns(d, n, what, false, parsePackageGlob)
		return test{cel: p.cel("p.named(g)"), after: " that the rule names", lacks: "a package URL that cannot be read", remedy: "remove them, or choose other versions",
			ask: func(q *question) answer {
				name, ok := q.s.nameOfPURL(q.pkg.PURL)
				if !ok {
					return undecided
				}
				return answerOf(p.holds(name.matches))
			}}
	}
	return c
}

func licenseCriterion() *criterion {
	c := &criterion{
		name: "license", about: aboutPackage, form: formPatterns, reads: "packages[].licenses: a package offends if it cannot be used without a licence of the list; with notIn, if it cannot be used under licences of the list alone",
		example: `["AGPL-*", "SSPL-*"]`,
	}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		p := readPatterns(d, n, what, false, parseGlob)
		words := make([]string, len(p.listed))
		for i, g := range p.listed {
			words[i] = g.String()
		}
		text := "p.needs(" + celList(words) + ")"
		if p.not {
			text = "!p.usable(" + celList(words) + ")"
		}
		return test{cel: text, after: " under " + p.words(), lacks: "no known licence", mend: "state the licences, or waive rule and packages; policy %s", remedy: "replace them by others",
			ask: func(q *question) answer {
				if len(q.pkg.Licenses) == 0 {
					return undecided
				}
				if p.not {
					return answerOf(!usable(q.pkg.Licenses, p.listed))
				}
				return answerOf(needs(q.pkg.Licenses, p.listed))
			}}
	}
	return c
}

// needs tells whether a package under all these licences cannot be used without one of the list.
func needs(licenses []string, list []glob) bool {
	return !usableUnder(licenses, func(id string) bool {
		return !slices.ContainsFunc(list, func(g glob) bool { return g.matches(id) })
	})
}

// usable tells whether a package under all these licences can be used under those of the list.
func usable(licenses []string, list []glob) bool {
	return usableUnder(licenses, func(id string) bool {
		return slices.ContainsFunc(list, func(g glob) bool { return g.matches(id) })
	})
}

// fileCriteria are asked of files that deserve a look.
func fileCriteria() []*criterion {
	return []*criterion{
		pathCriterion("setuid", aboutSetuid, "files.setuid: regular files with the setuid bit, the setgid bit or both", `{notIn: ["/usr/bin/passwd"]}`,
			"NeuVector: imageCompliance (setuid/setgid)", "remove the bit (chmod a-s) or the file"),
		pathCriterion("unowned", aboutUnowned, "files.unowned: executable files that no package brought", `{notIn: ["/app/**"]}`, "",
			"bring them with a package, or remove them"),
	}
}

func pathCriterion(name string, about about, reads, example, peers, remedy string) *criterion {
	c := &criterion{name: name, about: about, form: "any, list of patterns of paths, or {notIn: list}", reads: reads, example: example, peers: peers,
		dimensions: []string{filesDimension}}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		p := readPatterns(d, n, what, true, parsePathGlob)
		return test{cel: p.cel("file.path.like(g)"), after: choose(p.any, "", " at "+p.words()), remedy: remedy,
			ask: func(q *question) answer {
				path := absolute(q.file.Path)
				return answerOf(p.holds(func(g glob) bool { return g.matches(path) }))
			}}
	}
	return c
}

// absolute is a path as policies write it.
func absolute(path string) string { return "/" + strings.TrimPrefix(path, "/") }

// findingCriteria are asked of findings that are no vulnerabilities.
func findingCriteria() []*criterion {
	c := &criterion{
		name: "config", about: aboutConfig, form: "list of checks: " + strings.Join(imageconfig.Known(), ", "), reads: "findings of the kind config",
		example: "[user-root]", peers: "StackRox: Image User. NeuVector: runAsRoot",
	}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		checks := d.config(n, what)
		return test{cel: "f.id in " + celList(checks), after: " of " + strings.Join(checks, " or "),
			ask: func(q *question) answer { return answerOf(slices.Contains(checks, q.finding.ID)) }}
	}
	return []*criterion{c}
}
