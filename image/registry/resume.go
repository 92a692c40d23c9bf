package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// resuming is a download that goes on where it broke off. Nothing is verified here: two answers
// that do not belong together give content of another digest, which its reader refuses.
type resuming struct {
	ctx     context.Context
	fetch   func(offset int64) (*http.Response, error)
	explain func(error) error
	size    int64 // 0 if not known
	pace    pace

	body     io.ReadCloser // nil while broken
	offset   int64
	fresh    int64 // bytes since the last failure that counts
	failures int   // in a row
}

// Read implements io.Reader.
func (r *resuming) Read(p []byte) (int, error) {
	for {
		if r.body == nil {
			if err := r.resume(); err != nil {
				return 0, r.explain(err)
			}
		}
		n, err := r.body.Read(p)
		r.offset += int64(n)
		if r.fresh += int64(n); r.fresh >= minProgress {
			r.failures = 0
		}
		if err == io.EOF && r.offset < r.size {
			err = io.ErrUnexpectedEOF
		}
		if err == nil || err == io.EOF {
			return n, err
		}
		if err := r.broken(err); err != nil {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
}

// broken takes a failure into account. It returns an error if there were too many.
func (r *resuming) broken(err error) error {
	_ = r.body.Close()
	r.body, r.fresh = nil, 0
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	if r.failures++; r.failures >= r.pace.attempts {
		return r.explain(fmt.Errorf("the download broke off %d times in a row, the last time after %s: %w", r.failures, r.progress(), err))
	}
	return sleep(r.ctx, r.pace.wait(r.failures))
}

func (r *resuming) progress() string {
	if r.size == 0 {
		return fmt.Sprintf("%d bytes", r.offset)
	}
	return fmt.Sprintf("%d of %d bytes", r.offset, r.size)
}

// resume opens the rest of the content. A registry that does not know ranges sends all of it.
func (r *resuming) resume() error {
	response, err := r.fetch(r.offset)
	if err != nil {
		return err
	}
	switch {
	case r.offset == 0:
	case response.StatusCode == http.StatusOK:
		_, err = io.CopyN(io.Discard, response.Body, r.offset)
	case !strings.HasPrefix(response.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", r.offset)):
		err = fmt.Errorf("it was asked for the bytes from %d on and sent %.60q", r.offset, response.Header.Get("Content-Range"))
	}
	if err != nil {
		return errors.Join(err, response.Body.Close())
	}
	r.body = response.Body
	return nil
}

// Close implements io.Closer.
func (r *resuming) Close() error {
	if r.body == nil {
		return nil
	}
	return r.body.Close()
}
