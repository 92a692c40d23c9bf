// Package progress shows on one line of a terminal how far a long reading has come:
//
//	scanning registry.example/app:1.2  7/18 layers  312 of 588 MB  2.1 s left
//
// The line appears after a second, so that what is quick leaves no trace; it is redrawn at most
// ten times a second, and cleared at the end. It is drawn by whoever reports progress: there is
// no goroutine to wait for, and a line that stands still means that nothing is read. Where there
// is no terminal, nothing is written at all.
package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/text"
)

const (
	// patience is how long nothing is shown.
	patience = time.Second
	// interval is the least time between two drawings.
	interval = 100 * time.Millisecond
	// erase returns to the start of the line and clears it (ECMA-48, 8.3.41: EL).
	erase = "\r\x1b[K"
	// defaultWidth is that of a terminal that does not tell.
	defaultWidth = 80
)

// Options say what is shown, and whether.
type Options struct {
	Terminal bool             // false: nothing is ever written
	Subject  string           // what is scanned; may be of any length and come from anybody
	Width    int              // columns of the terminal; 80 if 0
	Now      func() time.Time // time.Now if nil
}

// Line is the line of progress. Its methods may be called from several goroutines; before Start
// and after Stop they do nothing.
type Line struct {
	w       io.Writer
	options Options
	done    atomic.Int64 // bytes

	mutex      sync.Mutex // guards what follows, and the writing
	running    bool
	next       time.Duration // no drawing before this time since start
	drawn      bool
	start      time.Time
	total      int64
	layers     int
	layersDone int
}

// New returns a line that is written to w.
func New(w io.Writer, options Options) *Line {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Width <= 0 {
		options.Width = defaultWidth
	}
	return &Line{w: w, options: options}
}

// Start says how much there is to read; bytes is 0 if that is not known. The clock runs from
// here. A second Start begins anew.
func (l *Line) Start(bytes int64, layers int) {
	if !l.options.Terminal {
		return
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.start = l.options.Now()
	l.total, l.layers, l.layersDone = bytes, layers, 0
	l.running = true
	l.done.Store(0)
	l.next = patience
}

// Add says that n more bytes were read.
func (l *Line) Add(n int) {
	if !l.options.Terminal {
		return
	}
	l.done.Add(int64(n))
	l.draw()
}

// LayerDone says that one more layer was read to its end.
func (l *Line) LayerDone() {
	if !l.options.Terminal {
		return
	}
	l.mutex.Lock()
	l.layersDone++
	l.mutex.Unlock()
	l.draw()
}

// Stop clears the line. It may be called more than once.
func (l *Line) Stop() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.drawn {
		l.write(erase)
	}
	l.running, l.drawn = false, false
}

// draw writes the line if it is time to.
func (l *Line) draw() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if !l.running {
		return
	}
	elapsed := l.options.Now().Sub(l.start)
	if elapsed < l.next {
		return
	}
	l.next = elapsed + interval
	l.drawn = true
	l.write(erase + l.text(elapsed))
}

// write ignores errors: a scan must not fail because nobody sees how far it has come.
func (l *Line) write(s string) { _, _ = io.WriteString(l.w, s) }

// text is the line, one column shorter than the terminal: in the last column, some terminals
// would wrap.
func (l *Line) text(elapsed time.Duration) string {
	done := l.done.Load()
	facts := fmt.Sprintf("  %d/%d layers  %s", min(l.layersDone, l.layers), l.layers, amount(done, l.total))
	if left, ok := remaining(elapsed, done, l.total); ok {
		facts += "  " + left + " left"
	}
	const verb = "scanning "
	room := l.options.Width - 1 - len(verb) - len(facts)
	return text.Trim(verb+shorten(l.options.Subject, room)+facts, l.options.Width-1)
}

// amount says how many of how many bytes, in megabytes as registries count them.
func amount(done, total int64) string {
	if total <= 0 {
		return fmt.Sprintf("%d MB", done/1e6)
	}
	return fmt.Sprintf("%d of %d MB", min(done, total)/1e6, (total+5e5)/1e6)
}

// remaining estimates the time left, if enough was read to tell.
func remaining(elapsed time.Duration, done, total int64) (string, bool) {
	if total <= 0 || done < total/50 || done <= 0 || done >= total {
		return "", false
	}
	left := time.Duration(float64(elapsed) * float64(total-done) / float64(done))
	switch {
	case left < 10*time.Second:
		return fmt.Sprintf("%.1f s", left.Seconds()), true
	case left < 2*time.Minute:
		return fmt.Sprintf("%.0f s", left.Seconds()), true
	default:
		return fmt.Sprintf("%.0f min", left.Minutes()), true
	}
}

// shorten cuts s to a number of columns, keeping its end, where names differ. What does not
// print, or would be acted upon, becomes "?".
func shorten(s string, columns int) string {
	s = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if text.StringWidthWithoutEscSequences(s) <= columns {
		return s
	}
	runes := []rune(s)
	width := 1 // of the ellipsis
	for i := len(runes) - 1; i >= 0; i-- {
		if width += text.RuneWidth(runes[i]); width > columns {
			return "…" + string(runes[i+1:])
		}
	}
	return s
}
