package registry

import (
	"context"
	"errors"
	"io"
	"time"
)

var errStalled = errors.New("the connection has stalled")

// watched is an answer's body that gives up when the reader has waited too long for too little.
// Time that passes between reads is the reader's own.
type watched struct {
	body   io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	stall  time.Duration
	waited time.Duration // since the last progress
	got    int
}

func (w *watched) Read(p []byte) (int, error) {
	timer := time.AfterFunc(max(0, w.stall-w.waited), func() { w.cancel(errStalled) })
	start := time.Now()
	n, err := w.body.Read(p)
	timer.Stop()
	w.waited += time.Since(start)
	if w.got += n; w.got >= minProgress {
		w.waited, w.got = 0, 0
	}
	if err != nil && !errors.Is(err, io.EOF) && errors.Is(context.Cause(w.ctx), errStalled) {
		err = errStalled
	}
	return n, err
}

// Close ends the request.
func (w *watched) Close() error {
	w.cancel(context.Canceled)
	return w.body.Close()
}
