//go:build unix

package offheap

import (
	"fmt"
	"syscall"
)

// Allocate returns size bytes of zeros, at least one (mmap(2), without a file).
func Allocate(size int) ([]byte, error) {
	memory, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("allocate %d bytes of memory: %w", size, err)
	}
	return memory, nil
}

// Free gives back what Allocate returned.
func Free(memory []byte) error { return syscall.Munmap(memory) }
