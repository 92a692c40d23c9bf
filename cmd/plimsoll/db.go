package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"plimsoll.dev/plimsoll/advisory/db"
	"plimsoll.dev/plimsoll/advisory/db/starter"
	"plimsoll.dev/plimsoll/ecosystem"
	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/report"
)

// oldAfter is the age from which on the user is told how old the advisories are.
const oldAfter = 7 * 24 * time.Hour

// databaseFlags choose the advisory database.
type databaseFlags struct {
	path string
	// asStored has the findings of a stored report count, and not those of a new match: the same
	// report is to give the same verdict wherever it is evaluated.
	asStored bool
	// by is whom to believe about a database that is not part of this program; nil asks for nobody.
	by *believed
}

func (d *databaseFlags) register(flags flagSet) {
	flags.StringVar(&d.path, "db", "", "advisory database `FILE` (default: the one that db build made, else the one inside this program)")
}

// openDatabase opens the database that was asked for, else the user's, else the starter database.
func (p *program) openDatabase(ctx context.Context, chosen databaseFlags) (*db.DB, error) {
	if chosen.path != "" {
		return openSigned(ctx, chosen.path, chosen.by)
	}
	if path, err := p.databasePath(); err == nil {
		if err := p.checkDefault("db", path); err != nil {
			return nil, err
		}
		database, err := openSigned(ctx, path, chosen.by)
		if !errors.Is(err, fs.ErrNotExist) {
			return database, err
		}
	}
	dir, err := p.cacheFolder()
	if err != nil || p.global.noCache {
		dir = "" // into memory
	}
	return starter.Open(dir)
}

// openSigned opens a database; one that has to be signed only if it is. Its root digest, which
// vouches for every byte, is what is signed.
func openSigned(ctx context.Context, path string, by *believed) (*db.DB, error) {
	database, err := db.Open(path)
	if err != nil || !by.demands(evidence.Database) {
		return database, err
	}
	if _, err := by.signersOf(ctx, path, evidence.DatabaseType, database.Digest()); err != nil {
		return nil, errors.Join(unsignedError("database", path, evidence.Database, err), database.Close())
	}
	return database, nil
}

// opening is a database that is being opened while the image is read: the starter database is
// unpacked the first time, which takes as long as reading a small image.
type opening struct {
	done     chan struct{}
	database *db.DB
	err      error
}

// startOpening begins to open the database, if vulnerabilities are looked for.
func (p *program) startOpening(ctx context.Context, look []finding.Kind, chosen databaseFlags) *opening {
	o := &opening{done: make(chan struct{})}
	if !slices.Contains(look, finding.Vulnerability) {
		close(o.done)
		return o
	}
	go func() {
		defer close(o.done)
		o.database, o.err = p.openDatabase(ctx, chosen)
	}()
	return o
}

func (o *opening) wait() (*db.DB, error) {
	<-o.done
	return o.database, o.err
}

// close lets go of the database, once it is open.
func (o *opening) close() {
	if database, err := o.wait(); err == nil && database != nil {
		database.Close()
	}
}

// databasePath is where the user's own database lies.
func (p *program) databasePath() (string, error) {
	dir, err := p.folder("XDG_DATA_HOME", filepath.Join(".local", "share"))
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "advisories.db"), nil
}

// warnOfAge says how old the advisories are that a report rests on, if they are older than a week
// or do not say. The table says it in its own words.
func (p *program) warnOfAge(r *report.Report) {
	if r.Database == nil {
		return
	}
	for _, s := range r.Database.Sources {
		switch {
		case !consulted(r, s.Name):
		case s.AsOf.IsZero():
			p.warn("the database does not say when " + s.Name + " was last checked: build it with --as-of")
		case r.EvaluatedAt.Sub(s.AsOf) > oldAfter:
			p.warn(fmt.Sprintf("%s was last checked on %s, %d days ago: newer vulnerabilities are not found",
				s.Name, s.AsOf.Format(time.DateOnly), int(r.EvaluatedAt.Sub(s.AsOf).Hours()/24)))
		}
	}
}

// consulted tells whether a source of the database had a say in a report.
func consulted(r *report.Report, source string) bool {
	base, isOSV := strings.CutPrefix(source, "osv/")
	for dimension := range r.Coverage.States {
		release, ok := strings.CutPrefix(dimension, "advisories/")
		if ok && isOSV && ecosystem.Base(release) == base {
			return true
		}
	}
	return !isOSV
}

func (p *program) dbCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "db",
		Short: "Build and inspect the advisory database",
		Args:  p.subcommandOnly,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.dbBuildCommand(), p.dbStatusCommand())
	return c
}

// subcommandOnly refuses a word that is no subcommand.
func (p *program) subcommandOnly(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%q is no subcommand of %s: see %s --help", args[0], c.CommandPath(), c.CommandPath())}
	}
	return nil
}

func (p *program) dbBuildCommand() *cobra.Command {
	var from, out, asOf string
	c := &cobra.Command{
		Use:   "build --from DIR",
		Short: "Compile a copy of the OSV bucket into an advisory database",
		Long: `Build compiles DIR/osv (laid out like the OSV bucket: ecosystems.txt and one
<Ecosystem>/all.zip each), DIR/epss and DIR/kev into one file. The same input gives the same bytes.

A copy does not say when it was last checked against its source: --as-of does. Without it the
age of the advisories is unknown, and a policy that limits their age does not pass.`,
		Example: "  plimsoll db build --from ./advisories --as-of 2026-11-22T00:00:00Z",
		Args:    p.noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if from == "" {
				return usageError{errors.New("db build wants --from DIR: a folder with osv/ecosystems.txt in it")}
			}
			var checked time.Time
			if asOf != "" {
				var err error
				if checked, err = time.Parse(time.RFC3339, asOf); err != nil {
					return usageError{fmt.Errorf("--as-of %q: want a time such as 2026-11-22T00:00:00Z", asOf)}
				}
			}
			return p.dbBuild(c.Context(), from, out, checked)
		},
	}
	c.Flags().StringVar(&from, "from", "", "`DIR` with osv/, epss/ and kev/ in it")
	c.Flags().StringVar(&out, "out", "", "`FILE` to write (default: the user's own database)")
	c.Flags().StringVar(&asOf, "as-of", "", "`TIME` at which the copy was last checked against its sources (RFC 3339)")
	return c
}

func (p *program) dbBuild(ctx context.Context, from, out string, asOf time.Time) error {
	now, _, err := p.evaluatedAt()
	if err != nil {
		return err
	}
	if out == "" {
		if out, err = p.databasePath(); err != nil {
			return fmt.Errorf("choosing where to write the database: %w: name a file with --out", err)
		}
		if err := os.MkdirAll(filepath.Dir(out), 0o700); err != nil {
			return fmt.Errorf("making the folder of the database: %w", err)
		}
	}
	stats, err := db.Build(ctx, from, out, db.Options{AsOf: asOf})
	if err != nil {
		return fmt.Errorf("building the advisory database from %s: %w", from, err)
	}
	p.warnOfBuild(stats)
	database, err := db.Open(out)
	if err != nil {
		return fmt.Errorf("reading back the database: %w", err)
	}
	defer database.Close()
	return p.write(func(w io.Writer) error { return printStatus(w, out, database, now) })
}

// warnOfBuild tells what was odd in the copy.
func (p *program) warnOfBuild(stats db.Stats) {
	for _, name := range stats.Missing {
		p.warn("the copy has no " + name)
	}
	for _, shard := range stats.Shards {
		if shard.FutureDated > 0 {
			p.warn(fmt.Sprintf("%s: %d records are dated in the future", shard.Name, shard.FutureDated))
		}
		if shard.UnparsableVersions > 0 {
			p.warn(fmt.Sprintf("%s: %d versions cannot be ordered; packages they may concern are reported as not decidable", shard.Name, shard.UnparsableVersions))
		}
		if shard.UnknownRatings > 0 {
			p.warn(fmt.Sprintf("%s: %d ratings could not be read and count as unknown", shard.Name, shard.UnknownRatings))
		}
	}
}

func (p *program) dbStatusCommand() *cobra.Command {
	var chosen databaseFlags
	var trust string
	c := &cobra.Command{
		Use:   "status",
		Short: "Show what the advisory database holds and how old it is",
		Args:  p.noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			now, _, err := p.evaluatedAt()
			if err != nil {
				return err
			}
			if chosen.by, err = believe(trust, now); err != nil {
				return err
			}
			database, err := p.openDatabase(c.Context(), chosen)
			if err != nil {
				return err
			}
			defer database.Close()
			return p.write(func(w io.Writer) error { return printStatus(w, chosen.path, database, now) })
		},
	}
	chosen.register(c.Flags())
	c.Flags().StringVar(&trust, "trust", "", "trust document `FILE`: if it says who may sign databases, one that is not signed is refused")
	return c
}

// printStatus lists a database's sources with their dates, records and licences.
func printStatus(w io.Writer, path string, database *db.DB, now time.Time) error {
	if path != "" {
		fmt.Fprintf(w, "%s\n", path)
	}
	fmt.Fprintf(w, "%s\n\n", database.Digest())
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SOURCE\tRECORDS\tLAST CHECKED\tNEWEST RECORD\tLICENCE")
	for _, s := range database.Sources() {
		newest := date(s.Newest)
		if s.Newest.After(now) {
			newest += " (in the future)"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\n", s.Name, s.Records, date(s.AsOf), newest, s.Licence)
	}
	return t.Flush()
}

func date(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format(time.DateOnly)
}
