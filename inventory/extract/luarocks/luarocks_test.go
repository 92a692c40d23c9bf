package luarocks

import (
	"testing"

	"plimsoll.dev/plimsoll/inventory/extract/listing/listingtest"
)

const installed = "usr/local/lib/luarocks/rocks-5.1/luasocket/3.1.0-1/luasocket-3.1.0-1.rockspec"

func TestPackages(t *testing.T) {
	listingtest.Run(t, New(), []listingtest.Case{
		{Name: "installed", Path: installed, File: "testdata/luasocket-3.1.0-1.rockspec", Want: []string{"pkg:luarocks/luasocket@3.1.0-1 [MIT]"}},
		{Name: "put together by a program", Path: installed, Content: "local v = '3.1.0'\npackage = name\nversion = v .. '-1'\n", Want: []string{"pkg:luarocks/luasocket@3.1.0-1"}},
		{Name: "a text put together", Path: installed, Content: "version = '3.1.0' .. revision\n", Want: []string{"pkg:luarocks/luasocket@3.1.0-1"}},
		{Name: "no version of Lua in the tree's name", Path: "opt/lib/luarocks/rocks/a/1-1/a-1-1.rockspec", Content: "package='a' -- the name\nversion='1-1';\n", Want: []string{"pkg:luarocks/a@1-1"}},
		{Name: "empty", Path: installed, Want: []string{"pkg:luarocks/luasocket@3.1.0-1"}},
	})
}

func TestWhichFiles(t *testing.T) {
	for path, want := range map[string]bool{
		installed: true, "src/a-1-1.rockspec": false, "rocks/a.rockspec": false, "usr/rocks-5.4/a/1-1/rock_manifest": false,
	} {
		if got := isRockspec(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func FuzzRockspec(f *testing.F) {
	listingtest.Fuzz(f, New(), installed, "testdata/luasocket-3.1.0-1.rockspec", "package='", "version=\"a b\"\nlicense=''")
}
