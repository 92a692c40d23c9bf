package rubygems

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/internal/testparts"
	"plimsoll.dev/plimsoll/inventory/extract/listing"
)

// TestRubyGemsOwnWord compares the gems of this machine with what Ruby says of the same files.
func TestRubyGemsOwnWord(t *testing.T) {
	ruby := testparts.Program(t, "ruby", "apt install ruby")
	const ask = `Gem::Specification.each { |s| puts "#{s.loaded_from}\t#{s.name} #{s.version} #{s.platform}" }`
	out, err := exec.Command(ruby, "-e", ask).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for line := range strings.Lines(string(out)) {
		file, gem, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if !isSpecification(filepath.ToSlash(file)) {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list listing.List
		if err := parseSpecification(listing.File{Path: file, Content: content}, &list); err != nil {
			t.Error(err)
		}
		want = append(want, gem)
		for _, p := range list.Contents().Packages {
			got = append(got, strings.Join([]string{p.Name, p.Version, p.Arch}, " "))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	t.Logf("%d gems", len(want))
}
