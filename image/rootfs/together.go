package rootfs

import (
	"errors"
	"hash"
	"io"
	"iter"
)

// visitTogether lets several visitors read the content as it passes, without keeping it: each has
// its turn with one piece after the other. They are coroutines: one of them runs at a time, and
// what they do does not depend on a scheduler.
func (w *walker) visitTogether(e *Entry, b *body, p plan) error {
	to := &audience{hash: p.hash}
	for i, v := range w.opts.Visitors {
		if p.wants[i] == Stream {
			to.turns = append(to.turns, w.begin(v, e))
		}
	}
	_, err := b.WriteTo(to)
	if errors.Is(err, errLeft) {
		err = nil
	}
	for _, t := range to.turns {
		t.end(err)
		e.note(t.result)
	}
	return w.failed(err)
}

// turn is one visitor's part of a visit: what it reads, and what it made of it.
type turn struct {
	piece  []byte
	ended  error                   // comes after piece
	pause  func(struct{}) bool     // ends the turn
	resume func() (struct{}, bool) // begins the next; false after the last
	done   bool
	result Result
}

// begin starts a visit, up to where the visitor wants content.
func (w *walker) begin(v Visitor, e *Entry) *turn {
	t := new(turn)
	t.resume, _ = iter.Pull(func(pause func(struct{}) bool) { // end sees to it that it returns
		t.pause = pause
		t.result = w.run(v, &File{Entry: e, Reader: t})
	})
	t.next()
	return t
}

func (t *turn) next() {
	if _, more := t.resume(); !more {
		t.done = true
	}
}

// end tells the visitor that there is nothing more, nil for the regular end, and lets it finish.
func (t *turn) end(err error) {
	if t.ended = err; err == nil {
		t.ended = io.EOF
	}
	if !t.done {
		t.next()
	}
}

// Read implements io.Reader. It ends the turn where the piece does.
func (t *turn) Read(p []byte) (int, error) {
	for len(t.piece) == 0 && len(p) > 0 && !t.done {
		if t.ended != nil {
			return 0, t.ended
		}
		t.pause(struct{}{})
	}
	if t.done {
		return 0, errClosed
	}
	n := copy(p, t.piece)
	t.piece = t.piece[n:]
	return n, nil
}

// audience hands every piece written to it to each visitor that still reads.
type audience struct {
	turns []*turn
	hash  hash.Hash // nil if no sum is wanted
}

var errLeft = errors.New("nobody reads any more")

// Write implements io.Writer.
func (a *audience) Write(piece []byte) (int, error) {
	reading := a.hash != nil
	if a.hash != nil {
		a.hash.Write(piece)
	}
	for _, t := range a.turns {
		if !t.done {
			t.piece = piece
			t.next()
			reading = reading || !t.done
		}
	}
	if !reading {
		return len(piece), errLeft
	}
	return len(piece), nil
}
