package policy

import (
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// expression is an expression in CEL that was checked against the environment.
type expression struct {
	text        string
	environment *environment
	program     cel.Program
	dimensions  []string // of the coverage that it reads
	sources     []string // of the database, that it asks
	variables   []string
	about       about
	counted     bool // it has loops: what it costs is counted
	// loose tells that it speaks of the evidence other than by asking each, or by our functions: where
	// not all could be read, such as its number has no answer.
	loose    bool
	readsNow bool
}

// What expressions may cost, in CEL's units: about one for each operation.
const (
	costOfOne = 2_000_000  // one expression, over all rows
	costOfAll = 20_000_000 // all expressions of an evaluation
)

// compile checks an expression, whose result must be true or false.
func (e *environment) compile(text string) (*expression, *cel.Issues, error) {
	checked, issues := e.cel.Compile(text)
	if issues != nil && issues.Err() != nil {
		return nil, issues, nil
	}
	if out := checked.OutputType(); !out.IsExactType(types.BoolType) {
		return nil, nil, notTruth{out.String()}
	}
	if weigh(checked.NativeRep()) > heaviest {
		return nil, nil, tooHeavy{}
	}
	x := &expression{text: text, environment: e, about: aboutImage}
	x.inspect(checked.NativeRep())
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if x.counted {
		options = []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize, cel.OptTrackCost), cel.CostLimit(costOfOne)}
	}
	var err error
	x.program, err = e.cel.Program(checked, options...)
	return x, nil, err
}

// notTruth is the type of an expression that is neither true nor false.
type notTruth struct{ is string }

func (e notTruth) Error() string { return "it gives a " + e.is + ", and not true or false" }

// inspect finds out what an expression speaks of.
func (x *expression) inspect(checked *celast.AST) {
	var found mentions
	found.walk(checked.Expr(), nil)
	x.counted, x.variables, x.readsNow, x.loose = found.loops, found.variables, slices.Contains(found.variables, "now"), found.loose
	for _, name := range found.variables {
		x.dimensions = append(x.dimensions, dimensionsOf(name)...)
	}
	if slices.ContainsFunc(found.members["image"], func(m string) bool {
		return slices.Contains([]string{"user", "labels", "env", "exposedPorts", "entrypoint", "healthcheck", "created"}, m)
	}) {
		x.dimensions = append(x.dimensions, configDimension)
	}
	x.dimensions, x.sources = sortedSet(x.dimensions), sortedSet(found.sources)
	// A member that only vulnerabilities have makes it a question about vulnerabilities, unless it
	// asks of which kind a finding is.
	x.about = aboutFinding
	ofVulnerability := slices.ContainsFunc(found.members["f"], func(m string) bool {
		return !slices.Contains([]string{"kind", "id", "names", "title", "severity", "rated", "status"}, m)
	})
	if ofVulnerability && !slices.Contains(found.members["f"], "kind") {
		x.about = aboutVulnerability
	}
}

// mentions are the variables of the environment that an expression names, and the members of
// theirs. What a loop calls by the same name is another variable.
type mentions struct {
	loops     bool
	loose     bool // of the evidence
	variables []string
	sources   []string
	members   map[string][]string
}

func (m *mentions) walk(e celast.Expr, bound []string) {
	switch e.Kind() {
	case celast.IdentKind:
		if name := e.AsIdent(); !slices.Contains(bound, name) {
			m.variables = append(m.variables, name)
			m.loose = m.loose || name == evidenceVariable
		}
	case celast.SelectKind:
		operand := e.AsSelect().Operand()
		if member := e.AsSelect().FieldName(); member == exploitedSource || member == scoreSource {
			m.sources = append(m.sources, member) // the member of a finding is called as its source
		}
		if operand.Kind() == celast.IdentKind && !slices.Contains(bound, operand.AsIdent()) {
			if m.members == nil {
				m.members = map[string][]string{}
			}
			m.members[operand.AsIdent()] = append(m.members[operand.AsIdent()], e.AsSelect().FieldName())
		}
		m.walk(operand, bound)
	case celast.CallKind:
		if call := e.AsCall(); call.IsMemberFunction() && !(call.FunctionName() == "signedBy" && m.eachOf(call.Target(), bound)) {
			m.walk(call.Target(), bound)
		}
		m.walkAll(e.AsCall().Args(), bound)
	case celast.ListKind:
		m.walkAll(e.AsList().Elements(), bound)
	case celast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			m.walkAll([]celast.Expr{entry.AsMapEntry().Key(), entry.AsMapEntry().Value()}, bound)
		}
	case celast.StructKind:
		for _, entry := range e.AsStruct().Fields() {
			m.walk(entry.AsStructField().Value(), bound)
		}
	case celast.ComprehensionKind:
		m.loops = true
		loop := e.AsComprehension()
		if !m.eachOf(loop.IterRange(), bound) {
			m.walk(loop.IterRange(), bound)
		}
		m.walk(loop.AccuInit(), bound)
		inside := append(slices.Clone(bound), loop.IterVar(), loop.IterVar2(), loop.AccuVar())
		m.walkAll([]celast.Expr{loop.LoopCondition(), loop.LoopStep(), loop.Result()}, inside)
	}
}

// eachOf tells whether an expression is the evidence, and notes that it is spoken of.
func (m *mentions) eachOf(e celast.Expr, bound []string) bool {
	is := e.Kind() == celast.IdentKind && e.AsIdent() == evidenceVariable && !slices.Contains(bound, evidenceVariable)
	if is {
		m.variables = append(m.variables, evidenceVariable)
	}
	return is
}

func (m *mentions) walkAll(list []celast.Expr, bound []string) {
	for _, e := range list {
		m.walk(e, bound)
	}
}

// dimensionsOf returns the dimensions of coverage that a variable's truth depends on.
func dimensionsOf(name string) []string {
	switch name {
	case "packages":
		return []string{packagesDimension}
	case "findings":
		return []string{packagesDimension, advisoriesDimension}
	case "files":
		return []string{filesDimension}
	default:
		return nil
	}
}

// expressionLife is how long a verdict counts at most that rests on an expression which reads the
// time: when its answer changes cannot be told.
const expressionLife = 24 * time.Hour

// evaluation is one run over a subject: it counts what expressions cost.
type evaluation struct {
	spent uint64
}

// activation is the variables of one evaluation of an expression.
type activation struct {
	e                  *environment
	q                  *question
	findings, packages ref.Val // made when they are first named
	loose              bool    // the evidence is unknown as a whole where not all could be read
	more               bool    // one more attestation, of which nothing is known, is among the evidence
}

// ResolveName implements interpreter.Activation.
func (a *activation) ResolveName(name string) (any, bool) {
	s, e := a.q.s, a.e
	switch name {
	case "f":
		return e.findingOf(a.q), true
	case "p":
		p, ok := e.packageOf(s, a.q.pkg.PURL)
		if !ok {
			return notKnown("Package.purl"), true
		}
		return p, true
	case "file":
		return &object{e.file, a.q.file}, true
	case "image":
		return &object{e.image, s}, true
	case "distro":
		return &object{e.distro, s}, true
	case "packages":
		return a.all(), true
	case "findings":
		return a.open(), true
	case "files":
		return &object{e.files, s}, true
	case "coverage":
		return s.coverageValue(), true
	case "database":
		return &object{e.database, s}, true
	case "now":
		return types.Timestamp{Time: s.now}, true
	case evidenceVariable:
		return a.evidence(), true
	case "workload":
		return notKnown(workloadVariable), true
	default:
		return nil, false
	}
}

// workloadVariable is what runs the image, of which an image's evaluation knows nothing.
const workloadVariable = "workload"

// evidenceVariable is what is said of the image and was verified; incompleteEvidence is what an
// expression lacks where not all of it could be read.
const (
	evidenceVariable   = "evidence"
	incompleteEvidence = "complete evidence"
)

// Parent implements interpreter.Activation.
func (a *activation) Parent() cel.Activation { return nil }

// all returns the packages.
func (a *activation) all() ref.Val {
	if a.packages == nil {
		values := make([]ref.Val, 0, len(a.q.s.listed))
		for _, p := range a.q.s.listed {
			if value, ok := a.e.packageOf(a.q.s, p.PURL); ok {
				values = append(values, value)
			}
		}
		a.packages = objects(values)
	}
	return a.packages
}

// open returns the findings that count.
func (a *activation) open() ref.Val {
	if a.findings == nil {
		var values []ref.Val
		for i := range a.q.s.findings {
			if f := &a.q.s.findings[i]; a.q.view.open(f) {
				q := *a.q
				q.finding = f
				values = append(values, a.e.findingOf(&q))
			}
		}
		a.findings = objects(values)
	}
	return a.findings
}

// evidence returns what was verified.
func (a *activation) evidence() ref.Val {
	known := &a.q.s.evidence
	switch {
	case !known.Gathered:
		return notKnown(evidenceVariable)
	case known.Incomplete != "" && a.loose:
		return notKnown(incompleteEvidence)
	}
	values := make([]ref.Val, 0, len(known.Items)+1)
	for i := range known.Items {
		values = append(values, &object{a.e.attestation, &known.Items[i]})
	}
	if a.more {
		values = append(values, notKnown(incompleteEvidence))
	}
	return objects(values)
}

func (s *subject) coverageValue() ref.Val {
	states := make(map[string]string, len(s.coverage.States))
	for dimension, state := range s.coverage.States {
		states[dimension] = string(state)
	}
	return mapOf(states)
}

// ask evaluates the expression for a row. What it lacked is returned if it is undecided. Where not
// all evidence could be read there may be none besides or more: the answer must be the same both
// ways.
func (x *expression) ask(a *activation, run *evaluation) (answer, []string, error) {
	a.loose, a.more = x.loose, false
	result, lacks, err := x.once(a, run)
	if err != nil || a.q.s.evidence.Incomplete == "" || !slices.Contains(x.variables, evidenceVariable) {
		return result, lacks, err
	}
	a.more = true
	more, lacksMore, err := x.once(a, run)
	if more == result {
		return result, lacks, err
	}
	return undecided, sortedSet(append(append(lacks, lacksMore...), incompleteEvidence)), err
}

func (x *expression) once(a *activation, run *evaluation) (answer, []string, error) {
	if x.counted && run.spent > costOfAll {
		return undecided, nil, evaluationError{}
	}
	result, details, err := x.program.Eval(a)
	if details != nil {
		if cost := details.ActualCost(); cost != nil {
			run.spent += *cost
		}
	}
	switch value := result.(type) {
	case types.Bool:
		return answerOf(bool(value)), nil, nil
	case *types.Unknown:
		return undecided, missingNames(value), nil
	default:
		return undecided, nil, evaluationError{err}
	}
}

// evaluationError is why an expression gave no answer; without an error it costs too much.
type evaluationError struct{ err error }

func (e evaluationError) Error() string {
	switch {
	case e.err == nil, strings.Contains(e.err.Error(), "cost limit"):
		return "it costs too much to evaluate; write it with fewer loops inside loops"
	default:
		return e.err.Error()
	}
}
