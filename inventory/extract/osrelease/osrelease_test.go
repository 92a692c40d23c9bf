package osrelease

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image/rootfs"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/inventory/extract/record"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       inventory.Distro
	}{
		{"Debian", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n",
			inventory.Distro{ID: "debian", VersionID: "12", Codename: "bookworm", Name: "Debian GNU/Linux 12 (bookworm)"}},
		{"Alpine", "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME=\"Alpine Linux v3.20\"\n",
			inventory.Distro{ID: "alpine", VersionID: "3.20.3", Name: "Alpine Linux v3.20"}},
		{"RHEL", "NAME=\"Red Hat Enterprise Linux\"\nID=\"rhel\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"9.4\"\nCPE_NAME=\"cpe:/o:redhat:enterprise_linux:9::baseos\"\n",
			inventory.Distro{ID: "rhel", VersionID: "9.4", CPE: "cpe:/o:redhat:enterprise_linux:9::baseos", IDLike: []string{"fedora"}}},
		{"Fedora", "ID=fedora\nVERSION_ID=40\nVARIANT=\"Container Image\"\nVARIANT_ID=container\n",
			inventory.Distro{ID: "fedora", VersionID: "40", Variant: "container"}},
		{"hard case 30: derived, rolling", "ID=nimbus\nID_LIKE=\"ubuntu debian\"\n", inventory.Distro{ID: "nimbus", IDLike: []string{"ubuntu", "debian"}}},
		{"empty file", "", inventory.Distro{ID: "linux"}},
		{"empty ID", "ID=\n", inventory.Distro{ID: "linux"}},
		{"the last assignment counts", "ID=a\nID=b\n", inventory.Distro{ID: "b"}},
		{"comments, spaces, CR LF", "# ID=x\r\n\r\n  ID=a\r\n #ID=y\r\n", inventory.Distro{ID: "a"}},
		{"single quotes", `PRETTY_NAME='a "b" $c \d'` + "\nID='x'\n", inventory.Distro{ID: "x", Name: `a "b" $c \d`}},
		{"double quotes", `PRETTY_NAME="a \"b\" \$c \\ \` + "`" + `d\` + "`" + ` \e"` + "\nID=\"x\"\n", inventory.Distro{ID: "x", Name: "a \"b\" $c \\ `d` \\e"}},
		{"bare word with backslashes", `PRETTY_NAME=a\ b` + "\n", inventory.Distro{ID: "linux", Name: "a b"}},
		{"quote not closed", "ID=a\nID=\"b\n", inventory.Distro{ID: "a"}},
		{"words after the quote", "ID=a\nID=\"b\"c\nVERSION_ID=\"1\" # now\n", inventory.Distro{ID: "a", VersionID: "1"}},
		{"words after the bare word", "ID=b c\n", inventory.Distro{ID: "b"}},
		{"no space around the sign", "ID = a\n", inventory.Distro{ID: "linux"}},
		{"names are case-sensitive", "id=a\n", inventory.Distro{ID: "linux"}},
		{"control characters", "ID=a\nID=\"b\x1b[31m\"\nPRETTY_NAME=\"\xff\"\n", inventory.Distro{ID: "a"}},
		{"no newline at the end", "ID=a", inventory.Distro{ID: "a"}},
		{"an end of support", "ID=a\nSUPPORT_END=2030-01-31\n", inventory.Distro{ID: "a", EOL: "2030-01-31"}},
		{"an end of support that is no day", "ID=a\nSUPPORT_END=2030-02-31\n", inventory.Distro{ID: "a"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, parse([]byte(test.text))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestEndOfSupport: what the image says of itself wins over what is known of the release.
func TestEndOfSupport(t *testing.T) {
	for text, want := range map[string]string{
		"ID=debian\nVERSION_ID=12\n":                                 "2028-06-30",
		"ID=debian\nVERSION_ID=12\nSUPPORT_END=2027-01-01\n":         "2027-01-01",
		"ID=debian\nVERSION_ID=12\nSUPPORT_END=never\n":              "2028-06-30",
		"ID=nimbus\nVERSION_ID=12\nID_LIKE=debian\n":                 "",
		"ID=centos\nVERSION_ID=8\nPRETTY_NAME=\"CentOS Stream 8\"\n": "2024-05-31",
	} {
		data, err := New().Visit(context.Background(), &rootfs.File{Reader: strings.NewReader(text)})
		if err != nil {
			t.Fatal(err)
		}
		found := record.NewFound(nil)
		New().Assemble([]record.File{{Path: "etc/os-release", Read: true, Data: data}}, found)
		if found.Distro == nil || found.Distro.EOL != want {
			t.Errorf("%q gives %+v, want the end %q", text, found.Distro, want)
		}
	}
}

func TestVisitRefusesAHugeFile(t *testing.T) {
	for size, ok := range map[int]bool{maxSize: true, maxSize + 1: false} {
		_, err := New().Visit(context.Background(), &rootfs.File{Reader: strings.NewReader(strings.Repeat("#", size))})
		if (err == nil) != ok {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestAssemble(t *testing.T) {
	file := func(id string) record.File {
		data, err := json.Marshal(inventory.Distro{ID: id})
		if err != nil {
			t.Fatal(err)
		}
		return record.File{Path: "etc/os-release", Read: true, Data: data}
	}
	for _, test := range []struct {
		name  string
		files []record.File
		want  *inventory.Distro
		gaps  int
	}{
		{"none", nil, nil, 0},
		{"the first counts", []record.File{file("a"), file("b")}, &inventory.Distro{ID: "a"}, 0},
		{"not read", []record.File{{Path: "etc/os-release"}, file("b")}, nil, 1},
		{"unreadable", []record.File{{Read: true, Problem: "too large"}, file("b")}, nil, 1},
		{"damaged", []record.File{{Read: true, Data: []byte("?")}}, nil, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := record.NewFound(nil)
			New().Assemble(test.files, found)
			if diff := cmp.Diff(test.want, found.Distro); diff != "" {
				t.Error(diff)
			}
			if len(found.Coverage().Gaps) != test.gaps {
				t.Errorf("gaps %v, want %d", found.Coverage().Gaps, test.gaps)
			}
		})
	}
}

// FuzzOSRelease: no input makes the parser panic; there is always an ID; no value holds control
// characters; a file written from the values, quoted, gives them back.
func FuzzOSRelease(f *testing.F) {
	f.Add([]byte("ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME='a b'\nID_LIKE=\"c d\"\nVERSION_CODENAME=x\\ y\n"))
	f.Add([]byte("ID=\"\\\"\\$\\`\\\\\\a\"\nID='\n=\n\r\nID=\"a\" #\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		distro := parse(text)
		values := append([]string{distro.ID, distro.VersionID, distro.Codename, distro.Name}, distro.IDLike...)
		for _, value := range values {
			if strings.ContainsFunc(value, unicode.IsControl) {
				t.Fatalf("control character in %q", value)
			}
		}
		if distro.ID == "" {
			t.Fatal("no ID")
		}
		quote := strings.NewReplacer(`"`, `\"`, `\`, `\\`, "$", `\$`, "`", "\\`")
		written := fmt.Sprintf("ID=\"%s\"\nVERSION_ID=\"%s\"\nVERSION_CODENAME=\"%s\"\nPRETTY_NAME=\"%s\"\nID_LIKE=\"%s\"\n",
			quote.Replace(distro.ID), quote.Replace(distro.VersionID), quote.Replace(distro.Codename),
			quote.Replace(distro.Name), quote.Replace(strings.Join(distro.IDLike, " ")))
		back := parse([]byte(written))
		if len(distro.IDLike) == 0 {
			distro.IDLike, back.IDLike = nil, nil
		}
		if diff := cmp.Diff(distro, back); diff != "" {
			t.Error(diff)
		}
	})
}
