package oracle

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/osv-scalibr/extractor/filesystem/language/rust/cargoauditable"
	"github.com/google/osv-scalibr/extractor/filesystem/os/chisel"
	"github.com/google/osv-scalibr/extractor/filesystem/os/pacman"
)

// TestRealFiles compares what the tools themselves wrote: the oracle's own test data, read where
// the module lies. It has programs and databases that no test of ours could write by hand.
func TestRealFiles(t *testing.T) {
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/google/osv-scalibr").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []comparison{
		{extractor: "cargo", path: "usr/bin/app", file: "language/rust/cargoauditable/testdata/uses_serde_json/uses_serde_json", scalibr: cargoauditable.New},
		{extractor: "cargo", path: "usr/bin/app", file: "language/rust/cargoauditable/testdata/no_deps/no_deps", scalibr: cargoauditable.New},
		{extractor: "chisel", path: "var/lib/chisel/manifest.wall", file: "os/chisel/testdata/chisel/openssl.wall", scalibr: chisel.New},
		{extractor: "pacman", path: "var/lib/pacman/local/gawk-5.3.1-1/desc", file: "os/pacman/testdata/valid", scalibr: pacman.New},
	} {
		t.Run(c.file, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(folder)), "extractor/filesystem", c.file))
			if err != nil {
				t.Fatal(err)
			}
			ours := ours(t, c, content)
			if diff := cmp.Diff(theirs(t, c, content), ours); diff != "" {
				t.Error(diff)
			}
			if len(ours) == 0 {
				t.Error("there is nothing to compare")
			}
		})
	}
}
