package policy

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/internal/strictyaml"
	"plimsoll.dev/plimsoll/inventory"
)

// imageCriteria are asked of the image once. In a rule about vulnerabilities or packages they say
// in which images it counts.
func imageCriteria() []*criterion {
	return []*criterion{
		nameCriterion("registry", `["docker.io"]`, "target.repository: what stands before the first slash, docker.io if that names no host", "StackRox: Image Registry. NeuVector: imageRegistry", "%s is a registry that is not allowed",
			"image.registry", func(s *subject) string { return s.image.registry }),
		nameCriterion("repository", `["**/debug/**"]`, "target.repository: what stands after the registry", "StackRox: Image Remote. NeuVector: image", "%s is a repository that is not allowed",
			"image.repository", func(s *subject) string { return s.image.repository }),
		nameCriterion("tag", "[latest]", "the tag of the name that the image has or will have (--as)", "StackRox: Image Tag", "the tag %s is not allowed",
			"image.tag", func(s *subject) string { return s.image.tag }),
		nameCriterion("platform", "{notIn: [linux/amd64, linux/arm64]}", "target.platform", "", "the platform %s is not allowed",
			"image.platform", func(s *subject) string { return s.image.platform }),
		nameCriterion("os", `["alpine:3.1*", "debian:10"]`, "distro.id and versionID, joined by a colon; none if the image has no distribution", "StackRox: Image OS", "the operating system %s is not allowed",
			"image.os", func(s *subject) string { return s.image.os }),
		nameCriterion("base", `{notIn: ["registry.example/base/**"]}`, "target.base.name: the image that it was built from with its tag, as its annotations or labels state it; unknown if they do not", "NeuVector: baseImage", "it is built from %s, which is not allowed",
			"image.base", func(s *subject) string { return s.image.base }),
		configured(nameCriterion("user", "[root]", "target.config.user without the group; root in whatever spelling, also if no user is set", "StackRox: Image User. NeuVector: runAsRoot", "it runs as %s",
			"image.user", func(s *subject) string { return s.image.user })),
		noOSCriterion(), endOfLifeCriterion(), unscannedCriterion(), incompleteCriterion(),
		configured(labelCriterion()), configured(missingLabelCriterion()),
		configured(listCriterion("env", `["DEBUG=**"]`, "target.config.env: NAME=value", "NeuVector: envVars", "it sets the variable %s", "image.env", func(s *subject) []string { return s.config.Env })),
		configured(listCriterion("exposedPort", `["22/*"]`, "target.config.exposedPorts: number/protocol", "", "it exposes the port %s", "image.exposedPorts", func(s *subject) []string { return s.config.ExposedPorts })),
		instructionCriterion(),
		configured(ageCriterion("imageAge", "90d", "target.config.created; a date before containers is not known", "StackRox: Image Age", "it was built %s ago", "image.created", "rebuild it",
			func(s *subject) time.Time { return s.image.created })),
		ageCriterion("scanAge", "72h", "evaluatedAt of the report that is evaluated again: when the image was scanned", "StackRox: Image Scan Age", "it was scanned %s ago", "image.scanned", "scan it again",
			func(s *subject) time.Time { return s.scanned }),
		ageCriterion("databaseAge", "72h", "database.sources[].asOf of the sources that were used: the oldest", "", "its advisories were last checked %s ago", "database.asOf", "use a newer advisory database: plimsoll db build",
			func(s *subject) time.Time { return s.databaseAsOf() }),
		imageSizeCriterion(), layersCriterion(), notPinnedCriterion(),
	}
}

// configured marks a criterion that reads the image's configuration, which what is no image has
// not.
func configured(c *criterion) *criterion {
	c.dimensions = []string{configDimension}
	read := c.read
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		t := read(d, n, what)
		ask := t.ask
		t.ask = func(q *question) answer {
			if !q.s.isImage() {
				return undecided
			}
			return ask(q)
		}
		t.lacks = cmp.Or(t.lacks, "no configuration")
		return t
	}
	return c
}

// nameCriterion compares one name of the image with patterns. It is undecided if there is none.
func nameCriterion(name, example, reads, peers, says, variable string, value func(*subject) string) *criterion {
	c := &criterion{name: name, about: aboutImage, form: formPatterns, reads: reads, example: example, peers: peers}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		p := readPatterns(d, n, what, false, parseGlob)
		return test{cel: p.cel(variable + ".like(g)"), lacks: "no known " + name, after: " whose " + name + " is " + p.words(),
			ask: func(q *question) answer {
				stated := value(q.s)
				if stated == "" {
					return undecided
				}
				return answerOf(p.holds(func(g glob) bool { return g.matches(stated) }))
			},
			says: func(q *question) string { return fmt.Sprintf(says, value(q.s)) }}
	}
	return c
}

// listCriterion compares each member of a list with patterns.
func listCriterion(name, example, reads, peers, says, variable string, values func(*subject) []string) *criterion {
	c := &criterion{name: name, about: aboutImage, form: formPatterns, reads: reads, example: example, peers: peers}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		p := readPatterns(d, n, what, false, parseGlob)
		found := func(q *question) int {
			return slices.IndexFunc(values(q.s), func(v string) bool { return p.holds(func(g glob) bool { return g.matches(v) }) })
		}
		condition := "v.like(g)"
		text := variable + ".exists(v, " + p.cel(condition) + ")"
		return test{cel: text, after: " with " + name + " " + p.words(),
			ask:  func(q *question) answer { return answerOf(found(q) >= 0) },
			says: func(q *question) string { return fmt.Sprintf(says, values(q.s)[found(q)]) }}
	}
	return c
}

// ageCriterion asks whether a moment lies at least that long ago.
func ageCriterion(name, example, reads, peers, says, variable, remedy string, moment func(*subject) time.Time) *criterion {
	c := &criterion{name: name, about: aboutImage, form: "hours or days: at least", reads: reads, example: example, peers: peers}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		limit := d.duration(n, what)
		return test{cel: celAge(variable, limit), lacks: "no known date for " + name, after: " with " + name + " of " + ageText(limit) + " or more", remedy: remedy,
			ask: func(q *question) answer {
				if moment(q.s).IsZero() {
					return undecided
				}
				return answerOf(q.s.age(moment(q.s)) >= limit)
			},
			turns: func(q *question) []time.Time {
				if moment(q.s).IsZero() {
					return nil
				}
				return []time.Time{moment(q.s).Add(limit)}
			},
			says: func(q *question) string { return fmt.Sprintf(says, ageText(q.s.age(moment(q.s)))) }}
	}
	return c
}

func noOSCriterion() *criterion {
	c := &criterion{name: "noOS", about: aboutImage, form: "true", reads: "distro: the image names no distribution", example: "true", peers: "NeuVector: imageNoOS"}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		d.must(n, what)
		return test{cel: `image.os == "none"`, lacks: "no packages that were looked for", after: " without an operating system",
			ask: func(q *question) answer {
				if q.s.image.os == "" {
					return undecided
				}
				return answerOf(q.s.image.os == noOS)
			},
			says: func(*question) string { return "it names no operating system" }}
	}
	return c
}

func endOfLifeCriterion() *criterion {
	c := &criterion{name: "endOfLife", about: aboutImage, form: "true", reads: "distro.eol: the release gets no more fixes; an image without a distribution has none to end", example: "true"}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		d.must(n, what)
		return test{cel: `image.os != "none" && now >= distro.eol`, lacks: "no known end of life", after: " whose release gets no more fixes", remedy: "build on a release that is maintained",
			ask: func(q *question) answer {
				switch end := q.s.image.eol; {
				case q.s.image.os == noOS:
					return no
				case q.s.image.os == "", end.IsZero():
					return undecided
				default:
					return answerOf(!q.s.now.Before(end))
				}
			},
			turns: func(q *question) []time.Time {
				if q.s.image.eol.IsZero() {
					return nil
				}
				return []time.Time{q.s.image.eol}
			},
			says: func(q *question) string {
				return q.s.image.os + " has had no more fixes since " + q.s.image.eol.Format(time.DateOnly)
			}}
	}
	return c
}

func unscannedCriterion() *criterion {
	c := &criterion{name: "unscanned", about: aboutImage, form: "true", reads: "coverage: no packages were looked for, or none could be read", example: "true",
		peers: "StackRox: Unscanned Image. NeuVector: imageScanned"}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		d.must(n, what)
		return test{cel: `!coverage.exists(d, d.startsWith("packages/") && coverage[d] in ["full", "partial"])`, after: " that was not scanned", remedy: "scan it",
			ask: func(q *question) answer {
				return answerOf(!isScanned(q.s.coverage))
			},
			says: func(*question) string { return "its packages were not scanned" }}
	}
	return c
}

func incompleteCriterion() *criterion {
	c := &criterion{name: "incomplete", about: aboutImage, form: "list of dimensions: packages, advisories, files, secret, config, license, or one by its full name",
		reads: "coverage: the dimension is not full", example: "[packages, advisories]"}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		var asked []string
		d.List(n, what, mostItems, func(n *yaml.Node, what string) {
			if s := d.Text(n, what); isDimension(s) {
				asked = append(asked, s)
			} else if s != "" {
				d.Problem(n, "%s is %s; write packages, advisories, files, secret, config, license, or a full name such as packages/rpm", what, strictyaml.Quote(s))
			}
		})
		return test{cel: celList(asked) + ".exists(d, !coverage.complete(d))", after: " that was not seen in full", remedy: "coverage.gaps in the report lists what could not be read",
			ask: func(q *question) answer {
				return answerOf(slices.ContainsFunc(asked, func(d string) bool { return !complete(q.s.coverage, d) }))
			},
			says: func(q *question) string {
				at := slices.IndexFunc(asked, func(d string) bool { return !complete(q.s.coverage, d) })
				return q.s.incompleteWords(asked[at])
			}}
	}
	return c
}

func isDimension(s string) bool {
	whole := []string{"packages", "advisories", filesDimension, "secret", configDimension, "license"}
	return slices.Contains(whole, s) || strings.HasPrefix(s, packagesDimension) || strings.HasPrefix(s, advisoriesDimension)
}

// complete tells whether a dimension, or each whose name begins with it and a slash, is full. One
// that nobody looked at is not.
func complete(c inventory.Coverage, asked string) bool {
	found := false
	for dimension, state := range c.States {
		if dimension == asked || strings.HasPrefix(dimension, asked+"/") {
			if state != inventory.Full {
				return false
			}
			found = true
		}
	}
	return found
}

// labelGlob is a pattern of a label: its key, and its value if one is asked for.
type labelGlob struct {
	key, value glob
	text       string
}

func (g labelGlob) String() string { return g.text }

func parseLabelGlob(s string) (labelGlob, error) {
	key, value, hasValue := strings.Cut(s, "=")
	g := labelGlob{value: "**", text: s}
	var err error
	if g.key, err = parseGlob(key); err == nil && hasValue {
		g.value = glob(value)
		if value != "" {
			g.value, err = parseGlob(value)
		}
	}
	return g, err
}

func (g labelGlob) in(labels map[string]string) bool {
	for key, value := range labels {
		if g.key.matches(key) && g.value.matches(value) {
			return true
		}
	}
	return false
}

func labelCriterion() *criterion {
	c := &criterion{name: "label", about: aboutImage, form: "list of patterns: key, or key=value", reads: "target.config.labels", example: `["stage=debug"]`,
		peers: "StackRox: Disallowed Image Label. NeuVector: labels"}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		p := readPatterns(d, n, what, false, parseLabelGlob)
		return test{cel: p.cel("image.labels.entry(g)"), after: " with the label " + p.words(),
			ask: func(q *question) answer {
				return answerOf(p.holds(func(g labelGlob) bool { return g.in(q.s.config.Labels) }))
			},
			says: func(*question) string { return "it has the label " + p.words() }}
	}
	return c
}

func missingLabelCriterion() *criterion {
	c := &criterion{name: "missingLabel", about: aboutImage, form: "list of patterns: key (its value may be empty), or key=value; each must be there", reads: "target.config.labels",
		example: "[org.opencontainers.image.source]", peers: "StackRox: Required Image Label. NeuVector: labels"}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		var p patterns[labelGlob]
		d.List(n, what, mostItems, func(n *yaml.Node, what string) {
			if g, ok := pattern(d, n, what, parseLabelGlob); ok {
				p.listed = append(p.listed, g)
			}
		})
		missing := func(q *question) int {
			return slices.IndexFunc(p.listed, func(g labelGlob) bool { return !g.in(q.s.config.Labels) })
		}
		text := p.cel("!image.labels.entry(g)")
		return test{cel: text, after: " without the label " + p.words(), remedy: "add the label",
			ask:  func(q *question) answer { return answerOf(missing(q) >= 0) },
			says: func(q *question) string { return "it has no label " + p.listed[missing(q)].text }}
	}
	return c
}

// instructionPattern is a regular expression with its text.
type instructionPattern struct {
	*regexp.Regexp
}

func parseInstruction(s string) (instructionPattern, error) {
	if s == "" || len(s) > longestPattern {
		return instructionPattern{}, fmt.Errorf("pattern %.60q is empty or longer than %d characters", s, longestPattern)
	}
	r, err := regexp.Compile(s)
	if err != nil {
		return instructionPattern{}, fmt.Errorf("pattern %.60q is no regular expression of RE2: %w", s, err)
	}
	return instructionPattern{r}, nil
}

func instructionCriterion() *criterion {
	c := &criterion{name: "instruction", about: aboutImage, form: "list of regular expressions (RE2), or {notIn: list}", reads: "target.instructions: the lines of the Dockerfile, as the image's history tells them",
		example: `["^ADD https?://"]`, peers: "StackRox: Dockerfile Line"}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		p := readPatterns(d, n, what, false, parseInstruction)
		found := func(q *question) int {
			return slices.IndexFunc(q.s.facts.Target.Instructions, func(line string) bool {
				return p.holds(func(g instructionPattern) bool { return g.MatchString(line) })
			})
		}
		return test{cel: "image.instructions.exists(i, " + p.cel("i.matches(g)") + ")", after: " built by " + p.words(), lacks: "no history of how it was built",
			ask: func(q *question) answer {
				if len(q.s.facts.Target.Instructions) == 0 {
					return undecided
				}
				return answerOf(found(q) >= 0)
			},
			says: func(q *question) string {
				return "it is built by " + strictyaml.Quote(q.s.facts.Target.Instructions[found(q)])
			}}
	}
	return c
}

func imageSizeCriterion() *criterion {
	c := &criterion{name: "imageSize", about: aboutImage, form: "whole number and KB, MB, GB, KiB, MiB or GiB: at least", reads: "target.layers[].unpacked: their sum",
		example: "500MB"}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		limit := d.bytes(n, what)
		return test{cel: fmt.Sprintf("image.size >= %d", limit), after: " of " + bytesText(limit) + " or more", lacks: "no known size", remedy: "leave out what nothing needs",
			ask: func(q *question) answer {
				if q.s.image.size == 0 {
					return undecided
				}
				return answerOf(q.s.image.size >= limit)
			},
			says: func(q *question) string { return "it has " + bytesText(q.s.image.size) + " unpacked" }}
	}
	return c
}

func layersCriterion() *criterion {
	c := &criterion{name: "layers", about: aboutImage, form: "whole number: at least", reads: "target.layers: how many", example: "40"}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		limit := d.Whole(n, what)
		return test{cel: fmt.Sprintf("image.layers >= %d", limit), after: fmt.Sprintf(" of %d layers or more", limit), lacks: "no known layers", remedy: "join layers",
			ask: func(q *question) answer {
				if len(q.s.facts.Target.Layers) == 0 {
					return undecided
				}
				return answerOf(len(q.s.facts.Target.Layers) >= limit)
			},
			says: func(q *question) string { return fmt.Sprintf("it has %d layers", len(q.s.facts.Target.Layers)) }}
	}
	return c
}
