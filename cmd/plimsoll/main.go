// Command plimsoll scans container images, holds them against a policy and shows what is in them.
//
// Each subcommand is one file here, and this is the only place that picks concrete types: which
// image source, which database, which report. `plimsoll --help` is the manual; names, exit
// statuses and output forms are those of docs/contract.md.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(run())
}

// run is main without the exit, so that what it defers happens.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := program{stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ()}
	return p.execute(ctx, os.Args[1:])
}
