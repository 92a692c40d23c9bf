package record

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLister(t *testing.T) {
	broken := errors.New("layer is cut short")
	var l Lister
	l.Add("a", "1", []string{"MIT"})
	l.Add("git", "git+ssh://registry.example/git.git#0123", nil)
	l.Add("none", "", nil)
	l.Add("b c", "1", nil)
	l.Add("d", "1 2", nil)
	l.Add(strings.Repeat("e", MaxText+1), "1", nil)
	contents, err := l.End(broken)
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want the parser's", err)
	}
	want := Contents{
		Packages: []Package{{Name: "a", Version: "1", Licenses: []string{"MIT"}}, {Name: "git"}, {Name: "none"}},
		Gaps: []Gap{
			{Code: UnversionedPackage, Why: "git: the lock file states where it is from, and no version (and 1 more)", Complete: true},
			{Code: MalformedEntry, Why: `3 entries; the first: "b c" is no package's name`},
		},
	}
	if diff := cmp.Diff(want, contents); diff != "" {
		t.Error(diff)
	}
}

func TestTooManyPackages(t *testing.T) {
	var l Lister
	for range maxListed {
		l.Add("a", "1", nil)
	}
	if _, err := l.End(nil); err != nil {
		t.Errorf("as many as may be: %v", err)
	}
	l.Add("a", "1", nil)
	l.Add("a", "1", nil)
	if contents, err := l.End(nil); !errors.Is(err, ErrTooMany) || len(contents.Packages) > maxListed+1 {
		t.Errorf("%d packages, error %v", len(contents.Packages), err)
	}
}
