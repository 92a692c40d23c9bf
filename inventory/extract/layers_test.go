package extract

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory"
)

// The entries of a test's layers.
func file(name, content string) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(content)), PAXRecords: map[string]string{"PLIMSOLL.content": content}}
}

func symlink(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}
}

func hardlink(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: target}
}

func whiteout(folder, name string) tar.Header { return file(folder+"/.wh."+name, "") }

func opaque(folder string) tar.Header { return file(folder+"/.wh..wh..opq", "") }

// scanned is what a scan of an image of some layers gives.
type scanned struct {
	distro   *inventory.Distro
	packages []inventory.Package
	files    inventory.FileFacts
	coverage inventory.Coverage
	missing  []Late
	diffIDs  []image.Digest
}

// scan builds the layers and does what a scan does, without reading again if lazy.
func scan(t *testing.T, lazy bool, layers ...[]tar.Header) scanned {
	t.Helper()
	var s scanned
	var stored []image.Layer
	var indexes []*rootfs.LayerIndex
	opts := rootfs.Options{Limits: rootfs.DefaultLimits(), Memory: rootfs.NewBudget(1 << 20), Hash: inventory.IsExecutable}
	for _, e := range All() {
		opts.Visitors = append(opts.Visitors, e)
	}
	for i, entries := range layers {
		// A file of its own makes each layer's diffID another, so that lines can tell them apart.
		layer := pack(t, append(entries, file(fmt.Sprintf("layer-%d", i), "")))
		index, err := rootfs.Read(context.Background(), layer, opts)
		if err != nil {
			t.Fatal(err)
		}
		stored, indexes, s.diffIDs = append(stored, layer), append(indexes, index), append(s.diffIDs, index.DiffID)
	}
	tree, err := rootfs.Merge(indexes)
	if err != nil {
		t.Fatal(err)
	}
	s.missing = Missing(tree, indexes)
	late := map[LateKey][]rootfs.Result{}
	for _, l := range s.missing {
		if lazy {
			break
		}
		results, err := rootfs.Reread(context.Background(), stored[l.Layer], opts, func(e *rootfs.Entry) bool { return e.Path == l.Path })
		if err != nil {
			t.Fatal(err)
		}
		late[LateKey{l.Layer, l.Path}] = results[l.Path]
	}
	joined := Join(tree, indexes, s.diffIDs, late)
	s.distro, s.packages, s.files, s.coverage = joined.Distro, joined.Packages, joined.Files, joined.Coverage
	return s
}

func pack(t *testing.T, entries []tar.Header) image.Layer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		content := h.PAXRecords["PLIMSOLL.content"]
		h.PAXRecords = nil
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return image.Layer{Blob: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(b.Bytes())), nil
	}}
}

// lines writes each package with its owner and the layers and paths it was found at.
func (s scanned) lines() []string {
	var lines []string
	for _, p := range s.packages {
		line := p.PURL
		if p.OwnedBy != "" {
			line += " of " + p.OwnedBy
		}
		for _, location := range p.Locations {
			layer := -1
			for i, diffID := range s.diffIDs {
				if diffID == location.Layer {
					layer = i
					break
				}
			}
			line += fmt.Sprintf(" %d:%s", layer, location.Path)
		}
		lines = append(lines, line)
	}
	return lines
}

// gaps writes each gap.
func (s scanned) gaps() []string {
	var lines []string
	for _, g := range s.coverage.Gaps {
		if g.Dimension == filesDimension {
			continue // see TestFiles
		}
		lines = append(lines, g.Dimension+" "+g.Code+" "+g.Path)
	}
	return lines
}
