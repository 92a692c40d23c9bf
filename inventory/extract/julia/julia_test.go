package julia

import (
	"testing"

	"plimsoll.dev/plimsoll/inventory/extract/listing/listingtest"
)

const manifest = "app/Manifest.toml"

func TestPackages(t *testing.T) {
	const a = `uuid = "00000000-0000-0000-0000-00000000000a"` + "\n"
	listingtest.Run(t, New(), []listingtest.Case{
		{Name: "a manifest", Path: manifest, File: "testdata/Manifest.toml", Want: []string{
			"pkg:julia/HTTP@1.10.1?uuid=cd3eb016-35fb-5094-929b-558a96fad6f3",
			"pkg:julia/Mine@0.1.0?uuid=00000000-0000-0000-0000-000000000001",
			"pkg:julia/OpenSSL_jll@3.0.12%2B0?uuid=458c3c95-2e84-50aa-8efc-19380b2a3a95"}},
		{Name: "the older form", Path: manifest, Content: "[[A]]\ndeps = [\"B\"]\nversion = \"1.2.3\"\ngit-tree-sha1 = \"01\"\n" + a, Want: []string{"pkg:julia/A@1.2.3?uuid=00000000-0000-0000-0000-00000000000a"}},
		{Name: "the user's", Path: "root/.julia/environments/v1.10/Manifest.toml", Content: "[[A]]\nversion = \"1.2.3\"\n" + a, Want: []string{"pkg:julia/A@1.2.3?uuid=00000000-0000-0000-0000-00000000000a"}},
		{Name: "a package's own", Path: "root/.julia/packages/A/abcde/Manifest.toml", Content: "[[A]]\nversion = \"1.2.3\"\n" + a},
		{Name: "a commit without a version", Path: manifest, Content: "[[A]]\ngit-tree-sha1 = \"01\"\n" + a,
			Want: []string{"pkg:julia/A?uuid=00000000-0000-0000-0000-00000000000a"}, Gaps: []string{"unversioned-package A states"}},
		{Name: "somebody else's file of that name", Path: manifest, Content: "[package]\nname = \"x\"\n[[bin]]\nname = \"y\"\n"},
		{Name: "dotted keys and deep arrays are bounded", Path: manifest, Content: "a = [[[[[[[[", Gaps: []string{"unreadable-database TOML"}},
		{Name: "empty", Path: manifest},
	})
}

func TestWhichFiles(t *testing.T) {
	for path, want := range map[string]bool{
		"Manifest.toml": true, "a/JuliaManifest.toml": true, "a/Manifest-v1.11.toml": true, "a/JuliaManifest-v1.11.toml": true,
		"a/Project.toml": false, "a/manifest.toml": false, "a/Manifest.toml.bak": false,
	} {
		if got := isManifest(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func FuzzManifest(f *testing.F) {
	listingtest.Fuzz(f, New(), manifest, "testdata/Manifest.toml", "manifest_format=2\ndeps=1", "manifest_format='2'\n[deps]\na=[1,{uuid='x',version='1'}]", "[[a]]\nuuid=1")
}
