package directory

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// stream is the folder as a tar. One goroutine walks; Close waits for it.
type stream struct {
	*io.PipeReader
	done chan struct{}
}

func newStream(ctx context.Context, root *os.Root, unread *unread) *stream {
	reader, writer := io.Pipe()
	s := &stream{reader, make(chan struct{})}
	w := &walker{ctx: ctx, root: root, tar: tar.NewWriter(writer), unread: unread, buffer: make([]byte, 256<<10)}
	go func() {
		defer close(s.done)
		_ = writer.CloseWithError(w.walk()) // never fails
	}()
	return s
}

// Close implements io.Closer.
func (s *stream) Close() error {
	err := s.PipeReader.Close()
	<-s.done
	return err
}

// walker writes the files of a folder into a tar.
type walker struct {
	ctx    context.Context
	root   *os.Root
	tar    *tar.Writer
	unread *unread
	device uint64 // of the folder itself
	buffer []byte
}

// errWrite marks failures of the reader at the other end, which end the walk.
var errWrite = errors.New("the stream is no longer read")

func (w *walker) walk() error {
	err := fs.WalkDir(w.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if cause := w.ctx.Err(); cause != nil {
			return cause
		}
		return w.visit(name, entry, err)
	})
	return errors.Join(err, w.tar.Close())
}

func (w *walker) visit(name string, entry fs.DirEntry, failed error) error {
	if failed != nil {
		w.unread.add(name, reason(failed))
		if entry != nil && entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	info, err := entry.Info()
	if err != nil {
		w.unread.add(name, reason(err))
		return nil
	}
	if name == "." {
		w.device, _ = deviceOf(info)
		return nil
	}
	if strings.HasPrefix(path.Base(name), ".wh.") {
		w.unread.add(name, "in a layer this name would mean that another file is gone")
		return skip(entry)
	}
	if entry.IsDir() {
		return w.folder(name, info)
	}
	return w.file(name, info)
}

// skip leaves out an entry with all that is below it.
func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// folder writes a folder's entry, and tells whether to look into it.
func (w *walker) folder(name string, info fs.FileInfo) error {
	if err := w.header(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: modeOf(info)}); err != nil {
		return err
	}
	if device, known := deviceOf(info); !known || device == w.device {
		return nil
	}
	folder, err := w.root.Open(name) // something is mounted there
	if err != nil {
		return nil // WalkDir meets the same error, and it is noted there
	}
	defer folder.Close()
	if isMadeUp(folder) {
		return fs.SkipDir
	}
	return nil
}

// file writes the entry of what is no folder.
func (w *walker) file(name string, info fs.FileInfo) error {
	header := &tar.Header{Name: name, Mode: modeOf(info)}
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return w.regular(header, info)
	case mode&fs.ModeSymlink != 0:
		target, err := w.root.Readlink(name)
		if err != nil {
			w.unread.add(name, reason(err))
			return nil
		}
		header.Typeflag, header.Linkname = tar.TypeSymlink, target
	case mode&fs.ModeCharDevice != 0:
		header.Typeflag = tar.TypeChar
	case mode&fs.ModeDevice != 0:
		header.Typeflag = tar.TypeBlock
	default:
		header.Typeflag = tar.TypeFifo // sockets, too: tar has no name for them
	}
	return w.header(header)
}

// regular writes a regular file. It is opened without waiting, in case that it has become a pipe,
// and has to be the one that was listed.
func (w *walker) regular(header *tar.Header, listed fs.FileInfo) error {
	file, err := w.root.OpenFile(header.Name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		w.unread.add(header.Name, reason(err))
		return nil
	}
	defer file.Close()
	before, err := file.Stat()
	if err == nil && (!before.Mode().IsRegular() || !os.SameFile(before, listed)) {
		err = errors.New("it was replaced while it was opened")
	}
	if err != nil {
		w.unread.add(header.Name, reason(err))
		return nil
	}
	header.Typeflag, header.Size = tar.TypeReg, before.Size()
	if err := w.header(header); err != nil {
		return err
	}
	why, err := w.content(file, before)
	if why != "" {
		w.unread.add(header.Name, why)
	}
	return err
}

// content writes as many bytes as the header says: the file's, and zeros for those that it turns
// out not to have. why is set if they are not the file's content.
func (w *walker) content(file *os.File, before fs.FileInfo) (why string, err error) {
	for left := before.Size(); left > 0; {
		if err := w.ctx.Err(); err != nil {
			return "", err
		}
		chunk := w.buffer[:min(int64(len(w.buffer)), left)]
		n, readErr := 0, error(nil)
		if why == "" {
			if n, readErr = io.ReadFull(file, chunk); readErr != nil {
				why = reason(readErr)
			}
		}
		clear(chunk[n:])
		if _, err := w.tar.Write(chunk); err != nil {
			return why, fmt.Errorf("%w: %w", errWrite, err)
		}
		left -= int64(len(chunk))
	}
	after, err := file.Stat()
	if why == "" && (err != nil || after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime())) {
		why = "it changed while it was read"
	}
	return why, nil
}

func (w *walker) header(header *tar.Header) error {
	if err := w.tar.WriteHeader(header); err != nil {
		return fmt.Errorf("%w: %w", errWrite, err)
	}
	return nil
}

// modeOf returns the permission bits with setuid, setgid and sticky, as tar has them.
func modeOf(info fs.FileInfo) int64 {
	mode := int64(info.Mode().Perm())
	for bit, tarBit := range map[fs.FileMode]int64{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if info.Mode()&bit != 0 {
			mode |= tarBit
		}
	}
	return mode
}

// reason says why a file could not be read, without repeating its path.
func reason(err error) string {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return "it became shorter while it was read"
	}
	return err.Error()
}
