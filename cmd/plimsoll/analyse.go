package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"plimsoll.dev/plimsoll/advisory/db"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/finding/imageconfig"
	"plimsoll.dev/plimsoll/finding/vuln"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
	"plimsoll.dev/plimsoll/internal/cache"
	"plimsoll.dev/plimsoll/internal/progress"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/report"
	"plimsoll.dev/plimsoll/scan"
)

// analysis is what scan and check have in common: facts and findings, no verdict.
type analysis struct {
	report   report.Report
	facts    inventory.Facts
	manifest []byte // the executable manifest, encoded

	inRegistry bool         // the image lies in the registry that its name says, and evidence beside it
	stored     bool         // it was read from a report
	restedOn   image.Digest // the policies of that report's verdict; zero if it has none

	signedVEX        []policy.SignedVEX // attached to the image
	signedVEXDigests []image.Digest
}

// analyse scans a target and looks for findings of the kinds given.
func (p *program) analyse(ctx context.Context, target string, look []finding.Kind, chosen targetFlags, databaseChosen databaseFlags) (*analysis, error) {
	moment, err := p.moment()
	if err != nil {
		return nil, err
	}
	opening := p.startOpening(ctx, look, databaseChosen)
	defer opening.close()
	scanned, err := p.scanTarget(ctx, target, chosen)
	if err != nil {
		return nil, err
	}
	if databaseChosen.asStored && scanned.stored != nil && covers(scanned.stored, look) {
		return again(scanned, moment, look), nil
	}
	return p.examine(ctx, scanned, moment, look, opening)
}

// moment is the time of a run.
type moment struct {
	now    time.Time
	replay bool
}

func (p *program) moment() (moment, error) {
	now, replay, err := p.evaluatedAt()
	return moment{now, replay}, err
}

// examine looks for findings in what was scanned.
func (p *program) examine(ctx context.Context, scanned *scanned, at moment, look []finding.Kind, database *opening) (*analysis, error) {
	facts := scanned.Facts
	a := &analysis{facts: facts, manifest: scanned.Manifest, inRegistry: scanned.inRegistry, stored: scanned.stored != nil, report: report.Report{
		Schema: report.Schema, EvaluatedAt: at.now, Replay: at.replay,
		Target: facts.Target, Distro: facts.Distro, Packages: facts.Packages, Manifest: facts.Manifest, Files: facts.Files,
		Findings: []finding.Finding{}, Suppressed: []finding.Suppressed{},
		Coverage: facts.Coverage.Merge(inventory.Coverage{}),
		Engine:   report.Engine{Name: engineName, Version: engineVersion()},
	}}
	if stored := scanned.stored; stored != nil {
		a.report.Evidence = stored.Evidence
		if stored.Verdict != nil {
			a.restedOn = stored.Verdict.Inputs.Policy
		}
	}
	for _, dimension := range []string{"config", "license", "secret"} {
		a.report.Coverage.Set(dimension, inventory.NotRun)
	}
	if slices.Contains(look, finding.Vulnerability) {
		if err := a.match(ctx, database); err != nil {
			return nil, err
		}
	}
	a.configuration(look)
	slices.SortFunc(a.report.Findings, finding.Compare)
	return a, nil
}

// configuration adds what is wrong with the image's configuration.
func (a *analysis) configuration(look []finding.Kind) {
	switch {
	case !slices.Contains(look, finding.Config), a.report.Coverage.States["config"] == inventory.Unknown:
	case a.facts.Target.ImageID.IsZero():
		a.report.Coverage.AddGap(inventory.Gap{Dimension: "config", Code: "no-configuration", Why: "an unpacked file system has none"}, inventory.Unknown)
	default:
		a.report.Findings = append(a.report.Findings, imageconfig.Check(a.facts.Target.Config)...)
		a.report.Coverage.Set("config", inventory.Full)
	}
}

// match adds the vulnerabilities that the database knows for what was found.
func (a *analysis) match(ctx context.Context, opening *opening) error {
	database, err := opening.wait()
	if err != nil {
		return err
	}
	matched, err := vuln.Match(ctx, a.facts, database)
	if err != nil {
		return err
	}
	a.report.Findings = append(a.report.Findings, matched.Findings...)
	a.report.Suppressed = append(a.report.Suppressed, matched.Suppressed...)
	a.report.Coverage = a.report.Coverage.Merge(matched.Coverage)
	a.report.Database = describe(database)
	return nil
}

// scanTarget opens a target and scans it, with progress on a terminal.
func (p *program) scanTarget(ctx context.Context, target string, chosen targetFlags) (result *scanned, err error) {
	if document, err := p.documentAt(target); document != nil || err != nil {
		return document, err
	}
	r, err := p.read(ctx, target, chosen)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	return r.scan(ctx, r.use.platform)
}

// reading is a target that is open, with what scanning it may use.
type reading struct {
	target  string
	use     usage
	source  image.Source
	results *cache.Cache
	line    *progress.Line
}

func (p *program) read(ctx context.Context, target string, chosen targetFlags) (*reading, error) {
	use, err := chosen.resolve()
	if err != nil {
		return nil, err
	}
	r := &reading{target: target, use: use}
	r.line = progress.New(p.stderr, progress.Options{
		Terminal: !p.global.quiet && terminalWidth(p.stderr) > 0, Subject: target, Width: terminalWidth(p.stderr), Now: time.Now})
	if r.source, err = p.openTarget(ctx, target, use.limits, chosen.remote, r.line); err != nil {
		r.line.Stop()
		return nil, err
	}
	if r.results, err = p.openCache(); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func (r *reading) close() error {
	r.line.Stop()
	return errors.Join(r.results.Close(), r.source.Close())
}

// scan scans the image for one platform.
func (r *reading) scan(ctx context.Context, platform image.Platform) (*scanned, error) {
	img, err := r.source.Image(ctx, platform)
	if err != nil {
		return nil, err
	}
	if bytes := size(img); bytes > 0 && bytes < smallImage {
		// It needs little memory, and collecting less often takes a tenth off its time.
		defer debug.SetGCPercent(debug.SetGCPercent(200))
	}
	result, err := scan.Run(ctx, img, scan.Options{Limits: r.use.limits, Memory: r.use.memory, Cache: r.results, Progress: r.line})
	if err != nil {
		return nil, fmt.Errorf("scanning %s: %w", r.target, err)
	}
	_, inRegistry := r.source.(*registry.Registry)
	return &scanned{Result: result, inRegistry: inRegistry}, nil
}

// smallImage is the size of layers, as they are stored, below which an image is small: 64 MiB.
const smallImage = 64 << 20

// size is that of the layers as they are stored, 0 if the medium does not say.
func size(img *image.Image) int64 {
	var bytes int64
	for _, layer := range img.Layers {
		bytes += layer.Size
	}
	return bytes
}

// openCache opens the cache of results. Without a folder to keep them in, nothing is kept.
func (p *program) openCache() (*cache.Cache, error) {
	if p.global.noCache {
		return nil, nil
	}
	dir, err := p.cacheFolder()
	if err != nil {
		p.forget(err)
		return nil, nil
	}
	results, err := cache.Open(dir, cache.DefaultSize)
	if err != nil && p.global.cacheDir == "" {
		p.forget(err)
		return nil, nil
	}
	return results, err
}

// forget warns that nothing is remembered, and why: once, however often the cache is opened.
func (p *program) forget(why error) {
	p.forgetting.Do(func() { p.warn("nothing will be remembered: " + why.Error()) })
}

// cacheFolder is where results are remembered; an error if that is nowhere.
func (p *program) cacheFolder() (string, error) {
	if p.global.cacheDir != "" {
		return p.global.cacheDir, nil
	}
	dir, err := p.folder("XDG_CACHE_HOME", ".cache")
	if err != nil {
		return "", err
	}
	return dir, p.checkCache(dir)
}

// describe says in a report which advisories were looked up.
func describe(database *db.DB) *report.Database {
	d := &report.Database{Digest: database.Digest(), Sources: []report.Source{}}
	for _, s := range database.Sources() {
		d.Sources = append(d.Sources, report.Source{Name: s.Name, Records: s.Records, AsOf: s.AsOf, Newest: s.Newest})
	}
	return d
}
