package extract

import (
	"testing"

	"plimsoll.dev/plimsoll/image/rootfs"
)

// BenchmarkWants is what all formats together cost a file that none of them wants.
func BenchmarkWants(b *testing.B) {
	extractors := All()
	entry := &rootfs.Entry{Path: "usr/lib/python3/dist-packages/some/package/module.py", Kind: rootfs.Regular, Mode: 0o644}
	head := []byte("import os\n")
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range extractors {
			if e.Wants(entry, head) != rootfs.Ignore {
				b.Fatal(e.Name())
			}
		}
	}
}
