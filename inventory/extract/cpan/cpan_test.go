package cpan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/inventory/extract/listing"
	"plimsoll.dev/plimsoll/inventory/extract/listing/listingtest"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

const (
	library   = "usr/local/lib/perl5/site_perl/5.38.2/x86_64-linux-gnu/"
	installed = library + ".meta/Plack-1.0051/install.json"
	packlist  = library + "auto/Plack/.packlist"
	lock      = "app/cpanfile.snapshot"
)

func TestDistributions(t *testing.T) {
	listingtest.Run(t, New().Extractor, []listingtest.Case{
		{Name: "installed by cpanm", Path: installed, File: "testdata/install.json", Want: []string{"pkg:cpan/MIYAGAWA/Plack@1.0051"}},
		{Name: "not from an author's folder", Path: installed, Content: `{"dist": "My-App-v1.2.3", "pathname": "My-App-v1.2.3.tar.gz"}`, Want: []string{"pkg:cpan/My-App@v1.2.3"}},
		{Name: "no version", Path: installed, Content: `{"dist": "My-App"}`, Want: []string{"pkg:cpan/My-App"}, Gaps: []string{"unversioned-package My-App"}},
		{Name: "no name", Path: installed, Content: `{}`, Gaps: []string{"malformed-entry name"}},
		{Name: "installed by something else", Path: library + "auto/LWP/Protocol/https/.packlist", Content: "/usr/local/lib/perl5/LWP/Protocol/https.pm\n",
			Want: []string{"pkg:cpan/LWP-Protocol-https"}, Gaps: []string{"unversioned-package LWP-Protocol-https"}},
		{Name: "locked", Path: lock, File: "testdata/cpanfile.snapshot", Want: []string{"pkg:cpan/KAZEBURO/Apache-LogFormat-Compiler@0.36", "pkg:cpan/MIYAGAWA/Plack@1.0051"}},
		{Name: "nothing locked", Path: lock, Content: "# carton snapshot format: version 1.0\nDISTRIBUTIONS\n"},
	})
}

func TestAPacklistAddsNothingToAnInstall(t *testing.T) {
	file := func(path, name, version string) record.File {
		var list listing.List
		list.Add(record.Package{Name: name, Version: version})
		return record.File{Path: path, Read: true, Data: list.Contents().Encode()}
	}
	found := record.NewFound(nil)
	New().Assemble([]record.File{file(installed, "Plack", "1.0051"), file(packlist, "Plack", ""), file(library+"auto/LWP/.packlist", "LWP", "")}, found)
	var got []string
	for _, p := range found.Packages() {
		got = append(got, p.PURL)
	}
	if diff := cmp.Diff([]string{"pkg:cpan/LWP", "pkg:cpan/Plack@1.0051"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestDistributionNames(t *testing.T) {
	for text, want := range map[string][2]string{
		"libwww-perl-6.76": {"libwww-perl", "6.76"}, "Foo-v1.2.3": {"Foo", "v1.2.3"}, "Foo-1.2-TRIAL": {"Foo", "1.2-TRIAL"},
		"Foo-Bar": {"Foo-Bar", ""}, "Foo-": {"Foo-", ""}, "-1": {"-1", ""}, "": {"", ""}, "Foo-2-1.0": {"Foo-2", "1.0"}, "Foo-v": {"Foo-v", ""},
	} {
		if name, version := splitDistribution(text); [2]string{name, version} != want {
			t.Errorf("%q: %q %q", text, name, version)
		}
	}
}

func TestPacklistNames(t *testing.T) {
	for path, want := range map[string]string{
		packlist: "Plack", library + ".packlist": "", library + "auto/.packlist": "", library + "auto/A/auto/B/.packlist": "B", ".packlist": "",
	} {
		if got := nameOfPacklist(path); got != want {
			t.Errorf("%s: %q", path, got)
		}
	}
}

func FuzzInstall(f *testing.F) {
	listingtest.Fuzz(f, New().Extractor, installed, "testdata/install.json", `{"dist": "-1", "pathname": "///"}`)
}

func FuzzSnapshot(f *testing.F) {
	listingtest.Fuzz(f, New().Extractor, lock, "testdata/cpanfile.snapshot", "  a-1\n    pathname: ///x\n  \n   b")
}
