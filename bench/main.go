// Command bench measures the numbers that docs/performance.md states: whole processes, in turn
// with what they are compared with, so that a machine that slows down slows both. It prints
// medians and ratios; it judges nothing, and no test depends on it. Arguments name what to measure:
// images, whose cold scan it is then, or attest.
//
// It wants the real test images (make images), ../shared/data, and the binary (make build). Where
// syft is on PATH, it is measured beside; and signing at a registry where skopeo is.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 5, "measured runs of each command, after one that is not counted")
	flag.Parse()
	if err := run(*rounds, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measurement is one run of one process.
type measurement struct {
	wall, cpu time.Duration
	peak      int64 // bytes of resident memory, mapped files included
}

// subject is a command and its measurements.
type subject struct {
	name    string
	prepare func() error // before each run, not measured
	command []string
	env     []string
	runs    []measurement
}

// run measures what is named, or everything.
func run(rounds int, only []string) error {
	images, err := imagesFolder()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "plimsoll-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	floor := filepath.Join(work, "floor")
	if err := build(floor, "./bench/floor"); err != nil {
		return err
	}
	plimsoll, err := filepath.Abs("dist/plimsoll")
	if err != nil {
		return err
	}
	b := bench{rounds: rounds, work: work, floor: floor, plimsoll: plimsoll, out: tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)}
	fmt.Fprintln(b.out, "WHAT\tWALL\tCPU\tPEAK\tRATIO\tOF")
	all := []string{"debian-slim", "debian-old", "debian-python", "node-app", "go-app", "java-app", "big", "attest"}
	if len(only) > 0 {
		all = only
	}
	for _, name := range all {
		measure := b.coldScan
		if name == "attest" {
			measure = b.attest
		}
		if err := measure(images, name); err != nil {
			return err
		}
	}
	if len(only) > 0 {
		return b.out.Flush()
	}
	if err := b.secondScan(filepath.Join(images, "big")); err != nil {
		return err
	}
	if err := b.databaseBuild(); err != nil {
		return err
	}
	if err := b.out.Flush(); err != nil {
		return err
	}
	return matchBenchmark()
}

func build(program, folder string) error {
	if out, err := exec.Command("go", "build", "-o", program, folder).CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", folder, err, out)
	}
	return nil
}

type bench struct {
	rounds                int
	work, floor, plimsoll string
	out                   *tabwriter.Writer
}

// coldScan compares a scan with nothing remembered with the floor, and with syft.
func (b *bench) coldScan(images, name string) error {
	layout, cache := filepath.Join(images, name), filepath.Join(b.work, "cold")
	subjects := []*subject{
		{name: "floor " + name, command: []string{b.floor, layout}},
		{name: "cold scan " + name, prepare: func() error { return os.RemoveAll(cache) },
			command: b.scan(layout, cache)},
	}
	if syft, err := exec.LookPath("syft"); err == nil {
		subjects = append(subjects, &subject{name: "syft " + name, env: []string{"SYFT_CHECK_FOR_APP_UPDATE=false"},
			command: []string{syft, "scan", "oci-dir:" + layout, "-o", "syft-json", "-q"}})
	}
	return b.measure(subjects, 0)
}

// secondScan compares a scan of what is remembered with the start of a process.
func (b *bench) secondScan(layout string) error {
	cache := filepath.Join(b.work, "warm")
	return b.measure([]*subject{
		{name: "process start", command: []string{b.plimsoll, "version"}},
		{name: "second scan big", command: b.scan(layout, cache)},
	}, 0)
}

// databaseBuild measures the compilation of all advisories at hand.
func (b *bench) databaseBuild() error {
	return b.measure([]*subject{{name: "db build", command: []string{b.plimsoll, "db", "build", "--quiet",
		"--from", "../shared/data", "--as-of", "2026-11-22T00:00:00Z", "--out", filepath.Join(b.work, "all.db")}}}, 0)
}

func (b *bench) scan(layout, cache string) []string {
	return []string{b.plimsoll, "scan", layout, "--quiet", "--format", "json", "--cache-dir", cache, "--now", "2026-11-22T10:00:00Z"}
}

// measure runs the subjects in turn and prints each beside subjects[base]. What is over in a
// fraction of a second is run more often: there, a moment of the machine's is a tenth of it.
func (b *bench) measure(subjects []*subject, base int) error {
	const least, most = 3 * time.Second, 25
	rounds := b.rounds
	for round := 0; round <= rounds; round++ {
		for _, s := range subjects {
			m, err := s.once()
			if err != nil {
				return err
			}
			if round > 0 {
				s.runs = append(s.runs, m)
			} else if s == subjects[base] {
				rounds = max(rounds, min(most, int(least/m.wall)))
			}
		}
	}
	for i, s := range subjects {
		wall := median(s.runs, func(m measurement) int64 { return int64(m.wall) })
		ratio, of := "", ""
		if i != base {
			ratio, of = fmt.Sprintf("%.2f", medianRatio(s.runs, subjects[base].runs)), subjects[base].name
		}
		fmt.Fprintf(b.out, "%s\t%v\t%v\t%.0f MiB\t%s\t%s\n", s.name, time.Duration(wall).Round(time.Millisecond),
			time.Duration(median(s.runs, func(m measurement) int64 { return int64(m.cpu) })).Round(time.Millisecond),
			float64(peak(s.runs))/(1<<20), ratio, of)
	}
	return b.out.Flush()
}

// once runs the command and measures it.
func (s *subject) once() (measurement, error) {
	if s.prepare != nil {
		if err := s.prepare(); err != nil {
			return measurement{}, err
		}
	}
	command := exec.Command(s.command[0], s.command[1:]...)
	command.Env = append(os.Environ(), s.env...)
	command.Stdout = io.Discard
	var complaint strings.Builder
	command.Stderr = &complaint
	const denied = 3 // of check, and a result like any other
	start := time.Now()
	if err := command.Run(); err != nil && command.ProcessState.ExitCode() != denied {
		return measurement{}, fmt.Errorf("%s: %w\n%s", strings.Join(s.command, " "), err, complaint.String())
	}
	m := measurement{wall: time.Since(start), cpu: command.ProcessState.UserTime() + command.ProcessState.SystemTime()}
	if usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.peak = usage.Maxrss << 10 // Linux counts in KiB
	}
	return m, nil
}

func median(runs []measurement, value func(measurement) int64) int64 {
	values := make([]int64, len(runs))
	for i, m := range runs {
		values[i] = value(m)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// medianRatio is the median over the rounds of one subject's wall time over another's.
func medianRatio(runs, base []measurement) float64 {
	ratios := make([]float64, len(runs))
	for i := range runs {
		ratios[i] = float64(runs[i].wall) / float64(base[i].wall)
	}
	slices.Sort(ratios)
	middle := len(ratios) / 2
	if len(ratios)%2 == 0 {
		return (ratios[middle-1] + ratios[middle]) / 2
	}
	return ratios[middle]
}

func peak(runs []measurement) int64 {
	most := int64(0)
	for _, m := range runs {
		most = max(most, m.peak)
	}
	return most
}

// imagesFolder is where tools/images.sh keeps the real test images.
func imagesFolder() (string, error) {
	out, err := exec.Command("tools/images.sh").Output()
	if err != nil {
		return "", fmt.Errorf("building the test images: %w", err)
	}
	lines := strings.Fields(string(out))
	if len(lines) == 0 {
		return "", fmt.Errorf("the real test images need ../shared beside this checkout")
	}
	return lines[len(lines)-1], nil
}

// matchBenchmark runs the Go benchmark of opening the database and matching 1,000 packages.
func matchBenchmark() error {
	command := exec.Command("go", "test", "-run", "^$", "-bench", "OpenAndMatch", "-benchtime", "20x", "./advisory/db")
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	return command.Run()
}
