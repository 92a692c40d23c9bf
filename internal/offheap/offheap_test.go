package offheap

import (
	"bytes"
	"runtime"
	"testing"
)

func TestMemoryIsZeroWritableAndOffTheHeap(t *testing.T) {
	const size = 64 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	memory, err := Allocate(size)
	if err != nil {
		t.Fatal(err)
	}
	if len(memory) != size || !bytes.Equal(memory[:4096], make([]byte, 4096)) {
		t.Errorf("%d bytes, or not zero", len(memory))
	}
	memory[0], memory[size-1] = 1, 2
	runtime.ReadMemStats(&after)
	if grown := after.HeapAlloc - before.HeapAlloc; runtime.GOOS == "linux" && grown > size/2 && after.HeapAlloc > before.HeapAlloc {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	if err := Free(memory); err != nil {
		t.Error(err)
	}
}
