package archive_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/archive"
)

// saved is a docker-archive by hand: a configuration for some layers, the list of their names,
// and the entries given.
func saved(t testing.TB, layers []string, entries ...entry) []byte {
	t.Helper()
	diffIDs := make([]image.Digest, len(layers))
	for i, name := range layers {
		diffIDs[i] = image.DigestOf([]byte(name))
	}
	config := object{"os": "linux", "architecture": "amd64", "rootfs": object{"diff_ids": diffIDs}}
	list := []object{{"Config": "config.json", "RepoTags": nil, "Layers": layers}}
	return pack(t, append(entries, file("config.json", text(t, config)), file("manifest.json", text(t, list)))...)
}

// object is a JSON object.
type object map[string]any

func text(t testing.TB, value any) string {
	t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestLayersThatLinkToOneAnother(t *testing.T) {
	for _, c := range []struct {
		name   string
		layers []string
		extra  []entry
	}{
		{"as docker save wrote equal layers", []string{"a/layer.tar", "b/layer.tar"},
			[]entry{file("a/layer.tar", "content"), link(tar.TypeSymlink, "b/layer.tar", "../a/layer.tar")}},
		{"before the layer that is meant", []string{"b/layer.tar"},
			[]entry{link(tar.TypeSymlink, "b/layer.tar", "../a/layer.tar"), file("a/layer.tar", "content")}},
		{"hard links, from the root of the archive", []string{"b/layer.tar"},
			[]entry{file("a/layer.tar", "content"), link(tar.TypeLink, "b/layer.tar", "a/layer.tar")}},
		{"a link to a link", []string{"c"},
			[]entry{file("a", "content"), link(tar.TypeSymlink, "b", "a"), link(tar.TypeSymlink, "c", "./b")}},
		{"names with a leading dot, as tar . writes them", []string{"a/layer.tar"},
			[]entry{file("./a/layer.tar", "content")}},
		{"one layer twice", []string{"a", "a"}, []entry{file("a", "content")}},
		{"folders that appear twice", []string{"a/layer.tar"},
			[]entry{link(tar.TypeDir, "a/", ""), link(tar.TypeDir, "a/", ""), file("a/layer.tar", "content")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read(t, saved(t, c.layers, c.extra...), archive.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, layer := range got.Layers {
				if content := string(stored(t, layer)); content != "content" {
					t.Errorf("layer holds %q", content)
				}
			}
		})
	}
}

func TestHostileArchives(t *testing.T) {
	sparse := pack(t, entry{tar.Header{Name: "a", Typeflag: tar.TypeReg, Format: tar.FormatGNU}, strings.Repeat("s", 512)})
	makeSparse(sparse[:512])
	for _, c := range []struct {
		name    string
		content []byte
		says    string
	}{
		{"a layer that is missing", saved(t, []string{"a"}), `layer "a" is missing in the archive`},
		{"a layer outside of the archive", saved(t, []string{"../../../../etc/passwd"}), "is missing in the archive"},
		{"a layer outside, of a name that the archive has", saved(t, []string{"../etc/passwd"}, file("../etc/passwd", "x")), "is missing in the archive"},
		{"an absolute name", saved(t, []string{"/etc/passwd"}, file("/etc/passwd", "x")), "is missing in the archive"},
		{"an empty name", saved(t, []string{""}), `layer ""`},
		{"a link out of the archive", saved(t, []string{"a"}, link(tar.TypeSymlink, "a", "../../etc/passwd")), "is missing in the archive"},
		{"a link to an absolute name", saved(t, []string{"a"}, link(tar.TypeSymlink, "a", "/etc/passwd")), "is missing in the archive"},
		{"a hard link out of the archive", saved(t, []string{"a"}, link(tar.TypeLink, "a", "../../etc/passwd")), "is missing in the archive"},
		{"a link to itself", saved(t, []string{"a"}, link(tar.TypeSymlink, "a", "a")), "chain"},
		{"links in a circle", saved(t, []string{"a"}, link(tar.TypeSymlink, "a", "b"), link(tar.TypeLink, "b", "a")), "chain"},
		{"a device", saved(t, []string{"a"}, link(tar.TypeChar, "a", "")), "no regular file"},
		{"a named pipe", saved(t, []string{"a"}, link(tar.TypeFifo, "a", "")), "no regular file"},
		{"a folder", saved(t, []string{"a"}, link(tar.TypeDir, "a/", "")), "no regular file"},
		{"a layer twice", saved(t, []string{"a"}, file("a", "one"), file("a", "two")), `appears twice`},
		{"a layer twice, spelled differently", saved(t, []string{"a"}, file("a", "one"), file("b/.././a", "two")), `appears twice`},
		{"the list twice", saved(t, nil, file("manifest.json", "[]")), `appears twice`},
		{"a sparse layer", append(sparse[:1024:1024], saved(t, []string{"a"})...), "sparse"},
		{"a name with control characters", saved(t, []string{"\x1b[31mred"}), `\x1b[31mred`},
		{"a name without end", saved(t, []string{strings.Repeat("a", 100_000)}), "is missing"},
		{"fewer layers than the configuration names", pack(t, append(withoutLayers(t), file("x", ""))...), "has 0 layers"},
		{"a configuration that is not what its name says", pack(t,
			file("manifest.json", fmt.Sprintf(`[{"Config":"%s.json"}]`, image.DigestOf(nil).Hex())),
			file(image.DigestOf(nil).Hex()+".json", `{"os":"linux","architecture":"amd64"}`)), "configuration: content has digest"},
		{"a configuration without architecture", pack(t, file("manifest.json", `[{"Config":"c"}]`), file("c", `{"os":"linux"}`)), "names no architecture"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := read(t, c.content, archive.Options{})
			wantError(t, err, c.says)
		})
	}
}

// withoutLayers is a docker-archive whose configuration names a layer that its list does not.
func withoutLayers(t testing.TB) []entry {
	t.Helper()
	entries := unpack(t, saved(t, []string{"a"}, file("a", "x")))
	for i, e := range entries {
		if e.header.Name == "manifest.json" {
			entries[i].body = `[{"Config":"config.json","Layers":[]}]`
		}
	}
	return entries
}

// makeSparse turns a GNU header of a file of 512 bytes into that of a sparse file with as much data
// (GNU tar manual, "Old GNU Format").
func makeSparse(header []byte) {
	header[156] = tar.TypeGNUSparse
	copy(header[386:], "00000000000\x0000000001000\x00") // data at 0, 01000 bytes of it
	copy(header[483:], "00000001000\x00")                // the file's size
	copy(header[148:156], "        ")
	sum := 0
	for _, b := range header {
		sum += int(b)
	}
	copy(header[148:], fmt.Sprintf("%06o\x00 ", sum))
}

// TestTwoViewsHaveToAgree: who loads an archive may read another list than the scanner did.
func TestTwoViewsHaveToAgree(t *testing.T) {
	one, other := sample(t, "app"), sample(t, "malware")
	for _, content := range [][]byte{both(t, one, other), both(t, other, one)} {
		_, err := read(t, content, archive.Options{})
		wantError(t, err, "two different images")
	}
}

func TestAViewThatIsNotCompleteGivesWay(t *testing.T) {
	one := sample(t, "app")
	whole := unpack(t, both(t, one, one))
	layer := "blobs/sha256/" + one.Layers[0].Digest.Hex()
	withoutBlob := slices.DeleteFunc(slices.Clone(whole), func(e entry) bool { return e.header.Name == layer })
	got, err := read(t, pack(t, withoutBlob...), archive.Options{})
	if err != nil || !got.Digest.IsZero() || got.Repository != "app" {
		t.Errorf("got %+v, %v", got, err)
	}
	altered := slices.Clone(whole)
	for i, e := range altered {
		if strings.HasPrefix(e.header.Name, "blobs/") && strings.Contains(e.body, `"layers"`) {
			altered[i].body = strings.Replace(e.body, `"schemaVersion":2`, `"schemaVersion":3`, 1)
		}
	}
	_, err = read(t, pack(t, altered...), archive.Options{})
	var digest *image.DigestError
	if !errors.As(err, &digest) {
		t.Errorf("an altered manifest did not count: %v", err)
	}
}

func TestSeveralImagesInOneArchive(t *testing.T) {
	one, two := sample(t, "one"), sample(t, "two")
	var lists []string
	var entries []entry
	for _, e := range slices.Concat(unpack(t, docker(t, "registry.example/one:1", one)), unpack(t, docker(t, "two:1", two))) {
		if e.header.Name == "manifest.json" {
			lists = append(lists, strings.Trim(e.body, "[]"))
			continue
		}
		entries = append(entries, e)
	}
	content := pack(t, append(entries, file("manifest.json", "["+strings.Join(lists, ",")+"]"))...)
	_, err := read(t, content, archive.Options{})
	wantError(t, err, `holds several images, "registry.example/one:1", "two:1": name one of them`)
	_, err = read(t, content, archive.Options{Tag: "1"})
	wantError(t, err, `holds several images`)
	_, err = read(t, content, archive.Options{Tag: "three:1"})
	wantError(t, err, `holds no image "three:1", only "registry.example/one:1", "two:1"`)
	for tag, want := range map[string]string{"registry.example/one:1": "registry.example/one", "two:1": "two"} {
		got, err := read(t, content, archive.Options{Tag: tag})
		if err != nil || got.Repository != want || !strings.HasSuffix(got.Reference, ":"+tag) {
			t.Errorf("%s: got %+v, %v", tag, got, err)
		}
	}
}

// FuzzArchive: whatever the bytes of a file are, opening it does not panic; and if an image opens,
// each layer gives as many bytes as it says, which the file holds (or, of a compressed one, no more
// than the limit allows).
func FuzzArchive(f *testing.F) {
	one := sample(f, "app")
	plain := [][]byte{
		docker(f, "app:1", one), oci(f, "1", one), both(f, one, one),
		saved(f, []string{"a", "b"}, file("a", "x"), link(tar.TypeSymlink, "b", "a"), link(tar.TypeLink, "c", "b")),
	}
	for _, content := range plain {
		f.Add(content)
		f.Add(gzipped(f, content))
		f.Add(zstandard(f, content))
	}
	const limit = 1 << 20
	f.Fuzz(func(t *testing.T, content []byte) {
		got, err := read(t, content, archive.Options{MaxEntries: 100, MaxInflated: limit})
		if err != nil {
			return
		}
		compressed := !bytes.Contains(content, []byte("ustar"))
		for _, layer := range got.Layers {
			blob := stored(t, layer)
			if compressed && len(blob) > limit {
				t.Errorf("layer of %d bytes from an archive limited to %d", len(blob), limit)
			}
			if !compressed && !bytes.Contains(content, blob) {
				t.Errorf("layer of %d bytes that are not in the file", len(blob))
			}
		}
	})
}

// FuzzDockerArchive: whatever manifest.json and an entry's name, type and link say, no layer holds
// anything but the content of an entry of the archive.
func FuzzDockerArchive(f *testing.F) {
	list := `[{"Config":"config.json","RepoTags":["app:1"],"Layers":["a/layer.tar"]}]`
	config := text(f, object{"os": "linux", "architecture": "amd64", "rootfs": object{"diff_ids": []image.Digest{image.DigestOf(nil)}}})
	f.Add(list, config, "a/layer.tar", "../b", byte(tar.TypeSymlink))
	f.Add(list, config, "./a/layer.tar", "", byte(tar.TypeReg))
	f.Add(strings.Replace(list, "a/layer", "../../etc", 1), config, "../../etc.tar", "/etc/passwd", byte(tar.TypeLink))
	f.Fuzz(func(t *testing.T, list, config, name, target string, kind byte) {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, e := range []entry{
			file("b", "content of b"), file("config.json", config),
			{tar.Header{Name: name, Linkname: target, Typeflag: kind}, ""},
			file("manifest.json", list),
		} {
			e.header.Size = int64(len(e.body))
			if w.WriteHeader(&e.header) != nil {
				return // no tar can hold it
			}
			if _, err := w.Write([]byte(e.body)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := read(t, b.Bytes(), archive.Options{})
		if err != nil {
			return
		}
		for _, layer := range got.Layers {
			if content := string(stored(t, layer)); !slices.Contains([]string{"", "content of b", config, list}, content) {
				t.Errorf("layer holds %q", content)
			}
		}
	})
}
