package progress

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
)

// clock is a time that only the test moves.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time           { return c.now }
func (c *clock) advance(d time.Duration)  { c.now = c.now.Add(d) }
func frames(b *bytes.Buffer) []string     { return strings.Split(b.String(), erase)[1:] }
func started(w io.Writer, c *clock) *Line { return begun(w, c, "registry.example/app:1.2") }
func begun(w io.Writer, c *clock, subject string) *Line {
	l := New(w, Options{Terminal: true, Subject: subject, Now: c.Now})
	l.Start(588_000_000, 18)
	return l
}

func TestTheLine(t *testing.T) {
	var b bytes.Buffer
	c := &clock{now: time.Unix(1_800_000_000, 0)}
	l := started(&b, c)
	for range 7 {
		l.LayerDone()
	}
	c.advance(2400 * time.Millisecond)
	l.Add(312_000_000)
	want := "scanning registry.example/app:1.2  7/18 layers  312 of 588 MB  2.1 s left"
	if got := frames(&b); len(got) != 1 || got[0] != want {
		t.Errorf("drew %q, want %q", got, want)
	}
	l.Stop()
	if got := b.String(); !strings.HasSuffix(got, erase) {
		t.Errorf("the line was not cleared: %q", got)
	}
}

func TestNothingIsShownInTheFirstSecond(t *testing.T) {
	var b bytes.Buffer
	c := &clock{}
	l := started(&b, c)
	for range 9 {
		c.advance(100 * time.Millisecond)
		l.Add(1_000_000)
		l.LayerDone()
	}
	l.Stop()
	if b.Len() > 0 {
		t.Errorf("drew %q", b.String())
	}
}

func TestAtMostTenFramesInASecond(t *testing.T) {
	var b bytes.Buffer
	c := &clock{}
	l := started(&b, c)
	c.advance(patience)
	for range 1000 {
		l.Add(1000)
		l.LayerDone()
		c.advance(time.Millisecond)
	}
	if got := len(frames(&b)); got != 10 {
		t.Errorf("drew %d frames in a second, want 10", got)
	}
}

func TestNothingIsShownElsewhere(t *testing.T) {
	var b bytes.Buffer
	c := &clock{}
	for name, l := range map[string]*Line{
		"no terminal": New(&b, Options{Now: c.Now}),
		"stopped":     started(&b, c),
		"not started": New(&b, Options{Terminal: true, Now: c.Now}),
	} {
		if name == "no terminal" {
			l.Start(10, 1)
		}
		if name == "stopped" {
			l.Stop()
			l.Stop()
		}
		c.advance(time.Minute)
		l.Add(5)
		l.LayerDone()
		l.Stop()
		if b.Len() > 0 {
			t.Errorf("%s: drew %q", name, b.String())
		}
		b.Reset()
	}
}

func TestStopClearsOnce(t *testing.T) {
	var b bytes.Buffer
	c := &clock{}
	l := started(&b, c)
	c.advance(2 * time.Second)
	l.Add(1)
	l.Stop()
	before := b.String()
	l.Stop()
	l.Add(1)
	if b.String() != before {
		t.Errorf("wrote %q after the end", strings.TrimPrefix(b.String(), before))
	}
}

func TestWords(t *testing.T) {
	for name, test := range map[string]struct {
		elapsed     time.Duration
		done, total int64
		want        string
	}{
		"at the start, no estimate":    {2 * time.Second, 1_000_000, 100_000_000, "1 of 100 MB"},
		"an estimate in seconds":       {2 * time.Second, 10_000_000, 100_000_000, "10 of 100 MB  18 s left"},
		"an estimate in minutes":       {60 * time.Second, 10_000_000, 100_000_000, "10 of 100 MB  9 min left"},
		"all read, something is left":  {60 * time.Second, 100_000_000, 100_000_000, "100 of 100 MB"},
		"more read than was announced": {60 * time.Second, 120_000_000, 100_000_000, "100 of 100 MB"},
		"a size that is not known":     {60 * time.Second, 12_300_000, 0, "12 MB"},
	} {
		var b bytes.Buffer
		c := &clock{}
		l := New(&b, Options{Terminal: true, Subject: "x", Now: c.Now})
		l.Start(test.total, 1)
		c.advance(test.elapsed)
		l.Add(int(test.done))
		if got, want := frames(&b)[0], "scanning x  0/1 layers  "+test.want; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestTheLineFitsAndIsPrintable(t *testing.T) {
	for name, test := range map[string]struct{ subject, want string }{
		"a long name keeps its end": {"registry.example/" + strings.Repeat("very/", 30) + "long:1.2", "scanning …ry/very/very/very/very/long:1.2  0/18 layers  59 of 588 MB  18 s left"},
		"escapes and new lines":     {"a\x1b[2J\n\r\u202eb\xff", "scanning a?[2J???b?  0/18 layers  59 of 588 MB  18 s left"},
		"wide characters":           {strings.Repeat("日本", 40), "scanning …本日本日本日本日本日本日本日本  0/18 layers  59 of 588 MB  18 s left"},
	} {
		var b bytes.Buffer
		c := &clock{}
		l := begun(&b, c, test.subject)
		c.advance(2 * time.Second)
		l.Add(59_000_000)
		if got := frames(&b)[0]; got != test.want {
			t.Errorf("%s:\n%q, want\n%q", name, got, test.want)
		} else if n := text.StringWidthWithoutEscSequences(got); n >= defaultWidth {
			t.Errorf("%s: %d columns wide", name, n)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	var b bytes.Buffer
	l := New(&b, Options{Terminal: true, Subject: "x"})
	l.Start(8000, 8)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 1000 {
				l.Add(1)
			}
			l.LayerDone()
		})
	}
	group.Wait()
	if got := l.done.Load(); got != 8000 || l.layersDone != 8 {
		t.Errorf("counted %d bytes and %d layers, want 8000 and 8", got, l.layersDone)
	}
	l.Stop()
}

func TestAFailingTerminalIsNoFailure(t *testing.T) {
	c := &clock{}
	r, w := io.Pipe()
	r.Close()
	l := started(w, c)
	c.advance(2 * time.Second)
	l.Add(1)
	l.Stop()
}
