// Command floor does the least that any scan of an image has to do: it reads the layers of an OCI
// layout, inflates them and hashes the stored and the inflated bytes, two layers at a time. It
// looks at nothing. What a scanner takes beyond it is the price of its own work.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: floor LAYOUT")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

type descriptor struct{ MediaType, Digest string }

func run(layout string) error {
	start := time.Now()
	var index struct{ Manifests []descriptor }
	if err := read(filepath.Join(layout, "index.json"), &index); err != nil {
		return err
	}
	if len(index.Manifests) == 0 {
		return fmt.Errorf("%s holds no manifest", layout)
	}
	var manifest struct{ Layers []descriptor }
	if err := read(blob(layout, index.Manifests[0].Digest), &manifest); err != nil {
		return err
	}
	var inflated atomic.Int64
	var group errgroup.Group
	group.SetLimit(2)
	for _, layer := range manifest.Layers {
		group.Go(func() error {
			n, err := pass(blob(layout, layer.Digest), layer)
			inflated.Add(n)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	took := time.Since(start)
	fmt.Printf("%d layers, %.0f MB inflated in %.2f s: %.0f MB/s\n",
		len(manifest.Layers), float64(inflated.Load())/1e6, took.Seconds(), float64(inflated.Load())/1e6/took.Seconds())
	return nil
}

func read(path string, into any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(content, into)
}

func blob(layout, digest string) string {
	algorithm, encoded, _ := strings.Cut(digest, ":")
	return filepath.Join(layout, "blobs", algorithm, encoded)
}

// pass inflates one layer and hashes both sides of it.
func pass(path string, layer descriptor) (int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	stored, tar := sha256.New(), sha256.New()
	in := bufio.NewReaderSize(io.TeeReader(file, stored), 256<<10)
	out, err := inflate(in, layer.MediaType)
	if err != nil {
		return 0, err
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{tar}, struct{ io.Reader }{out}, make([]byte, 256<<10))
	if err != nil {
		return n, err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return n, err
	}
	return n, check(stored, layer.Digest)
}

func inflate(in io.Reader, mediaType string) (io.Reader, error) {
	switch {
	case strings.HasSuffix(mediaType, "gzip"):
		return gzip.NewReader(in)
	case strings.HasSuffix(mediaType, "zstd"):
		decoder, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return decoder.IOReadCloser(), nil
	default:
		return in, nil
	}
}

func check(got hash.Hash, want string) error {
	if digest := fmt.Sprintf("sha256:%x", got.Sum(nil)); digest != want {
		return fmt.Errorf("blob %s has digest %s", want, digest)
	}
	return nil
}
