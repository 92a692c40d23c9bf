package e2e

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/internal/testparts"
	"plimsoll.dev/plimsoll/inventory"
)

// TestFiles: of the thousands of executables in real images, packages brought all but those that
// the images' maker (../shared/tools/make-images.sh) wrote itself; and the files with a setuid or
// setgid bit are the ones that Debian brings (passwd, login, mount, util-linux, libpam-modules-bin,
// and openssh-client in big).
func TestFiles(t *testing.T) {
	made := []string{"etc/hostname", "etc/resolv.conf"} // executable by their mode
	setuid := []string{
		"usr/bin/chage", "usr/bin/chfn", "usr/bin/chsh", "usr/bin/expiry", "usr/bin/gpasswd", "usr/bin/mount",
		"usr/bin/newgrp", "usr/bin/passwd", "usr/bin/su", "usr/bin/umount", "usr/sbin/unix_chkpwd",
	}
	with := []string{
		"usr/bin/chage", "usr/bin/chfn", "usr/bin/chsh", "usr/bin/expiry", "usr/bin/gpasswd", "usr/bin/mount", "usr/bin/newgrp", "usr/bin/passwd",
		"usr/bin/ssh-agent", "usr/bin/su", "usr/bin/umount", "usr/lib/openssh/ssh-keysign", "usr/sbin/unix_chkpwd",
	}
	for image, test := range map[string]struct {
		executables     int // at least
		unowned, setuid []string
	}{
		"debian-slim": {900, made, setuid}, "debian-old": {1200, made, setuid}, "debian-python": {1400, made, setuid},
		"node-app": {900, made, setuid}, "java-app": {900, made, setuid}, "big": {3000, made, with},
		"go-app": {2, nil, nil}, // no distribution: two Go programs, which say what they are
	} {
		t.Run(image, func(t *testing.T) { checkFiles(t, built(t, image), test.executables, test.unowned, test.setuid) })
	}
	for _, image := range []string{"alpine-3.10.3", "alpine-3.12.12", "alpine-3.16.9", "alpine-3.20.3"} {
		t.Run(image, func(t *testing.T) { checkFiles(t, testparts.Shared(t, "images", image+".tar"), 20, nil, nil) })
	}
}

func checkFiles(t *testing.T, target string, executables int, unowned, setuid []string) {
	t.Helper()
	r := reportOf(t, target)
	if r.Manifest.Files < executables {
		t.Errorf("%d executables, want %d or more", r.Manifest.Files, executables)
	}
	paths := func(files []inventory.File) []string {
		var list []string
		for _, f := range files {
			list = append(list, f.Path)
		}
		return list
	}
	if diff := cmp.Diff(unowned, paths(r.Files.Unowned)); diff != "" {
		t.Errorf("unowned (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(setuid, paths(r.Files.Setuid)); diff != "" {
		t.Errorf("setuid (-want +got):\n%s", diff)
	}
	if r.Files.UnownedCount != len(unowned) || r.Coverage.State("files") != inventory.Full {
		t.Errorf("%d unowned, files are %s", r.Files.UnownedCount, r.Coverage.State("files"))
	}
}

// TestUnpackedLengths: the layers' lengths add up to what the images' maker measured.
func TestUnpackedLengths(t *testing.T) {
	for _, row := range table(t, built(t, "big")+"/../summary.tsv") {
		t.Run(row["image"], func(t *testing.T) {
			var stored, unpacked int64
			for _, layer := range reportOf(t, built(t, row["image"])).Target.Layers {
				stored, unpacked = stored+layer.Size, unpacked+layer.Unpacked
			}
			if got := []string{number(stored), number(unpacked)}; !cmp.Equal(got, []string{row["compressed"], row["uncompressed"]}) {
				t.Errorf("stored and unpacked %v, want %s and %s", got, row["compressed"], row["uncompressed"])
			}
		})
	}
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
