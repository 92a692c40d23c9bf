package cocoapods

import (
	"testing"

	"plimsoll.dev/plimsoll/inventory/extract/listing/listingtest"
)

const lock = "app/Podfile.lock"

func TestPackages(t *testing.T) {
	listingtest.Run(t, New(), []listingtest.Case{
		{Name: "a lock file", Path: lock, File: "testdata/Podfile.lock", Want: []string{
			"pkg:cocoapods/Alamofire@5.8.1", "pkg:cocoapods/GoogleUtilities@7.12.0#Environment", "pkg:cocoapods/PromisesObjC@2.3.1"}},
		{Name: "no version", Path: lock, Content: "PODS:\n- A\n", Want: []string{"pkg:cocoapods/A"}, Gaps: []string{"unversioned-package A states"}},
		{Name: "no pod", Path: lock, Content: "PODS:\n- 1\n- [A]\n", Gaps: []string{"malformed-entry 2 entries; the first: 1 is not a pod"}},
		{Name: "another form", Path: lock, Content: "PODS: A\n", Gaps: []string{"unreadable-database cannot be read as YAML"}},
		{Name: "a pod's own", Path: "app/Pods/A/Podfile.lock", Content: "PODS:\n- A (1)\n"},
	})
}

func FuzzLock(f *testing.F) {
	listingtest.Fuzz(f, New(), lock, "testdata/Podfile.lock", "PODS: [{A (: []}, ' (', null]")
}
