package rootfs

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"slices"
)

// plan is what is wanted of one file.
type plan struct {
	wants             []Want // of each of Options.Visitors
	streaming, random int    // how many of them
	costly            bool   // one of them
	hash              hash.Hash
	results           []Result // of visitors that failed to answer
}

// regular adds a regular file's entry after its visitors have had what they want.
func (w *walker) regular(e Entry, b *body) error {
	if w.only != nil && !w.only(&e) {
		w.add(e)
		return nil
	}
	if len(w.opts.Visitors) == 0 && w.opts.Hash == nil {
		w.add(e)
		return nil
	}
	head, err := b.peek()
	if err != nil {
		return err
	}
	p := w.plan(&e, head)
	e.Results = p.results
	switch {
	case p.random > 0 || p.streaming > 1:
		err = w.visitKept(&e, b, p)
	case p.streaming == 1:
		err = w.visitStreaming(&e, b, p)
	case p.hash != nil:
		_, err = b.WriteTo(p.hash)
	}
	if err != nil {
		return err
	}
	if p.hash != nil {
		e.SHA256 = new([sha256.Size]byte)
		p.hash.Sum(e.SHA256[:0])
	}
	w.add(e)
	return nil
}

// plan asks the visitors; what it returns is valid until the next call.
func (w *walker) plan(e *Entry, head []byte) plan {
	p := plan{wants: w.wants[:0]}
	for _, v := range w.opts.Visitors {
		want, failed := Random, ""
		if w.only == nil {
			want, failed = ask(v, e, head)
		}
		switch {
		case failed != "":
			p.results = append(p.results, Result{Visitor: v.Name(), Problem: failed})
		case want == Stream:
			p.streaming++
		case want == Random:
			p.random++
		case want == Costly:
			p.random++
			p.costly = true
		}
		p.wants = append(p.wants, want)
	}
	w.wants = p.wants
	if w.opts.Hash != nil && w.opts.Hash(e, head) {
		p.hash = sha256.New()
	}
	return p
}

// ask is Wants, safe from panics.
func ask(v Visitor, e *Entry, head []byte) (want Want, failed string) {
	defer func() {
		if cause := recover(); cause != nil {
			want, failed = Ignore, fmt.Sprintf("the visitor failed: %v", cause)
		}
	}()
	return v.Wants(e, head), ""
}

// visitStreaming lets one visitor read the content as it passes.
func (w *walker) visitStreaming(e *Entry, b *body, p plan) error {
	reader := &passing{body: b, hash: p.hash}
	v := w.opts.Visitors[slices.Index(p.wants, Stream)]
	w.visit(v, e, &File{Entry: e, Reader: reader})
	reader.closed = true
	if err := w.failed(reader.err); err != nil {
		return err
	}
	if p.hash != nil {
		_, err := b.WriteTo(p.hash) // what the visitor has left
		return err
	}
	return nil
}

// visitKept keeps the content and lets the visitors read it one after the other.
func (w *walker) visitKept(e *Entry, b *body, p plan) error {
	if e.Size > w.opts.Limits.FileSize {
		return &LimitError{What: fmt.Sprintf("%s: file %q", w.name, e.Path), Limit: w.opts.Limits.FileSize, Unit: "bytes", Flag: "--max-file-size"}
	}
	seen := p.hash
	if seen == nil && p.costly && w.opts.Seen != nil {
		seen = sha256.New()
	}
	content, err := w.opts.Memory.keep(b, seen)
	defer content.close()
	if err != nil {
		return err
	}
	for i, v := range w.opts.Visitors {
		f := &File{Entry: e, Reader: io.NewSectionReader(content, 0, e.Size)}
		if p.wants[i] == Random || p.wants[i] == Costly {
			f.At = io.NewSectionReader(content, 0, e.Size)
		}
		switch {
		case p.wants[i] == Ignore:
			continue
		case p.wants[i] == Costly && w.opts.Seen != nil:
			err = w.visitUnseen(v, e, f, [sha256.Size]byte(seen.Sum(nil)))
		default:
			w.visit(v, e, f)
		}
		if err := w.failed(err); err != nil {
			return err
		}
	}
	return nil
}

// visitUnseen is visit for content that may have been seen before. Only what was understood is
// remembered: a problem may be one of this machine, or of this run.
func (w *walker) visitUnseen(v Visitor, e *Entry, f *File, sum [sha256.Size]byte) error {
	if data, ok := w.opts.Seen.Recall(v, sum); ok {
		if data != nil {
			e.Results = append(e.Results, Result{Visitor: v.Name(), Data: data})
		}
		return nil
	}
	result := w.visit(v, e, f)
	if err := w.failed(nil); err != nil || result.Problem != "" {
		return err
	}
	return w.opts.Seen.Remember(v, sum, result.Data)
}

// failed is the reason to end the pass, whatever a visitor has made of it.
func (w *walker) failed(err error) error {
	if failed := w.tar.stream.failed(); failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	return w.ctx.Err()
}

// visit runs one visitor and keeps its result. A visitor that panics is a defect of the visitor,
// met by one file; it must not cost the user the whole scan.
func (w *walker) visit(v Visitor, e *Entry, f *File) Result {
	result := Result{Visitor: v.Name()}
	func() {
		defer func() {
			if cause := recover(); cause != nil {
				result.Data, result.Problem = nil, fmt.Sprintf("the visitor failed: %v", cause)
			}
		}()
		data, err := v.Visit(w.ctx, f)
		result.Data = bytes.Clone(data)
		if err != nil {
			result.Problem = err.Error()
		}
	}()
	if result.Data != nil || result.Problem != "" {
		e.Results = append(e.Results, result)
	}
	return result
}

// passing is a file's content on its way by; it notes the layer's own errors.
type passing struct {
	body   *body
	hash   hash.Hash
	err    error
	closed bool
}

// Read implements io.Reader.
func (r *passing) Read(p []byte) (int, error) {
	if r.closed {
		return 0, errClosed
	}
	n, err := r.body.Read(p)
	if r.hash != nil {
		r.hash.Write(p[:n])
	}
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}
