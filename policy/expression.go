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
	variables   []string
	about       about
	counted     bool // it has loops: what it costs is counted
	readsNow    bool
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
	var ofVulnerability, ofKind bool
	local := localNames(checked)
	celast.PostOrderVisit(checked.Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		switch e.Kind() {
		case celast.ComprehensionKind:
			x.counted = true
		case celast.IdentKind:
			if local[e.ID()] {
				return
			}
			x.variables = append(x.variables, e.AsIdent())
			x.dimensions = append(x.dimensions, dimensionsOf(e.AsIdent())...)
			x.readsNow = x.readsNow || e.AsIdent() == "now"
		case celast.SelectKind:
			operand, member := e.AsSelect().Operand(), e.AsSelect().FieldName()
			if operand.Kind() != celast.IdentKind || local[operand.ID()] {
				return
			}
			switch operand.AsIdent() {
			case "f":
				ofKind = ofKind || member == "kind"
				ofVulnerability = ofVulnerability || !slices.Contains([]string{"kind", "id", "names", "title", "severity", "rated", "status"}, member)
			case "image":
				if slices.Contains([]string{"user", "labels", "env", "exposedPorts", "entrypoint", "healthcheck", "created"}, member) {
					x.dimensions = append(x.dimensions, configDimension)
				}
			}
		}
	}))
	x.about = aboutFinding
	if ofVulnerability && !ofKind {
		x.about = aboutVulnerability
	}
	x.dimensions = sortedSet(x.dimensions)
}

// localNames returns the ids of identifiers that mean what a loop goes over, though a variable may
// be called the same: findings.exists(f, f.kev).
func localNames(checked *celast.AST) map[int64]bool {
	local := map[int64]bool{}
	celast.PostOrderVisit(checked.Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		if e.Kind() != celast.ComprehensionKind {
			return
		}
		loop := e.AsComprehension()
		names := []string{loop.IterVar(), loop.IterVar2(), loop.AccuVar()}
		inside := celast.NewExprVisitor(func(e celast.Expr) {
			if e.Kind() == celast.IdentKind && slices.Contains(names, e.AsIdent()) {
				local[e.ID()] = true
			}
		})
		celast.PostOrderVisit(loop.LoopCondition(), inside)
		celast.PostOrderVisit(loop.LoopStep(), inside)
		celast.PostOrderVisit(loop.Result(), inside)
	}))
	return local
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
	e        *environment
	q        *question
	findings ref.Val
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
		return a.packages(), true
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
	case "workload":
		return notKnown(workloadVariable), true
	default:
		return nil, false
	}
}

// workloadVariable is what runs the image, of which an image's evaluation knows nothing.
const workloadVariable = "workload"

// Parent implements interpreter.Activation.
func (a *activation) Parent() cel.Activation { return nil }

func (a *activation) packages() ref.Val {
	values := make([]ref.Val, 0, len(a.q.s.listed))
	for _, p := range a.q.s.listed {
		if value, ok := a.e.packageOf(a.q.s, p.PURL); ok {
			values = append(values, value)
		}
	}
	return objects(values)
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

func (s *subject) coverageValue() ref.Val {
	states := make(map[string]string, len(s.coverage.States))
	for dimension, state := range s.coverage.States {
		states[dimension] = string(state)
	}
	return mapOf(states)
}

// ask evaluates the expression for a row. What it lacked is returned if it is undecided.
func (x *expression) ask(a *activation, run *evaluation) (answer, []string, error) {
	if x.counted && run.spent > costOfAll {
		return undecided, nil, errTooCostly
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

// errTooCostly is what an evaluation ends in whose expressions cost too much together.
var errTooCostly = evaluationError{nil}

// evaluationError is why an expression gave no answer.
type evaluationError struct{ err error }

func (e evaluationError) Error() string {
	switch {
	case e.err == nil, strings.Contains(e.err.Error(), "cost limit"):
		return "it costs too much to evaluate; write it with fewer loops inside loops"
	default:
		return e.err.Error()
	}
}
