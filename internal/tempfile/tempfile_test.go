package tempfile

import (
	"os"
	"testing"
)

// TestNothingIsLeft: each way to make a file gives one that works and that no folder lists.
func TestNothingIsLeft(t *testing.T) {
	for name, create := range map[string]func(string) (*os.File, error){"New": New, "removed": removed} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file, err := create(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if _, err := file.WriteString("content"); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, 7)
			if _, err := file.ReadAt(got, 0); err != nil || string(got) != "content" {
				t.Errorf("read %q, %v", got, err)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
				t.Errorf("the folder lists %v (%v)", entries, err)
			}
		})
	}
}

func TestNowhereToPutIt(t *testing.T) {
	if _, err := New(t.TempDir() + "/absent"); err == nil {
		t.Error("no error")
	}
	t.Setenv("TMPDIR", t.TempDir()+"/absent")
	if _, err := New(""); err == nil && os.TempDir() == os.Getenv("TMPDIR") {
		t.Error("no error")
	}
}
