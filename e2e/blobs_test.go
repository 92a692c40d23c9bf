package e2e

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/rootfs/inflate"
)

// blobs reads an OCI layout with one image.
type blobs struct {
	t      *testing.T
	dir    string
	config image.Descriptor
	layers []image.Descriptor
}

func openLayout(t *testing.T, dir string) blobs {
	t.Helper()
	b := blobs{t: t, dir: dir}
	var index struct{ Manifests []image.Descriptor }
	var manifest struct {
		Config image.Descriptor
		Layers []image.Descriptor
	}
	b.decode(filepath.Join(dir, "index.json"), &index)
	b.decode(b.path(index.Manifests[0]), &manifest)
	b.config, b.layers = manifest.Config, manifest.Layers
	return b
}

func (b blobs) path(d image.Descriptor) string {
	return filepath.Join(b.dir, "blobs", strings.Replace(d.Digest.String(), ":", "/", 1))
}

func (b blobs) decode(path string, target any) {
	b.t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := json.Unmarshal(content, target); err != nil {
		b.t.Fatalf("%s: %v", path, err)
	}
}

// mavenRepository is Debian's own word on its jars: below /usr/share/maven-repo lies, for each, a
// link called by its group, artifact and version. It returns the names of each file that a link
// leads to.
func mavenRepository(t *testing.T, dir string) map[string][]string {
	t.Helper()
	links := map[string]string{} // a file's is empty
	b := openLayout(t, dir)
	for _, layer := range b.layers {
		b.jars(layer, links)
	}
	const repository = "usr/share/maven-repo/"
	names := map[string][]string{}
	for name := range links {
		parts := strings.Split(strings.TrimPrefix(name, repository), "/")
		if !strings.HasPrefix(name, repository) || len(parts) < 4 {
			continue
		}
		last := len(parts) - 3
		file := name
		for range 8 { // as deep as such links are
			switch link := links[file]; {
			case link == "":
			case path.IsAbs(link):
				file = strings.TrimPrefix(link, "/")
			default:
				file = path.Join(path.Dir(file), link)
			}
		}
		names[file] = append(names[file], strings.Join(parts[:last], ".")+":"+parts[last])
	}
	return names
}

// jars adds the jars of a layer and the links to them.
func (b blobs) jars(layer image.Descriptor, links map[string]string) {
	b.t.Helper()
	blob, err := os.Open(b.path(layer))
	if err != nil {
		b.t.Fatal(err)
	}
	defer blob.Close()
	content, _, err := inflate.NewReader(blob)
	if err != nil {
		b.t.Fatal(err)
	}
	defer content.Close()
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			b.t.Fatal(err)
		}
		if name := path.Clean(header.Name); path.Ext(name) == ".jar" {
			links[name] = header.Linkname
		}
	}
}
