package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/internal/strictyaml"
	"plimsoll.dev/plimsoll/verdict"
)

// evidenceCriteria are asked of what is said of the image and was verified. They go with any others,
// as criteria of the image do.
func evidenceCriteria() []*criterion {
	return []*criterion{
		notSignedByCriterion(), missingAttestationCriterion(), notBuiltByCriterion(), sbomMissingCriterion(), verdictMissingCriterion(),
	}
}

// onEvidence makes a criterion deferred until evidence is gathered, and undecided where not enough
// of it could be read.
func onEvidence(c *criterion) *criterion {
	c.about, c.from = aboutImage, verdict.Ship
	c.arrived = func(s *subject) bool { return s.evidence.Gathered }
	read := c.read
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		t := read(d, n, what)
		t.lacks = "evidence that does not say what is asked"
		t.doubt = func(q *question) string {
			if why := q.s.evidence.Incomplete; why != "" {
				return "evidence that could not all be read: " + shortened(why)
			}
			return t.lacks
		}
		return t
	}
	return c
}

// shortened bounds words that came from elsewhere.
func shortened(s string) string { return fmt.Sprintf("%.200s", s) }

func notSignedByCriterion() *criterion {
	c := &criterion{name: "notSignedBy", form: "list of names of the trust, each of whom must have signed; or {anyOf: list, atLeast: whole number}, of whom so many must",
		reads: "evidence: signatures of the image (cosign's), verified; attestations are none", example: "[ci-main]",
		peers: "StackRox: Image Signature Verified By. NeuVector: imageSigned, imageVerifiers"}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		names, least := d.signers(n, what)
		words := strings.Join(names, " and ")
		if least < len(names) {
			words = fmt.Sprintf("%d of %s", least, some(names, ", "))
		}
		return test{cel: fmt.Sprintf("!evidence.signedBy(%s, %d)", celList(names), least), after: " not signed by " + words, remedy: "have it signed by " + words,
			ask:  func(q *question) answer { return not(q.s.signatures(names, least)) },
			says: func(*question) string { return "it is not signed by " + words }}
	}
	return onEvidence(c)
}

// signers reads names who must all have signed, or of whom some must.
func (d *decoder) signers(n *yaml.Node, what string) (names []string, least int) {
	if n.Kind != yaml.MappingNode {
		names = d.names(n, what)
		return names, len(names)
	}
	least = 1
	d.Mapping(n, what,
		strictyaml.Required("anyOf", func(n *yaml.Node, what string) { names = d.names(n, what) }),
		strictyaml.Optional("atLeast", func(n *yaml.Node, what string) { least = d.Whole(n, what) }))
	if least > len(names) && d.Clean() {
		d.Problem(n, "%s asks for %d of %d names, which nobody can meet", what, least, len(names))
	}
	return names, least
}

// names reads names of the trust, each once.
func (d *decoder) names(n *yaml.Node, what string) (names []string) {
	d.List(n, what, mostItems, func(n *yaml.Node, what string) {
		name := d.Text(n, what)
		if slices.Contains(names, name) {
			d.Problem(n, "%s names %s twice; keep one of them", what, strictyaml.Quote(name))
		}
		names = append(names, name)
	})
	d.named = append(d.named, names...)
	return names
}

// celBy is the condition that one of the names, or anybody, has signed the attestation.
func celBy(names []string) string {
	if len(names) == 0 {
		return "size(e.signers) > 0"
	}
	return "e.signers.exists(s, s in " + celList(names) + ")"
}

// byWords says who must have signed.
func byWords(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " signed by " + orList(names)
}

func missingAttestationCriterion() *criterion {
	c := &criterion{name: "missingAttestation", form: "{type: pattern of predicate types, by: list of names of the trust}; by: one of them must have signed it; not given: anybody whom the trust names for it",
		reads: "evidence: predicate types and who signed", example: `{type: "https://in-toto.io/attestation/test-result/**", by: [ci-main]}`}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		var kind glob
		var by []string
		d.Mapping(n, what,
			strictyaml.Required("type", func(n *yaml.Node, what string) { kind, _ = pattern(d, n, what, parseGlob) }),
			strictyaml.Optional("by", func(n *yaml.Node, what string) { by = d.names(n, what) }))
		words := " without an attestation " + string(kind) + byWords(by)
		return test{cel: "!evidence.exists(e, e.predicateType.like(" + celString(string(kind)) + ") && " + celBy(by) + ")",
			after: words, remedy: "have it attested: plimsoll attest", verdicts: kind.matches(verdictPredicate),
			ask: func(q *question) answer {
				return not(q.s.anyEvidence(func(a *Attestation) answer { return answerOf(kind.matches(a.PredicateType) && a.by(by)) }))
			},
			says: func(*question) string { return "it has no attestation " + string(kind) + byWords(by) }}
	}
	return onEvidence(c)
}

// built is what provenance has to say.
type built struct {
	builder, source, ref []glob
	level                int // at least; 0 if none is asked for
	by                   []string
}

// celOneOf is the condition that a text is like one of the patterns.
func celOneOf(member string, list []glob) string {
	return patterns[glob]{listed: list}.cel(member + ".like(g)")
}

func (o *built) cel() string {
	conditions := []string{"e.predicateType in " + celList(ProvenancePredicates()), celBy(o.by)}
	for _, part := range o.parts() {
		if len(part.listed) > 0 {
			conditions = append(conditions, celOneOf("e."+part.member, part.listed))
		}
	}
	if o.level > 0 {
		conditions = append(conditions, fmt.Sprintf("e.buildLevel >= %d", o.level))
	}
	return "!evidence.exists(e, " + strings.Join(conditions, " && ") + ")"
}

// builtPart is one of the things that provenance has to say.
type builtPart struct {
	member string
	listed []glob
	get    func(a *Attestation) string
}

func (o *built) parts() []builtPart {
	return []builtPart{
		{"builder", o.builder, func(a *Attestation) string { return a.Builder }},
		{"sourceRepository", o.source, func(a *Attestation) string { return a.SourceRepository }},
		{"sourceRef", o.ref, func(a *Attestation) string { return a.SourceRef }},
	}
}

// proven answers whether an attestation says so; undecided if it is provenance that leaves something
// out.
func (o *built) proven(a *Attestation) answer {
	if !slices.Contains(ProvenancePredicates(), a.PredicateType) || !a.by(o.by) || a.BuildLevel < o.level {
		return no
	}
	result := yes
	for _, part := range o.parts() {
		stated := part.get(a)
		switch {
		case len(part.listed) == 0:
		case stated == "":
			result = min(result, undecided)
		default:
			result = min(result, answerOf(slices.ContainsFunc(part.listed, func(g glob) bool { return g.matches(stated) })))
		}
	}
	return result
}

func (o *built) words() string {
	var words []string
	for _, part := range []struct {
		before string
		listed []glob
	}{{"by ", o.builder}, {"from ", o.source}, {"at ", o.ref}} {
		if len(part.listed) > 0 {
			words = append(words, part.before+patterns[glob]{listed: part.listed}.words())
		}
	}
	if o.level > 0 {
		words = append(words, fmt.Sprintf("at SLSA build level %d", o.level))
	}
	return strings.Join(words, " ")
}

func notBuiltByCriterion() *criterion {
	c := &criterion{name: "notBuiltBy", form: "{builder: list of patterns, source: list of patterns, ref: list of patterns, level: 1 to 3, by: list of names of the trust}: at least one of the first four; level: at least; by: who must have signed it",
		reads:   "evidence: SLSA provenance: the builder's URI, the source's URL without git+, its ref such as refs/heads/main; the level that the trust gives the builder",
		example: `{builder: ["https://ci.example/**"], source: ["https://git.example/**"], ref: ["refs/heads/main"], by: [ci-main]}`}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		var o built
		globs := func(into *[]glob) func(*yaml.Node, string) {
			return func(n *yaml.Node, what string) {
				d.List(n, what, mostItems, func(n *yaml.Node, what string) {
					if g, ok := pattern(d, n, what, parseGlob); ok {
						*into = append(*into, g)
					}
				})
			}
		}
		d.Mapping(n, what, strictyaml.Optional("builder", globs(&o.builder)), strictyaml.Optional("source", globs(&o.source)),
			strictyaml.Optional("ref", globs(&o.ref)),
			strictyaml.Optional("level", func(n *yaml.Node, what string) { o.level = d.level(n, what) }), strictyaml.Optional("by", func(n *yaml.Node, what string) { o.by = d.names(n, what) }))
		if n.Kind == yaml.MappingNode && len(o.builder)+len(o.source)+len(o.ref)+o.level == 0 && d.Clean() {
			d.Problem(n, "%s says neither builder nor source, ref or level; name what its provenance must say", what)
		}
		return test{cel: o.cel(), after: " not built " + o.words() + " as provenance" + byWords(o.by) + " has it", remedy: "build it there, and have its builder attest the provenance",
			ask: func(q *question) answer { return not(q.s.anyEvidence(o.proven)) },
			says: func(*question) string {
				return "no provenance" + byWords(o.by) + " says that it was built " + o.words()
			}}
	}
	return onEvidence(c)
}

// level reads a build level of SLSA, of which there are three.
func (d *decoder) level(n *yaml.Node, what string) int {
	const highest = 3
	level := d.Whole(n, what)
	if level > highest {
		d.Problem(n, "%s is %d; SLSA has build levels 1 to %d", what, level, highest)
	}
	return level
}

func sbomMissingCriterion() *criterion {
	c := &criterion{name: "sbomMissing", form: "true", reads: "evidence: a signed bill of materials (CycloneDX, SPDX) that says it is complete", example: "true"}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		d.must(n, what)
		return test{cel: "!evidence.exists(e, e.predicateType in " + celList(SBOMPredicates()) + " && size(e.signers) > 0 && e.sbom.complete)",
			after: " without a complete and signed bill of materials", remedy: "attest a complete bill of materials: plimsoll attest IMAGE --predicate sbom-cyclonedx",
			ask: func(q *question) answer {
				return not(q.s.anyEvidence(func(a *Attestation) answer {
					switch {
					case !slices.Contains(SBOMPredicates(), a.PredicateType) || len(a.Signers) == 0:
						return no
					case a.SBOM == nil:
						return undecided
					default:
						return answerOf(a.SBOM.Complete)
					}
				}))
			},
			says: func(*question) string { return "it has no complete and signed bill of materials" }}
	}
	return onEvidence(c)
}

// wantedVerdict is a verdict that a rule asks for.
type wantedVerdict struct {
	by     []string
	maxAge time.Duration // 0 if none is asked for
}

func verdictMissingCriterion() *criterion {
	c := &criterion{name: "verdictMissing", form: "{by: list of names of the trust, maxAge: hours or days}: one of them must have signed it; both may be left out, {}",
		reads:   "evidence: the newest signed verdict, which must have passed, be valid still, and not be older; of equally new ones, one that failed. Ask for the verdict of another policy: the first under this one has failed, for there was none",
		example: "{by: [ci-main], maxAge: 24h}"}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		var w wantedVerdict
		d.Mapping(n, what,
			strictyaml.Optional("by", func(n *yaml.Node, what string) { w.by = d.names(n, what) }),
			strictyaml.Optional("maxAge", func(n *yaml.Node, what string) { w.maxAge = d.duration(n, what) }))
		words := byWords(w.by) + choose(w.maxAge > 0, " at most "+ageText(w.maxAge)+" ago", "")
		return test{cel: w.cel(), after: " without a valid verdict that it passed" + words, remedy: "check it again, and attest the verdict: plimsoll attest IMAGE",
			ask: func(q *question) answer {
				return not(q.s.anyEvidence(func(a *Attestation) answer { return w.met(q.s, a) }))
			},
			turns: w.turns, verdicts: true,
			says: func(q *question) string { return w.says(q.s, words) }}
	}
	return onEvidence(c)
}

func (w *wantedVerdict) is(a *Attestation) bool {
	return a.PredicateType == verdictPredicate && a.by(w.by)
}

// met answers whether an attestation is a verdict that is wanted, and none as new that failed, ended or
// is too old: the newest counts.
func (w *wantedVerdict) met(s *subject, a *Attestation) answer {
	result := min(answerOf(w.is(a)), a.passed(), w.fresh(s, a))
	if s.evidence.Incomplete != "" {
		result = min(result, undecided) // a newer one that failed may be there
	}
	for i := range s.evidence.Items {
		other := &s.evidence.Items[i]
		result = min(result, max(answerOf(!w.is(other)), other.olderThan(a), min(other.passed(), w.fresh(s, other))))
	}
	return result
}

// says why the newest verdict that is wanted does not do.
func (w *wantedVerdict) says(s *subject, words string) string {
	var newest *Attestation
	for i := range s.evidence.Items {
		if a := &s.evidence.Items[i]; w.is(a) && (newest == nil || a.StatedAt.After(newest.StatedAt) || a.StatedAt.Equal(newest.StatedAt) && a.passed() == no) {
			newest = a
		}
	}
	text := "it has no valid verdict that it passed" + words
	switch {
	case newest == nil:
		return text + ": it has none"
	case newest.passed() == no:
		return text + ": by the newest, of " + formatTime(newest.StatedAt) + ", it failed"
	case newest.Verdict != nil && !newest.Verdict.ValidUntil.IsZero() && !s.now.Before(newest.Verdict.ValidUntil):
		return text + ": the newest was valid until " + formatTime(newest.Verdict.ValidUntil)
	default:
		return text + ": the newest is of " + formatTime(newest.made())
	}
}

func (a *Attestation) passed() answer {
	if a.Verdict == nil || a.Verdict.Result == "" {
		return undecided
	}
	return answerOf(a.Verdict.Result == passedResult)
}

func (a *Attestation) olderThan(other *Attestation) answer {
	if a.StatedAt.IsZero() || other.StatedAt.IsZero() {
		return undecided
	}
	return answerOf(a.StatedAt.Before(other.StatedAt))
}

// fresh answers whether a verdict is valid still, and not too old.
func (w *wantedVerdict) fresh(s *subject, a *Attestation) answer {
	result := yes
	if a.Verdict != nil && !a.Verdict.ValidUntil.IsZero() {
		result = answerOf(s.now.Before(a.Verdict.ValidUntil))
	}
	switch {
	case w.maxAge == 0:
		return result
	case a.made().IsZero():
		return min(result, undecided)
	default:
		return min(result, answerOf(s.age(a.made()) < w.maxAge))
	}
}

func (w *wantedVerdict) turns(q *question) []time.Time {
	var moments []time.Time
	for i := range q.s.evidence.Items {
		a := &q.s.evidence.Items[i]
		if !w.is(a) {
			continue
		}
		if a.Verdict != nil && !a.Verdict.ValidUntil.IsZero() {
			moments = append(moments, a.Verdict.ValidUntil)
		}
		if w.maxAge > 0 && !a.made().IsZero() {
			moments = append(moments, a.made().Add(w.maxAge))
		}
	}
	return moments
}

func (w *wantedVerdict) cel() string {
	is := "e.predicateType == " + celString(verdictPredicate) + " && " + celBy(w.by)
	other := strings.NewReplacer("e.predicateType", "o.predicateType", "e.signers", "o.signers").Replace(is)
	good := `e.verdict.result == "PASSED" && (!has(e.verdict.validUntil) || now < e.verdict.validUntil)`
	if w.maxAge > 0 {
		good += " && now - e.made < " + celDuration(w.maxAge)
	}
	return "!evidence.exists(e, " + is + " && " + good + " && evidence.all(o, !(" + other + ") || o.statedAt < e.statedAt || " +
		strings.NewReplacer("e.verdict", "o.verdict", "e.made", "o.made").Replace(good) + "))"
}

// notPinnedCriterion asks of the name that was asked for, which is no evidence.
func notPinnedCriterion() *criterion {
	c := &criterion{name: "notPinned", about: aboutImage, form: "true", reads: "the name that was asked for: it has no digest, so whoever may move its tag may change what it means", example: "true"}
	c.read = func(d *decoder, n *yaml.Node, what string) test {
		d.must(n, what)
		return test{cel: "!image.pinned", lacks: "no known name", after: " that is not named by digest", remedy: "name it by its digest: NAME@sha256:DIGEST",
			ask: func(q *question) answer {
				if q.s.image.repository == "" {
					return undecided
				}
				return answerOf(!q.s.image.pinned)
			},
			says: func(*question) string { return "it is not named by its digest" }}
	}
	return c
}
