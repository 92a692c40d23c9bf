package db

import (
	"fmt"
	"os"
	"runtime/debug"
	"sync"
)

// mapping is a file mapped into memory, read-only.
type mapping struct {
	path  string
	mu    sync.RWMutex // held for writing while unmapping
	bytes []byte       // nil once closed
	unmap func([]byte) error
}

// openMapping maps a file. The file may be replaced meanwhile (by a rename): the mapping keeps
// the old one.
func openMapping(path string) (*mapping, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() // a mapping outlives its descriptor; nothing was written
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("it is a %s, not a file", info.Mode().Type())
	}
	if info.Size() == 0 {
		return &mapping{path: path, bytes: []byte{}, unmap: func([]byte) error { return nil }}, nil
	}
	mapped, unmap, err := mapFile(file, info.Size())
	return &mapping{path: path, bytes: mapped, unmap: unmap}, err
}

func (m *mapping) name() string { return m.path }

// view copies bytes out of the mapping.
//
// If the file has been cut short, touching a page beyond its end raises SIGBUS, which would end
// the process. SetPanicOnFault makes it a panic of this goroutine, and it is met here. Nothing
// else in the package touches the mapping.
func (m *mapping) view(offset int64, length int) (content []byte, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if offset < 0 || length < 0 || offset > int64(len(m.bytes))-int64(length) {
		return nil, fmt.Errorf("it ends too early, or was closed: %w", ErrCorrupt)
	}
	content = make([]byte, length)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch p := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }: // a fault, see SetPanicOnFault
			content, err = nil, fmt.Errorf("it was cut short while in use: %w", ErrCorrupt)
		default:
			panic(p)
		}
	}()
	copy(content, m.bytes[offset:])
	return content, nil
}

// size returns the length of the file when it was mapped.
func (m *mapping) size() int64 { return int64(len(m.bytes)) }

func (m *mapping) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bytes == nil {
		return nil
	}
	mapped := m.bytes
	m.bytes = nil
	return m.unmap(mapped)
}

// memory is a database that lies in memory and is never written to.
type memory []byte

func (m memory) name() string { return "the advisory database in memory" }

func (m memory) view(offset int64, length int) ([]byte, error) {
	if offset < 0 || length < 0 || offset > int64(len(m))-int64(length) {
		return nil, fmt.Errorf("it ends too early: %w", ErrCorrupt)
	}
	return m[offset : offset+int64(length) : offset+int64(length)], nil
}
