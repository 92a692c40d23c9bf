package scan

import (
	"os"
	"path/filepath"
	"testing"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/directory"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract"
)

// TestAnUnpackedFileSystem: its packages are found; nothing is remembered, since nothing names
// the content; and a file that could not be read is a gap of every list of packages.
func TestAnUnpackedFileSystem(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, content []byte) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("etc/os-release", []byte(osRelease))
	put("bin/dropped", []byte("#!/bin/sh\n"))
	put("lib/apk/db/installed", installed("musl 1.2.5-r0"))
	source, err := directory.Open(dir, "dir:"+dir)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	img, err := source.Image(t.Context(), image.DefaultPlatform())
	if err != nil {
		t.Fatal(err)
	}
	opts := options(t)
	found := run(t, img, opts).Facts
	if len(found.Packages) != 1 || found.Packages[0].Locations[0].Layer != (image.Digest{}) || found.Target.Layers != nil {
		t.Errorf("facts %+v", found)
	}
	if found.Coverage.State("files") != inventory.Full || found.Coverage.State("packages/apk") != inventory.Full {
		t.Errorf("coverage %+v", found.Coverage)
	}
	if found.Files.UnownedCount != 1 || found.Files.Unowned[0].Path != "bin/dropped" || found.Files.Unowned[0].Layer != (image.Digest{}) {
		t.Errorf("files %+v", found.Files)
	}
	s := &scanner{opts: opts, image: img, extractors: extract.All()}
	if _, ok := opts.Cache.Get("layer", s.layerKey(img.Layers[0])); ok {
		t.Error("the layer was remembered")
	}
	if _, ok := opts.Cache.Get("content", s.contentKey()); ok {
		t.Error("the facts were remembered")
	}

	put("lib/apk/db/installed", installed("musl 1.2.5-r0", "zlib 1.3-r0"))
	put("root/.wh.secret", nil)
	found = run(t, img, opts).Facts
	if len(found.Packages) != 2 {
		t.Errorf("a changed folder gave the packages %v", found.Packages)
	}
	if found.Files.UnownedCount != 0 || found.Files.Unowned != nil {
		t.Errorf("what packages brought is not known, and these are said to be nobody's: %+v", found.Files)
	}
	for _, dimension := range []string{"files", "packages/apk", "packages/deb", "packages/golang"} {
		if found.Coverage.State(dimension) != inventory.Partial {
			t.Errorf("%s is %s", dimension, found.Coverage.State(dimension))
		}
	}
	if g := found.Coverage.Gaps[0]; g.Code != unreadableFile || g.Path != "root/.wh.secret" || g.Why == "" {
		t.Errorf("gap %+v", g)
	}
}
