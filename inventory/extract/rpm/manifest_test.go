package rpm

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/inventory/extract/record"
)

// fullQuery is the format that Azure Linux's toolkit gives to rpm -qa for container-manifest-2.
const fullQuery = `%{NAME}\t%{VERSION}-%{RELEASE}\t%{INSTALLTIME}\t%{BUILDTIME}\t%{VENDOR}\t%{EPOCH}\t%{SIZE}\t%{ARCH}\t%{EPOCHNUM}\t%{SOURCERPM}\n`

func TestManifest(t *testing.T) {
	const bash = "bash\t5.1.8-4.cm2\t1700000000\t1690000000\tMicrosoft Corporation\t(none)\t8192\tx86_64\t0\tbash-5.1.8-4.cm2.src.rpm\n"
	wantBash := record.Package{Name: "bash", Version: "5.1.8-4.cm2", Arch: "x86_64", Vendor: "Microsoft Corporation", SourceName: "bash", SourceVersion: "5.1.8-4.cm2"}
	short := func(name, version, arch string) record.Package {
		return record.Package{Name: name, Version: version, Arch: arch, Guessed: true}
	}
	for _, test := range []struct {
		name, text string
		want       []record.Package
		gap        string
	}{
		{name: "second", text: bash, want: []record.Package{wantBash}},
		{name: "no newline at the end", text: strings.TrimSpace(bash), want: []record.Package{wantBash}},
		{name: "hard case 8: epoch", text: "a\t1-2\t0\t0\t(none)\t7\t0\tnoarch\t7\ta-1-2.src.rpm\n",
			want: []record.Package{{Name: "a", Version: "7:1-2", Arch: "noarch", SourceName: "a", SourceVersion: "7:1-2"}}},
		{name: "key", text: "gpg-pubkey\t3135ce90-5e6fda74\t0\t0\t(none)\t(none)\t0\t(none)\t0\t(none)\n"},
		{name: "first", text: "bash-5.1.8-4.cm2.x86_64\nca-certificates-base-2.0.0-16.cm2.noarch\n",
			want: []record.Package{short("bash", "5.1.8-4.cm2", "x86_64"), short("ca-certificates-base", "2.0.0-16.cm2", "noarch")}},
		{name: "key in the first", text: "gpg-pubkey-3135ce90-5e6fda74.(none)\n"},
		{name: "empty"},
		{name: "empty lines", text: "\n\n" + bash + "\r\n", want: []record.Package{wantBash}},

		{name: "no release", text: "a\t1\t0\t0\t\t\t0\tx86_64\t0\t\n" + bash, want: []record.Package{wantBash}, gap: "line 1"},
		{name: "nine fields", text: "a\t1-2\t0\t0\t\t\t0\tx86_64\t0\n", gap: "line 1"},
		{name: "epoch that is no number", text: "a\t1-2\t0\t0\t\t\t0\tx86_64\tx\t\n", gap: "line 1"},
		{name: "space in a name", text: "a b\t1-2\t0\t0\t\t\t0\tx86_64\t0\t\n", gap: "line 1"},
		{name: "words", text: "this is no list\nof-packages\n", gap: "2 entries; the first: line 1"},
		{name: "huge line", text: strings.Repeat("a", 1<<20) + "\n" + bash, want: []record.Package{wantBash}, gap: "line 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := visit(t, []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.contents.Packages); diff != "" {
				t.Error(diff)
			}
			checkGap(t, got.contents.Gaps, test.gap)
		})
	}
}

func TestManifestsEqualTheDatabase(t *testing.T) {
	folder := install(t, build(t, specification, plainSpecification)...)
	want := truth(t, folder, "sqlite")
	for i := range want {
		want[i].Owns, want[i].Licenses, want[i].Module = nil, nil, ""
		if want[i].Name == "gamma" {
			want[i].Vendor = "" // the list does not tell the packager
		}
	}
	got, err := visit(t, []byte(run(t, "", "rpm", "--dbpath", folder, "-qa", "--queryformat", fullQuery)))
	if diff := cmp.Diff(want, got.contents.Packages); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for i := range want {
		_, version, hasEpoch := strings.Cut(want[i].Version, ":")
		if hasEpoch {
			want[i].Version = version
		}
		want[i] = record.Package{Name: want[i].Name, Version: want[i].Version, Arch: want[i].Arch, Guessed: true}
	}
	got, err = visit(t, []byte(run(t, "", "rpm", "--dbpath", folder, "-qa")))
	if diff := cmp.Diff(want, got.contents.Packages); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

// FuzzManifest: no text makes the parser panic or fail; it gives at most one package a line,
// whose name and version are words; reading by pieces gives the same.
func FuzzManifest(f *testing.F) {
	f.Add([]byte("bash\t5-4\t0\t0\tMicrosoft\t(none)\t1\tx86_64\t0\tbash-5-4.src.rpm\nbash-5-4.x86_64\n"))
	f.Add([]byte("a\t1\t\t\t\t\t\t\t4294967296\t\n-1-2.\n--.\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var whole, pieces collector
		if err := whole.readManifest(bytes.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		_ = pieces.readManifest(iotest.HalfReader(bytes.NewReader(text)))
		if diff := cmp.Diff(whole.packages, pieces.packages); diff != "" {
			t.Fatal(diff)
		}
		if len(whole.packages) > 1+bytes.Count(text, []byte("\n")) {
			t.Errorf("%d packages", len(whole.packages))
		}
		for _, p := range whole.packages {
			if !record.IsWord([]byte(p.Name)) || !record.IsWord([]byte(p.Version)) && len(p.Version) <= record.MaxText {
				t.Errorf("%+v", p)
			}
		}
	})
}
