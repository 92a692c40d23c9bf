package conan

import (
	"testing"

	"plimsoll.dev/plimsoll/inventory/extract/listing/listingtest"
)

const lock = "app/conan.lock"

func TestPackages(t *testing.T) {
	listingtest.Run(t, New(), []listingtest.Case{
		{Name: "Conan 2, without what builds", Path: lock, File: "testdata/conan.lock",
			Want: []string{"pkg:conan/openssl@3.0.3?channel=stable&user=bincrafters", "pkg:conan/zlib@1.3.1"}},
		{Name: "Conan 1", Path: lock, Content: `{"graph_lock": {"nodes": {"0": {"ref": "app/1.0@", "path": "conanfile.py", "context": "host"}, "1": {"ref": "zlib/1.2.11#0", "context": "host"},
			"2": {"ref": "cmake/3.22#0", "context": "build"}, "3": {"path": "."}}}, "version": "0.4"}`, Want: []string{"pkg:conan/zlib@1.2.11"}},
		{Name: "before", Path: lock, Content: `{"graph_lock": {"nodes": {"a": {"pref": null}, "b": {"pref": "zlib/1.2.11@b/c#0:1#2"}}}}`, Want: []string{"pkg:conan/zlib@1.2.11?channel=c&user=b"}},
		{Name: "neither user nor channel", Path: lock, Content: `{"requires": ["a/1@_/_#0"]}`, Want: []string{"pkg:conan/a@1"}},
		{Name: "no version", Path: lock, Content: `{"requires": ["a"]}`, Want: []string{"pkg:conan/a"}, Gaps: []string{"unversioned-package a states"}},
		{Name: "no name", Path: lock, Content: `{"requires": ["/1", ""]}`, Gaps: []string{"malformed-entry 2 entries"}},
		{Name: "not JSON", Path: lock, Content: "requires", Gaps: []string{"unreadable-database JSON"}},
	})
}

func FuzzLock(f *testing.F) {
	listingtest.Fuzz(f, New(), lock, "testdata/conan.lock", `{"requires": ["a/1@b/c d"], "graph_lock": {"nodes": {"": {"ref": "/"}}}}`)
}
