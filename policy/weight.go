package policy

import (
	"fmt"
	"maps"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// What an expression may make of what it is given. CEL counts the steps of an evaluation, and takes
// a list that holds one list twice for one of two elements: twenty such inside one another are a
// million elements, and comparing them is one step. So what an expression could make at most is
// worked out before it is evaluated (CVE-2026-23881 was of this kind, in another language).
const (
	heaviest   = 16_384 // what may be made, in values
	manyValues = 1_000  // what the lists of an image count as: packages, findings
	someValues = 10     // what a list in a member counts as: licences, versions
	unbounded  = 1 << 30
)

// tooHeavy is an expression that could make more than may be made.
type tooHeavy struct{}

func (tooHeavy) Error() string {
	return fmt.Sprintf("it could make a value of more than %d parts, out of lists within lists; ask of each package or finding instead of gathering them", heaviest)
}

// weigher works out how many parts a value has at most.
type weigher struct {
	checked *celast.AST
	bound   map[string]int // what the names of loops stand for
	most    int            // the heaviest value so far
}

func weigh(checked *celast.AST) int {
	w := weigher{checked: checked, bound: map[string]int{}}
	w.weigh(checked.Expr())
	return w.most
}

func (w *weigher) weigh(e celast.Expr) int {
	weight := min(w.parts(e), unbounded)
	if isSimple(w.checked.GetType(e.ID())) {
		weight = 1
	}
	w.most = max(w.most, weight)
	return weight
}

// isSimple tells whether a value of a type has no parts: what it costs to make a text CEL counts.
func isSimple(t *types.Type) bool {
	switch t.Kind() {
	case types.ListKind, types.MapKind, types.OpaqueKind, types.DynKind, types.AnyKind, types.TypeParamKind:
		return false
	default:
		return true
	}
}

func (w *weigher) parts(e celast.Expr) int {
	switch e.Kind() {
	case celast.IdentKind:
		if weight, bound := w.bound[e.AsIdent()]; bound {
			return weight
		}
		return manyValues
	case celast.SelectKind:
		operand := w.weigh(e.AsSelect().Operand())
		return max(operand, someValues)
	case celast.CallKind:
		weight := w.sum(e.AsCall().Args())
		if e.AsCall().IsMemberFunction() {
			weight += w.weigh(e.AsCall().Target())
		}
		return weight
	case celast.ListKind:
		return w.sum(e.AsList().Elements())
	case celast.MapKind:
		weight := 0
		for _, entry := range e.AsMap().Entries() {
			weight += w.weigh(entry.AsMapEntry().Key()) + w.weigh(entry.AsMapEntry().Value())
		}
		return weight
	case celast.StructKind:
		weight := 0
		for _, field := range e.AsStruct().Fields() {
			weight += w.weigh(field.AsStructField().Value())
		}
		return weight
	case celast.ComprehensionKind:
		return w.loop(e.AsComprehension())
	default:
		return 1
	}
}

func (w *weigher) sum(list []celast.Expr) int {
	weight := 0
	for _, e := range list {
		weight = min(weight+w.weigh(e), unbounded)
	}
	return weight
}

// loop weighs what a loop gathers: its macros let each turn add something to what there is, so it
// is what a turn adds, for each element.
func (w *weigher) loop(loop celast.ComprehensionExpr) int {
	over := w.weigh(loop.IterRange())
	start := w.weigh(loop.AccuInit())
	outer := w.bound
	defer func() { w.bound = outer }()
	w.bind(outer, loop, over, 0)
	w.weigh(loop.LoopCondition())
	gathered := min(start+max(1, over)*w.weigh(loop.LoopStep()), unbounded)
	w.bind(outer, loop, over, gathered)
	return w.weigh(loop.Result())
}

// bind gives the names of a loop their weights: an element is at most as heavy as the whole.
func (w *weigher) bind(outer map[string]int, loop celast.ComprehensionExpr, element, gathered int) {
	w.bound = maps.Clone(outer)
	w.bound[loop.IterVar()], w.bound[loop.IterVar2()], w.bound[loop.AccuVar()] = element, element, gathered
}
