package policy

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"plimsoll.dev/plimsoll/internal/strictyaml"
)

// where reads an expression that is asked of each finding.
func (d *decoder) where(n *yaml.Node, what string, r *rule) {
	r.about = aboutFinding
	if x := d.expression(n, what, r); x != nil {
		r.about = x.about
	}
}

// expr reads an expression that must hold of the image.
func (d *decoder) expr(n *yaml.Node, what string, r *rule) {
	r.about = aboutImage
	if x := d.expression(n, what, r); x != nil && slices.Contains(x.variables, "f") {
		d.Problem(n, "%s speaks of f, the finding that is asked about, and is asked of the image; write where, or speak of findings", what)
	}
}

func (d *decoder) expression(n *yaml.Node, what string, r *rule) *expression {
	text, ok := d.Word(n, what)
	if !ok {
		return nil
	}
	if len(text) > longestExpression {
		d.Problem(n, "%s is longer than %d characters; write several rules", what, longestExpression)
		return nil
	}
	if d.compiler == nil {
		made, err := newEnvironment()
		if err != nil {
			d.Problem(n, "%s cannot be checked: %s", what, err)
			return nil
		}
		d.compiler = made
	}
	x, issues, err := d.compiler.compile(text)
	switch {
	case issues != nil:
		for _, issue := range issues.Errors() {
			line, column := d.positionIn(n, issue.Location.Line(), issue.Location.Column())
			d.At(line, column, "%s: %s", what, d.compiler.explain(issue.Message))
		}
		return nil
	case err != nil:
		d.Problem(n, "%s: %s", what, err)
		return nil
	}
	r.expression = x
	return x
}

// positionIn returns where in the file a place of an expression is. CEL's lines are from 1, its
// columns from 0.
func (d *decoder) positionIn(n *yaml.Node, line, column int) (inFile, columnInFile int) {
	line, column = max(line, 1), max(column, 0)
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		lines := bytes.Split(d.Data(), []byte("\n"))
		at := min(n.Line+line-1, len(lines)-1)
		indent := len(lines[at]) - len(bytes.TrimLeft(lines[at], " "))
		return at + 1, indent + column + 1
	case line > 1: // a text over several lines
		return n.Line + line - 1, column + 1
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		return n.Line, n.Column + 1 + column
	default:
		return n.Line, n.Column + column
	}
}

// explain says more about what CEL complains of: the nearest name that it knows.
func (e *environment) explain(message string) string {
	if m := regexp.MustCompile(`^undefined field '([^']*)'`).FindStringSubmatch(message); m != nil {
		var known []string
		for _, o := range e.objects {
			for _, member := range o.members {
				known = append(known, member.name)
			}
		}
		return "there is no member " + strictyaml.Quote(m[1]) + "; the nearest known one is " + strictyaml.Quote(strictyaml.Nearest(m[1], known))
	}
	if m := regexp.MustCompile(`^undeclared reference to '([^']*)'`).FindStringSubmatch(message); m != nil {
		var known []string
		for _, v := range e.variables {
			known = append(known, v.name)
		}
		for _, f := range e.functionList() {
			known = append(known, f.name)
		}
		return "there is no variable or function " + strictyaml.Quote(m[1]) + "; the nearest known one is " + strictyaml.Quote(strictyaml.Nearest(m[1], known))
	}
	return strings.ReplaceAll(message, "\n", " ")
}
