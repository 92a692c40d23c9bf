package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/image/rootfs/inflate"
	"plimsoll.dev/plimsoll/internal/tempfile"
)

// spoolBuffer is how much is inflated at a time.
const spoolBuffer = 1 << 20

// spool inflates a compressed archive into a temporary file without a name, so that nothing is
// left behind however the program ends.
func spool(ctx context.Context, file *os.File, path string, kind kind, options Options) (*os.File, error) {
	stored := &countingReader{ctx: ctx, r: file, progress: options.Progress}
	inflated, _, err := inflate.NewReader(stored)
	if err != nil {
		return nil, inflateError(ctx, path, err)
	}
	defer inflated.Close()
	head, err := io.ReadAll(io.LimitReader(inflated, headSize))
	if err != nil {
		return nil, inflateError(ctx, path, err)
	}
	if inner := kindOf(head); inner.name != tarKind {
		return nil, fmt.Errorf("%s is %s of %s, but holds no image: neither index.json nor manifest.json; save the image with docker save, podman save or skopeo copy", path, kind.name, inner.name)
	}
	temp, dir, err := options.temporary()
	if err != nil {
		return nil, fmt.Errorf("making a temporary file to inflate %s to: %w", path, err)
	}
	if err := fill(ctx, temp, head, inflated, path, dir, options.MaxInflated); err != nil {
		return nil, errors.Join(err, temp.Close())
	}
	return temp, nil
}

// temporary makes a file without a name, and says in which folder.
func (o Options) temporary() (file *os.File, dir string, err error) {
	if dir = o.TempDir; dir == "" {
		dir = os.TempDir()
	}
	file, err = tempfile.New(dir)
	return file, dir, err
}

// download writes a stream into a temporary file without a name.
func download(ctx context.Context, r io.Reader, where string, options Options) (*os.File, error) {
	temp, dir, err := options.temporary()
	if err != nil {
		return nil, fmt.Errorf("making a temporary file for %s: %w", where, err)
	}
	source := &countingReader{ctx: ctx, r: r, progress: options.Progress}
	written, err := io.CopyBuffer(temp, io.LimitReader(source, options.MaxInflated+1), make([]byte, spoolBuffer))
	var writing *fs.PathError
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("reading %s: %w", where, context.Cause(ctx))
	case errors.As(err, &writing):
		err = fmt.Errorf("writing %s to a temporary file in %s: %w: make room there, or set TMPDIR to a folder with room", where, dir, writing.Err)
	case err != nil:
		err = fmt.Errorf("reading %s: after %d bytes: %w: try again", where, written, err)
	case written > options.MaxInflated:
		err = &rootfs.LimitError{What: where, Limit: options.MaxInflated, Unit: "bytes", Flag: "--max-inflated"}
	}
	if err != nil {
		return nil, errors.Join(err, temp.Close())
	}
	return temp, nil
}

// fill writes head and the rest of inflated, limit bytes at most.
func fill(ctx context.Context, temp io.Writer, head []byte, inflated io.Reader, path, dir string, limit int64) error {
	buffer := make([]byte, spoolBuffer)
	n, readErr := copy(buffer, head), error(nil)
	for written := int64(0); ; n, readErr = inflated.Read(buffer) {
		if written += int64(n); written > limit {
			return &rootfs.LimitError{What: "image archive " + path, Limit: limit, Unit: "inflated bytes", Flag: "--max-inflated"}
		}
		if _, err := temp.Write(buffer[:n]); err != nil {
			return fmt.Errorf("inflating %s to a temporary file in %s: %w: make room there, or set TMPDIR to a folder with room", path, dir, err)
		}
		if errors.Is(readErr, io.EOF) {
			return nil
		}
		if readErr != nil {
			return inflateError(ctx, path, readErr)
		}
	}
}

func inflateError(ctx context.Context, path string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("inflating %s: %w", path, ctx.Err())
	}
	return fmt.Errorf("inflating %s: %w: the archive is cut short or damaged; fetch it again", path, err)
}

// countingReader reports what is read, and stops when the context ends.
type countingReader struct {
	ctx      context.Context
	r        io.Reader
	progress func(int)
}

func (c *countingReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	if c.progress != nil && n > 0 {
		c.progress(n)
	}
	return n, err
}
