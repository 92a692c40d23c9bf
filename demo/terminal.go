package main

import "fmt"

// The terminal's colours (ECMA-48, Select Graphic Rendition).
const (
	bold  = "\x1b[1m"
	red   = "\x1b[1;31m"
	green = "\x1b[1;32m"
	plain = "\x1b[0m"
)

// say prints a heading.
func (d *demo) say(format string, args ...any) {
	fmt.Fprintln(d.out, d.paint(bold, fmt.Sprintf(format, args...)))
}

// decision is red or green.
func (d *demo) decision(status int) string {
	if status == allowed {
		return d.paint(green, decision(status))
	}
	return d.paint(red, decision(status))
}

func (d *demo) paint(color, text string) string {
	if !d.color {
		return text
	}
	return color + text + plain
}
