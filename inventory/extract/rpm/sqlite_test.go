package rpm

import (
	"path/filepath"
	"testing"
)

func TestWhatRPMInstallsIsListed(t *testing.T) {
	folder := install(t, build(t, specification, plainSpecification)...)
	want := truth(t, folder, "sqlite")
	if len(want) != 4 || want[0].Module != "alpha:9" || len(want[0].Owns) < 300 {
		t.Fatalf("rpm lists %v", want)
	}
	check(t, filepath.Join(folder, "rpmdb.sqlite"), want)
}
