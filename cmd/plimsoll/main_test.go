package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/assemble"
)

var update = flag.Bool("update", false, "write what the transcripts compare with anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"plimsoll": func() { os.Exit(run()) },
		"assemble": assembleImage,
	})
}

// TestTranscripts runs what a user types; each file in testdata is one story.
func TestTranscripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"status": status},
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("NO_COLOR", "1")
			return nil
		},
	})
}

// status is the script command `status N COMMAND...`: the command must exit with that status.
func status(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		ts.Fatalf("status wants a number, not %q", args[0])
	}
	got := 0
	var exited *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &exited):
		got = exited.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// assembleImage is the command `assemble [-user USER] FORMAT OUT FOLDER...`: each folder becomes a
// layer of an image, in a layout (oci), a docker-archive (docker) or an oci-archive (archive).
func assembleImage() {
	if err := assembleFolders(os.Args[1:]); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}

func assembleFolders(args []string) error {
	user := "65532"
	if args[0] == "-user" {
		user, args = args[1], args[2:]
	}
	format, out, folders := args[0], args[1], args[2:]
	img := assemble.Image{Platform: image.DefaultPlatform(), Config: image.Config{User: user, Cmd: []string{"/bin/sh"}}}
	for _, folder := range folders {
		var files []assemble.File
		err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(folder, path)
			files = append(files, assemble.File{Path: filepath.ToSlash(name), Mode: 0o644, Body: content})
			return err
		})
		if err != nil {
			return err
		}
		layer, err := assemble.Layer(files, assemble.Gzip)
		if err != nil {
			return err
		}
		img.Layers = append(img.Layers, layer)
	}
	if format == "oci" {
		return assemble.WriteLayout(out, "v1", img)
	}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	defer file.Close()
	if format == "docker" {
		return assemble.WriteDockerArchive(file, "example/app:v1", img)
	}
	return assemble.WriteOCIArchive(file, "v1", img)
}
