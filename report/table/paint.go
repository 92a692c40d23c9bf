package table

import (
	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/verdict"
)

// style is the parameter of an SGR escape sequence (ECMA-48, 8.3.117). The sixteen colours of
// the terminal's own scheme are used, so that they are legible on dark and on light.
type style string

const (
	plain   style = ""
	bold    style = "1"
	faint   style = "2"
	good    style = "32"
	bad     style = "1;31"
	caution style = "33"
)

// paint colours text, which must be one line.
func (p *page) paint(s style, text string) string {
	if !p.Color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func severityStyle(s advisory.Severity) style {
	switch s {
	case advisory.Critical:
		return bad
	case advisory.High:
		return "31"
	case advisory.Medium:
		return caution
	case advisory.Low:
		return "36"
	case advisory.Negligible:
		return faint
	default:
		return "35"
	}
}

// badge is the style of an outcome that nobody shall overlook: on a coloured ground.
func badge(o verdict.Outcome) style {
	switch o {
	case verdict.Allow:
		return "1;30;42"
	case verdict.Warn:
		return "1;30;43"
	default:
		return "1;97;41"
	}
}
