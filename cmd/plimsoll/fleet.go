package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory/sbom"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report"
	reportjson "plimsoll.dev/plimsoll/report/json"
	"plimsoll.dev/plimsoll/report/preview"
	"plimsoll.dev/plimsoll/scan"
	"plimsoll.dev/plimsoll/verdict"
)

// fleet is a set of stored reports that are looked at one after the other, several at a time. Of
// each only what is said about it is kept.
type fleet struct {
	decoder *reportjson.Decoder
	judge   func(path string, r *report.Report) preview.Image
	all     bool // images of which nothing changes are listed
}

// looked is what was made of one file.
type looked struct {
	images     []preview.Image
	unreadable []preview.File
	other      []preview.File
}

// look adds what is found at the paths, files and folders, to a preview. The result does not
// depend on how many files are read at a time.
func (f *fleet) look(ctx context.Context, paths []string, into *preview.Preview) error {
	var files []string
	for _, path := range paths {
		found, err := reportFiles(path, into)
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	// What lives at a time is two reports or so, and a collection for each few megabytes would
	// take a sixth of the time. This lets the heap grow to five times what lives.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	results := make([]looked, len(files))
	next := make(chan int)
	var readers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		readers.Go(func() {
			var buffer []byte
			for i := range next {
				results[i] = f.read(files[i], &buffer)
			}
		})
	}
	for i := range files {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	readers.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, result := range results {
		for _, i := range result.images {
			into.Add(i, f.all)
		}
		for _, file := range result.unreadable {
			into.AddUnreadable(file)
		}
		into.Other = append(into.Other, result.other...)
	}
	into.Finish()
	return nil
}

// reportFiles returns the files that may be reports, and notes those that are not.
func reportFiles(path string, into *preview.Preview) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("opening the reports: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			into.AddUnreadable(preview.File{Path: path, Why: err.Error()})
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
		case d.IsDir():
		case !d.Type().IsRegular():
			into.Other = append(into.Other, preview.File{Path: path, Why: "it is no regular file"})
		case !strings.HasSuffix(path, ".json"):
			into.Other = append(into.Other, preview.File{Path: path, Why: "its name does not end in .json"})
		default:
			files = append(files, path)
		}
		return nil
	})
	return files, err
}

// read looks at one file. The buffer is used again for the next.
func (f *fleet) read(path string, buffer *[]byte) (result looked) {
	unreadable := func(err error) looked {
		return looked{unreadable: []preview.File{{Path: path, Why: err.Error()}}}
	}
	data, err := readInto(path, *buffer)
	if err != nil {
		return unreadable(err)
	}
	*buffer = data
	schema, err := reportjson.SchemaOf(data)
	switch {
	case err != nil:
		return unreadable(fmt.Errorf("it is not JSON: %w", err))
	case schema == report.ReportsSchema:
		reports, err := f.decoder.Reports(data)
		if err != nil {
			return unreadable(err)
		}
		for i := range reports.Reports {
			result.images = append(result.images, f.judge(path, &reports.Reports[i]).Keep())
		}
		for _, missed := range reports.Missed {
			result.unreadable = append(result.unreadable, preview.File{Path: path, Why: "the image for " + strings.Clone(missed.Platform) + " was not scanned: " + strings.Clone(missed.Why)})
		}
		return result
	case !strings.HasPrefix(schema, "plimsoll.dev/report/"):
		return looked{other: []preview.File{{Path: path, Why: "it is no report of plimsoll"}}}
	}
	one, err := f.decoder.Report(data)
	if err != nil {
		return unreadable(err)
	}
	return looked{images: []preview.Image{f.judge(path, one).Keep()}}
}

// readInto reads a file into a buffer, which grows as needed.
func readInto(path string, buffer []byte) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > sbom.MaxSize {
		return nil, fmt.Errorf("it is larger than %s, which is the most that a report may have", formatBytes(sbom.MaxSize))
	}
	if int64(cap(buffer)) < info.Size() {
		buffer = make([]byte, info.Size()+info.Size()/4)
	}
	buffer = buffer[:info.Size()]
	n, err := io.ReadFull(file, buffer)
	if err != nil {
		return nil, fmt.Errorf("after %d bytes: %w", n, err)
	}
	return buffer, nil
}

// evaluateStored evaluates a stored report again, without the digests of its inputs.
func evaluateStored(r *report.Report, l *line, at moment, look []finding.Kind) preview.Judged {
	a := again(&scanned{Result: &scan.Result{Facts: reportFacts(r)}, stored: r}, at, look)
	in := a.input(l)
	in.WithoutDigests = true
	decided := policy.Evaluate(in)
	return preview.Judged{Verdict: &decided.Verdict, Effects: decided.Effects}
}

// newPreview begins the document.
func newPreview(at moment, stage verdict.Stage, l *line) *preview.Preview {
	return &preview.Preview{
		Schema: preview.Schema, EvaluatedAt: formatMoment(at.now), Replay: at.replay, Stage: stage,
		Policies: policyNames(l.policies),
	}
}

func policyNames(policies []policy.Policy) []string {
	names := make([]string, len(policies))
	for i, one := range policies {
		told := policy.PolicyTold{Name: one.Name(), Version: one.Version()}
		names[i] = fmt.Sprintf("%s (%s)", told, one.Digest())
	}
	return names
}
