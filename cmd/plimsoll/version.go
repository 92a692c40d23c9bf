package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// engineName is what reports call this program.
const engineName = "plimsoll"

// release is the version of this source tree; the changelog says what it holds.
const release = "0.1.0"

// engineVersion is the release, and the module version if this was built as one.
func engineVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return release
	}
	return info.Main.Version
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  p.noArguments,
		RunE: func(*cobra.Command, []string) error {
			return p.write(func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "plimsoll %s (%s %s/%s)\n", engineVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
				return err
			})
		},
	}
}

// noArguments refuses any argument.
func (p *program) noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%s takes no argument, and got %q: see %s --help", c.CommandPath(), args[0], c.CommandPath())}
	}
	return nil
}

// oneTarget wants exactly one target.
func (p *program) oneTarget(c *cobra.Command, args []string) error {
	switch len(args) {
	case 1:
		return nil
	case 0:
		return usageError{fmt.Errorf("%s wants a target, such as an OCI layout folder or an image's .tar file: see %s --help", c.CommandPath(), c.CommandPath())}
	default:
		return usageError{fmt.Errorf("%s wants one target, and got %d: see %s --help", c.CommandPath(), len(args), c.CommandPath())}
	}
}
