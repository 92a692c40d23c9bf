package policy

import (
	"fmt"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/verdict"
)

// doubling makes a value twice as large as the one before, a number of times, and asks something
// of the last: %[1]s stands for the value before.
func doubling(times int, first, double, last string) string {
	text := fmt.Sprintf(last, fmt.Sprintf("a%d", times))
	for i := times; i > 0; i-- {
		text = fmt.Sprintf("[%s].all(a%d, %s)", fmt.Sprintf(double, fmt.Sprintf("a%d", i-1)), i, text)
	}
	return fmt.Sprintf("[%s].all(a0, %s)", first, text)
}

// A short expression must not make much out of little. Kyverno's variables could be built of one
// another until the memory was full (CVE-2026-23881); here CEL took lists that hold one list twice
// for short ones, and compared them for hours.
func TestWhatExpressionsMake(t *testing.T) {
	const refused, bounded = "it could make a value of more than", "it costs too much"
	chain := `optional.of(["x"])`
	for i := range 20 {
		chain += fmt.Sprintf(".optMap(a%d, [a%[1]d, a%[1]d])", i)
	}
	for _, c := range []struct {
		name, expr string
		want       string // a part of the error or message, empty if it is evaluated
	}{
		{"lists of a list (CVE-2026-23881)", doubling(20, "['x']", "[%[1]s, %[1]s]", "%[1]s == %[1]s"), refused},
		{"a list in lists (CVE-2026-23881)", doubling(20, "['x']", "[%[1]s, %[1]s]", "%[1]s in [%[1]s]"), refused},
		{"a list beside itself (CVE-2026-23881)", doubling(20, "['x']", "%[1]s + %[1]s", "%[1]s == %[1]s"), refused},
		{"maps of a map (CVE-2026-23881)", doubling(20, "{'a': 'x'}", "{'a': dyn(%[1]s), 'b': dyn(%[1]s)}", "%[1]s == %[1]s"), refused},
		{"values that may not be there (CVE-2026-23881)", chain + ` == optional.none()`, refused},
		{"texts (CVE-2026-23881)", doubling(20, "'xxxxxxxxxx'", "%[1]s + %[1]s", "%[1]s == %[1]s"), bounded},
		{"all packages for each (CVE-2026-23881)", "packages.map(p, packages) != packages.map(p, packages)", refused},
		{"a few", doubling(5, "['x']", "[%[1]s, %[1]s]", "%[1]s == %[1]s"), ""},
		{"each package asked of each finding", "!findings.exists(f, packages.exists(p, p.purl == f.package.purl && packages.exists(q, q == p)))", ""},
		{"some packages, some of them, and two words of each", "packages.filter(p, p.type == 'apk').filter(p, p.name != 'x').map(p, [p.name, p.version]).size() < 9000", ""},
		{"what each finding is fixed in", "findings.map(f, f.fixedIn).all(l, size(l) < 9)", ""},
		{"a label that may not be there", `image.labels[?"a"].optMap(x, [x, x]).orValue([]) == []`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			policies, err := Parse("p.yaml", []byte("apiVersion: plimsoll.dev/v1\nkind: Policy\nmetadata: {name: x}\nrules:\n  - id: r\n    expr: >-\n      "+c.expr+"\n"))
			if c.want == refused {
				if err == nil || !strings.Contains(err.Error(), refused) {
					t.Errorf("read, with %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			in := image1()
			in.Policies = policies
			got := Evaluate(in).Rules[0]
			if (got.Result == verdict.Error) != (c.want != "") || !strings.Contains(got.Message, c.want) {
				t.Errorf("%s: %s, want %q", got.Result, got.Message, c.want)
			}
		})
	}
}
