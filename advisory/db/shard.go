package db

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"
)

// shard is the data of one source as blocks whose sums have been checked.
//
// A block is read from the file once, on first touch: it is copied out, and the copy is checked
// and kept. So what was checked is what is used, even if somebody writes to the file meanwhile,
// and only the copying can meet a file that has become shorter. What is not touched costs
// nothing. A shard may be read by any number of goroutines.
type shard struct {
	entry  entry
	file   bytesOfFile
	offset int64 // of the data in the file
	length int   // of the data

	open   sync.Once
	failed error  // why the list of sums cannot be trusted
	sums   []byte // the checked list of sums
	blocks []atomic.Pointer[[]byte]
}

// bytesOfFile is where a database's bytes are.
type bytesOfFile interface {
	// name is what errors call it.
	name() string
	// view returns the bytes from offset on; they never change afterwards.
	view(offset int64, length int) ([]byte, error)
}

func sumsLength(dataLength int) int {
	return (dataLength + blockLength - 1) / blockLength * sha256.Size
}

// block returns a checked block.
func (s *shard) block(i int) ([]byte, error) {
	s.open.Do(func() { s.failed = s.readSums() })
	if s.failed != nil {
		return nil, s.failed
	}
	if i < 0 || i >= len(s.blocks) {
		return nil, s.damaged(i)
	}
	if known := s.blocks[i].Load(); known != nil {
		return *known, nil
	}
	return s.readBlock(i)
}

// readBlock reads and checks a block that has not been touched before.
func (s *shard) readBlock(i int) ([]byte, error) {
	start := i * blockLength
	content, err := s.file.view(s.offset+int64(start), min(blockLength, s.length-start))
	if err != nil {
		return nil, fmt.Errorf("%s, block %d of %s: %w", s.file.name(), i, s.entry.source.Name, err)
	}
	if sha256.Sum256(content) != [sha256.Size]byte(s.sums[i*sha256.Size:]) {
		return nil, s.damaged(i)
	}
	s.blocks[i].Store(&content)
	return content, nil
}

func (s *shard) damaged(block int) error {
	return fmt.Errorf("%s, block %d of %s does not have its checksum: %w", s.file.name(), block, s.entry.source.Name, ErrCorrupt)
}

// readSums reads and checks the list of block sums.
func (s *shard) readSums() error {
	sums, err := s.file.view(s.offset+int64(s.length), sumsLength(s.length))
	if err != nil {
		return fmt.Errorf("%s, checksums of %s: %w", s.file.name(), s.entry.source.Name, err)
	}
	if sha256.Sum256(sums) != s.entry.sums {
		return fmt.Errorf("%s, checksums of %s are not those of the directory: %w", s.file.name(), s.entry.source.Name, ErrCorrupt)
	}
	s.sums = sums
	s.blocks = make([]atomic.Pointer[[]byte], len(sums)/sha256.Size)
	return nil
}

// appendSums appends the sum of each block of data.
func appendSums(dst, data []byte) []byte {
	for len(data) > 0 {
		n := min(blockLength, len(data))
		sum := sha256.Sum256(data[:n])
		dst, data = append(dst, sum[:]...), data[n:]
	}
	return dst
}
