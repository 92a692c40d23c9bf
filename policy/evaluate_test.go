package policy

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/inventory"
	"plimsoll.dev/plimsoll/verdict"
)

// policyOf returns the policies of a file that holds these lines below its head.
func policyOf(t testing.TB, lines ...string) []Policy {
	t.Helper()
	head := "apiVersion: plimsoll.dev/v1\nkind: Policy\nmetadata: {name: baseline}\n"
	policies, err := Parse("policy.yaml", []byte(head+strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return policies
}

func rulesOf(criteria string) string { return "rules: [{id: r, deny: {" + criteria + "}}]" }

const (
	libssl   = "pkg:apk/alpine/libssl3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3"
	crypto   = "pkg:apk/alpine/libcrypto3@3.3.2-r0?arch=x86_64&distro=alpine-3.20.3"
	stdlib   = "pkg:golang/stdlib@1.22.0"
	module   = "pkg:golang/golang.org/x/net@v0.7.0"
	epoch    = "pkg:deb/debian/dmsetup@2:1.02.185-2?arch=amd64&distro=debian-12"
	checkKey = "config|user-root"
)

// image1 is an image about which everything is known, and nothing is wrong.
func image1() Input {
	source := &inventory.Source{Name: "openssl", Version: "3.3.2-r0"}
	in := Input{
		Facts: inventory.Facts{
			Target: inventory.Target{
				Reference: "oci:app", ImageID: image.DigestOf([]byte("config")), Digest: image.DigestOf([]byte("manifest")),
				Platform: "linux/amd64",
				Layers:   []inventory.TargetLayer{{Digest: image.DigestOf([]byte("stored")), DiffID: image.DigestOf([]byte("tar")), Size: 5}},
			},
			Packages: []inventory.Package{
				{PURL: libssl, Type: "apk", Name: "libssl3", Version: "3.3.2-r0", Source: source},
				{PURL: crypto, Type: "apk", Name: "libcrypto3", Version: "3.3.2-r0", Source: source},
				{PURL: stdlib, Type: "golang", Name: "stdlib", Version: "1.22.0"},
				{PURL: module, Type: "golang", Name: "golang.org/x/net", Version: "v0.7.0"},
				{PURL: epoch, Type: "deb", Name: "dmsetup", Version: "2:1.02.185-2", Source: &inventory.Source{Name: "lvm2", Version: "2.03.16-2"}},
			},
		},
		Database: Database{Digest: image.DigestOf([]byte("database")), Sources: []Source{
			{"osv/Alpine", now().Add(-10 * time.Hour)}, {"osv/Go", now().Add(-20 * time.Hour)}, {"kev", now().Add(-5 * time.Hour)}, {"epss", now().Add(-5 * time.Hour)},
			{"osv/Debian", now().Add(-1000 * time.Hour)},
		}},
		Repository: "registry.example/team/app",
		Engine:     "plimsoll 1.0.0",
		Now:        now(),
	}
	for _, dimension := range []string{"packages/apk", "packages/deb", "packages/golang", "advisories/Alpine:v3.20", "advisories/Go", "config"} {
		in.Coverage.Set(dimension, inventory.Full)
	}
	in.Coverage.Set("secret", inventory.NotRun)
	return in
}

func now() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

func vulnerability(id, purl string, severity advisory.Severity, fixedIn ...string) finding.Finding {
	f := finding.Finding{
		Key: finding.VulnerabilityKey(id, purl), Kind: finding.Vulnerability, ID: id, Package: purl,
		Severity: severity, FixState: finding.NotFixed, Status: finding.Affected, FixedIn: fixedIn,
	}
	if len(fixedIn) > 0 {
		f.FixState = finding.FixAvailable
	}
	return f
}

func with(f finding.Finding, change func(*finding.Finding)) finding.Finding {
	change(&f)
	return f
}

func runsAsRoot() finding.Finding {
	return finding.Finding{
		Key: checkKey, Kind: finding.Config, ID: "user-root", Severity: advisory.Medium,
		Status: finding.Affected, Title: "the image runs as root: its configuration sets no user",
	}
}

func TestResultOfARule(t *testing.T) {
	critical := vulnerability("CVE-1", libssl, advisory.Critical, "3.3.3-r0")
	set := func(dimension string, s inventory.State) func(*Input) {
		return func(in *Input) { in.Coverage.Set(dimension, s) }
	}
	cases := []struct {
		name, criteria string
		findings       []finding.Finding
		change         func(*Input)
		want           verdict.Result
	}{
		{"nothing found, everything seen", "severity: [critical]", nil, nil, verdict.Pass},
		{"a severity in the list", "severity: [high, critical]", []finding.Finding{critical}, nil, verdict.Fail},
		{"a severity that is not in the list", "severity: [high]", []finding.Finding{critical}, nil, verdict.Pass},
		{"a severity that nobody knows", "severity: [critical]", []finding.Finding{vulnerability("CVE-2", libssl, advisory.SeverityUnknown)}, nil, verdict.Unknown},
		{"a severity that nobody knows is asked for", "severity: [unknown]", []finding.Finding{vulnerability("CVE-2", libssl, advisory.SeverityUnknown)}, nil, verdict.Fail},
		{"an offender beside a severity that nobody knows", "severity: [critical]",
			[]finding.Finding{critical, vulnerability("CVE-2", libssl, advisory.SeverityUnknown)}, nil, verdict.Fail},
		{"a severity that nobody knows, of a finding that another criterion rules out", "severity: [critical], kev: true",
			[]finding.Finding{vulnerability("CVE-2", libssl, advisory.SeverityUnknown)}, nil, verdict.Pass},
		{"a fix exists", "fixable: true", []finding.Finding{critical}, nil, verdict.Fail},
		{"no fix exists", "fixable: true", []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical)}, nil, verdict.Pass},
		{"no fix exists, and that is asked for", "fixable: false", []finding.Finding{vulnerability("CVE-1", libssl, advisory.Critical)}, nil, verdict.Fail},
		{"nobody will fix it", "fixable: false", []finding.Finding{with(critical, func(f *finding.Finding) { f.FixState = finding.WontFix })}, nil, verdict.Fail},
		{"nobody knows whether a fix exists", "fixable: true", []finding.Finding{with(critical, func(f *finding.Finding) { f.FixState = finding.FixUnknown })}, nil, verdict.Unknown},
		{"the fix state is absent", "fixable: false", []finding.Finding{with(critical, func(f *finding.Finding) { f.FixState = "" })}, nil, verdict.Unknown},
		{"known to be exploited", "kev: true", []finding.Finding{with(critical, func(f *finding.Finding) { f.KEV = true })}, nil, verdict.Fail},
		{"not known to be exploited", "kev: true", []finding.Finding{critical}, nil, verdict.Pass},
		{"only those not known to be exploited", "kev: false", []finding.Finding{critical}, nil, verdict.Fail},
		{"the database does not know what is exploited", "kev: true", nil, func(in *Input) { in.Database.Sources = in.Database.Sources[:2] }, verdict.Unknown},
		{"all criteria hold of one finding", "severity: [critical], fixable: true, kev: false", []finding.Finding{critical}, nil, verdict.Fail},
		{"each criterion holds of another finding", "severity: [critical], fixable: true", []finding.Finding{
			vulnerability("CVE-1", libssl, advisory.Critical), vulnerability("CVE-2", libssl, advisory.Low, "4")}, nil, verdict.Pass},
		{"in the package", `package: ["pkg:apk/alpine/libssl3"]`, []finding.Finding{critical}, nil, verdict.Fail},
		{"in the source package", `package: ["pkg:apk/alpine/openssl"]`, []finding.Finding{critical}, nil, verdict.Fail},
		{"in the version of the package", `package: ["pkg:apk/alpine/libssl3@3.3.2-*"]`, []finding.Finding{critical}, nil, verdict.Fail},
		{"in another version of the package", `package: ["pkg:apk/alpine/libssl3@3.3.3-*"]`, []finding.Finding{critical}, nil, verdict.Pass},
		{"in the version of the source package", `package: ["pkg:deb/debian/lvm2@2.03.*"]`, []finding.Finding{vulnerability("CVE-3", epoch, advisory.Low)}, nil, verdict.Fail},
		{"in the binary's version of the source package", `package: ["pkg:deb/debian/lvm2@2:1.02.*"]`, []finding.Finding{vulnerability("CVE-3", epoch, advisory.Low)}, nil, verdict.Pass},
		{"in another package", `package: ["pkg:apk/alpine/zlib"]`, []finding.Finding{critical}, nil, verdict.Pass},
		{"in a package below a path", `package: ["pkg:golang/golang.org/**"]`, []finding.Finding{vulnerability("CVE-4", module, advisory.Low)}, nil, verdict.Fail},
		{"in a package below a deeper path", `package: ["pkg:golang/golang.org/*"]`, []finding.Finding{vulnerability("CVE-4", module, advisory.Low)}, nil, verdict.Pass},
		{"in a package whose purl cannot be read", `package: ["pkg:golang/**"]`, []finding.Finding{vulnerability("CVE-4", "golang.org/x/net", advisory.Low)}, nil, verdict.Unknown},
		{"packages were not understood", "severity: [critical]", nil, set("packages/rpm", inventory.Unknown), verdict.Unknown},
		{"packages were understood in part", "severity: [critical]", nil, set("packages/deb", inventory.Partial), verdict.Unknown},
		{"packages were not looked for", "severity: [critical]", nil, set("packages/npm", inventory.NotRun), verdict.Unknown},
		{"advisories are missing", "severity: [critical]", nil, set("advisories/Alpine:v3.20", inventory.Unknown), verdict.Unknown},
		{"an offender, and packages were not understood", "severity: [critical]", []finding.Finding{critical}, set("packages/rpm", inventory.Unknown), verdict.Fail},
		{"a dimension that the rule does not read", "severity: [critical]", nil, set("config", inventory.Unknown), verdict.Pass},
		{"no packages were looked for at all", "severity: [critical]", nil, func(in *Input) { in.Coverage = inventory.Coverage{} }, verdict.Unknown},
		{"no advisories were looked up for the packages", "severity: [critical]", nil, func(in *Input) {
			in.Coverage = inventory.Coverage{States: map[string]inventory.State{"packages/apk": inventory.Full}}
		}, verdict.Unknown},
		{"there are no packages to look up", "severity: [critical]", nil, func(in *Input) {
			in.Coverage = inventory.Coverage{States: map[string]inventory.State{"packages/apk": inventory.Full}}
			in.Facts.Packages = nil
		}, verdict.Pass},
		{"the image runs as root", "config: [user-root]", []finding.Finding{runsAsRoot()}, nil, verdict.Fail},
		{"the image does not run as root", "config: [user-root]", nil, nil, verdict.Pass},
		{"the configuration was not looked at", "config: [user-root]", nil, func(in *Input) { delete(in.Coverage.States, "config") }, verdict.Unknown},
		{"the configuration was looked at, packages were not understood", "config: [user-root]", nil, set("packages/rpm", inventory.Unknown), verdict.Pass},
		{"criteria of vulnerabilities do not ask of the configuration", "severity: [medium]", []finding.Finding{runsAsRoot()}, nil, verdict.Pass},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := image1()
			in.Policies, in.Findings = policyOf(t, rulesOf(c.criteria)), c.findings
			if c.change != nil {
				c.change(&in)
			}
			got := Evaluate(in).Rules[0]
			if got.Result != c.want {
				t.Errorf("%s: result %s (%s), want %s", c.criteria, got.Result, got.Message, c.want)
			}
		})
	}
}

func TestUnknownSeverityIsTakenForWhatThePolicySays(t *testing.T) {
	in := image1()
	in.Findings = []finding.Finding{vulnerability("CVE-2", libssl, advisory.SeverityUnknown)}
	for criteria, want := range map[string]verdict.Result{
		"severity: [high]": verdict.Fail, "severity: [critical]": verdict.Pass, "severity: [unknown]": verdict.Fail,
	} {
		in.Policies = policyOf(t, "defaults: {unknownSeverity: high}", rulesOf(criteria))
		if got := Evaluate(in).Rules[0].Result; got != want {
			t.Errorf("%s: %s, want %s", criteria, got, want)
		}
	}
}

func TestOutcomeOfAResult(t *testing.T) {
	const actions, unknown = "actions: {build: off, ship: warn, admit: deny}", inventory.Unknown
	allAllow := map[verdict.Stage]verdict.Outcome{verdict.Build: "allow", verdict.Ship: "allow", verdict.Admit: "allow", verdict.Run: "allow"}
	cases := []struct {
		name    string
		lines   []string
		change  func(*Input)
		outcome map[verdict.Stage]verdict.Outcome
	}{
		{"pass", []string{rulesOf("kev: true")}, nil, allAllow},
		{"fail without actions denies", []string{rulesOf("config: [user-root]")}, func(in *Input) { in.Findings = []finding.Finding{runsAsRoot()} },
			map[verdict.Stage]verdict.Outcome{verdict.Build: "deny", verdict.Ship: "deny", verdict.Admit: "deny", verdict.Run: "deny"}},
		{"fail does what the stage's action says", []string{actions, rulesOf("config: [user-root]")}, func(in *Input) { in.Findings = []finding.Finding{runsAsRoot()} },
			map[verdict.Stage]verdict.Outcome{verdict.Build: "allow", verdict.Ship: "warn", verdict.Admit: "deny", verdict.Run: "deny"}},
		{"a rule overrides a stage", []string{actions, "rules: [{id: r, deny: {config: [user-root]}, actions: {build: warn, admit: off}}]"},
			func(in *Input) { in.Findings = []finding.Finding{runsAsRoot()} },
			map[verdict.Stage]verdict.Outcome{verdict.Build: "warn", verdict.Ship: "warn", verdict.Admit: "allow", verdict.Run: "deny"}},
		{"unknown does what a stage does about a rule that fails", []string{actions, rulesOf("severity: [high]")},
			func(in *Input) { in.Coverage.Set("packages/rpm", unknown) },
			map[verdict.Stage]verdict.Outcome{verdict.Build: "allow", verdict.Ship: "warn", verdict.Admit: "deny", verdict.Run: "deny"}},
		{"unknown warns if the policy says so", []string{actions, "defaults: {onUnknown: warn}", rulesOf("severity: [high]")},
			func(in *Input) { in.Coverage.Set("packages/rpm", unknown) },
			map[verdict.Stage]verdict.Outcome{verdict.Build: "allow", verdict.Ship: "warn", verdict.Admit: "warn", verdict.Run: "warn"}},
		{"the strictest rule wins", []string{"rules: [{id: a, deny: {config: [user-root]}, actions: {build: warn, ship: off, admit: off, run: off}}, {id: b, deny: {kev: true}}]"},
			func(in *Input) { in.Findings = []finding.Finding{runsAsRoot()} },
			map[verdict.Stage]verdict.Outcome{verdict.Build: "warn", verdict.Ship: "allow", verdict.Admit: "allow", verdict.Run: "allow"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := image1()
			in.Policies = policyOf(t, c.lines...)
			if c.change != nil {
				c.change(&in)
			}
			if diff := cmp.Diff(c.outcome, Evaluate(in).Outcome); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A result that this version has no outcome for is never allowed, and neither is error.
func TestOutcomeOfOtherResults(t *testing.T) {
	p := policyOf(t, "defaults: {onError: warn}", rulesOf("kev: true"))[0]
	for result, want := range map[verdict.Result]verdict.Outcome{
		verdict.Error: verdict.Warn, verdict.Deferred: verdict.Deny, "": verdict.Deny, "fine": verdict.Deny, verdict.Waived: verdict.Allow,
	} {
		if got := p.outcome(verdict.Build, &p.rules[0], result, ""); got != want {
			t.Errorf("result %q: %s, want %s", result, got, want)
		}
	}
}

func TestScope(t *testing.T) {
	cases := []struct {
		name, scope, repository string
		covers                  bool
	}{
		{"no scope", "", "registry.example/app", true},
		{"no scope, no name", "", "", true},
		{"everything", "scope: {images: ['**']}", "registry.example/a/b", true},
		{"everything, no name", "scope: {images: ['**']}", "", true},
		{"one segment, no name", "scope: {images: ['*']}", "", false},
		{"below a registry", "scope: {images: ['registry.example/**']}", "registry.example/a/b", true},
		{"below a registry, no name", "scope: {images: ['registry.example/**']}", "", false},
		{"another registry that ends alike", "scope: {images: ['registry.example/**']}", "evil-registry.example/a", false},
		{"another registry that begins alike", "scope: {images: ['registry.example/**']}", "registry.example.evil/a", false},
		{"one segment", "scope: {images: ['registry.example/*']}", "registry.example/a/b", false},
		{"within a segment", "scope: {images: ['registry.example/team-*/app']}", "registry.example/team-pay/app", true},
		{"one of several", "scope: {images: ['a/b', 'c/d']}", "c/d", true},
		{"excepted", "scope: {images: ['a/**'], except: ['a/sandbox/**']}", "a/sandbox/x", false},
		{"excepted from everything", "scope: {except: ['a/**']}", "a/x", false},
		{"not excepted", "scope: {except: ['a/**']}", "b/x", true},
		{"an exception with a name does not touch what has none", "scope: {except: ['a/**']}", "", true},
		{"names are case-sensitive", "scope: {images: ['a/B']}", "a/b", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := image1()
			in.Repository, in.Policies = c.repository, policyOf(t, c.scope, rulesOf("kev: true"))
			if got := in.Policies[0].Covers(c.repository); got != c.covers {
				t.Fatalf("covers: %v, want %v", got, c.covers)
			}
			v := Evaluate(in)
			if outOfScope := v.Rules[0].ID == ScopeRule; outOfScope == c.covers {
				t.Errorf("first rule %s, covers %v", v.Rules[0].ID, c.covers)
			}
		})
	}
}

func TestNoPolicyInScopeIsDenied(t *testing.T) {
	for name, policies := range map[string][]Policy{
		"no policy at all":        nil,
		"a policy for others":     policyOf(t, "scope: {images: [other/**]}", "defaults: {onUnknown: warn}", rulesOf("kev: true")),
		"a policy never parsed":   {{}},
		"several that do not fit": slices.Concat(policyOf(t, "scope: {images: [x]}", rulesOf("kev: true")), policyOf(t, "scope: {images: [y]}", rulesOf("kev: true"))),
	} {
		t.Run(name, func(t *testing.T) {
			in := image1()
			in.Policies = policies
			v := Evaluate(in)
			for _, stage := range verdict.Stages() {
				if v.Outcome[stage] != verdict.Deny {
					t.Errorf("%s: %s, want deny", stage, v.Outcome[stage])
				}
			}
			if len(v.Rules) != 1 || v.Rules[0].ID != ScopeRule || v.Rules[0].Result != verdict.Unknown {
				t.Errorf("rules %+v, want one, %s, unknown", v.Rules, ScopeRule)
			}
		})
	}
}

func TestDatabaseAge(t *testing.T) {
	source := func(name string, asOf time.Time) func(*Input) {
		return func(in *Input) {
			in.Database.Sources = slices.DeleteFunc(in.Database.Sources, func(s Source) bool { return s.Name == name })
			in.Database.Sources = append(in.Database.Sources, Source{name, asOf})
		}
	}
	cases := []struct {
		name, criteria string
		change         func(*Input)
		want           verdict.Result
		message        string
	}{
		{"all used are new, one that is not used is old", "severity: [high]", nil, verdict.Pass, "the oldest source, osv/Go, was last checked 20 h ago, within 24 h"},
		{"one that is used is old", "severity: [high]", source("osv/Alpine", now().Add(-25*time.Hour)), verdict.Unknown, "osv/Alpine was last checked 25 h ago"},
		{"exactly as old as allowed", "severity: [high]", source("osv/Alpine", now().Add(-24*time.Hour)), verdict.Pass, "osv/Alpine"},
		{"the date is not known", "severity: [high]", source("osv/Alpine", time.Time{}), verdict.Unknown, "when osv/Alpine was last checked is not known"},
		{"the source is absent", "severity: [high]", func(in *Input) { in.Database.Sources = nil }, verdict.Unknown, "when osv/Alpine was last checked is not known"},
		{"the date is in the future", "severity: [high]", source("osv/Alpine", now().Add(25*time.Hour)), verdict.Unknown, "in the future"},
		{"clocks differ a little", "severity: [high]", source("osv/Alpine", now().Add(time.Hour)), verdict.Pass, "osv/Go"},
		{"old knowledge of what is exploited, if a rule asks", "kev: true", source("kev", now().Add(-240*time.Hour)), verdict.Unknown, "kev was last checked 10 days ago"},
		{"old knowledge of what is exploited, if no rule asks", "severity: [high]", source("kev", now().Add(-240*time.Hour)), verdict.Pass, "osv/Go"},
		{"the policy does not ask about vulnerabilities", "config: [user-root]", source("osv/Go", now().Add(-240*time.Hour)), verdict.Pass, "no advisory was needed"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := image1()
			in.Policies = policyOf(t, "defaults: {maxDatabaseAge: 24h}", rulesOf(c.criteria))
			if c.change != nil {
				c.change(&in)
			}
			rules := Evaluate(in).Rules
			got := rules[len(rules)-1]
			if got.ID != DatabaseAgeRule || got.Result != c.want || !strings.Contains(got.Message, c.message) {
				t.Errorf("%s: %s: %s; want %s with %q", got.ID, got.Result, got.Message, c.want, c.message)
			}
		})
	}
}

func TestValidUntil(t *testing.T) {
	cases := []struct{ name, defaults, want string }{
		{"neither limit is set", "", ""},
		{"the verdict's age", "defaults: {verdictMaxAge: 1h}", "2026-11-22T11:00:00Z"},
		{"the database's age: the oldest source that is used", "defaults: {maxDatabaseAge: 24h}", "2026-11-22T14:00:00Z"},
		{"the earlier of both", "defaults: {maxDatabaseAge: 24h, verdictMaxAge: 3h}", "2026-11-22T13:00:00Z"},
		{"a limit that is passed does not come again", "defaults: {maxDatabaseAge: 15h}", "2026-11-22T15:00:00Z"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := image1()
			in.Policies = policyOf(t, c.defaults, rulesOf("severity: [high]"))
			if got := Evaluate(in).ValidUntil; got != c.want {
				t.Errorf("valid until %q, want %q", got, c.want)
			}
		})
	}
}

// The verdict depends on what is known, not on the order in which it was learned.
func TestEvaluateIgnoresOrder(t *testing.T) {
	in := image1()
	first, err := Parse("first.yaml", []byte(onlyExploited+"---"+onlyRoot))
	if err != nil {
		t.Fatal(err)
	}
	in.Policies = slices.Concat(Starter(), first, policyOf(t, "defaults: {maxDatabaseAge: 15h, verdictMaxAge: 24h}", rulesOf("severity: [critical, high]")))
	for i := range 60 {
		purl := []string{libssl, crypto, stdlib, module, epoch}[i%5]
		f := vulnerability(fmt.Sprintf("CVE-%d", i/3), purl, advisory.Severity(i%6), []string{"9", "3.3.3-r0", "1.22.5"}[:i%4%3+1]...)
		f.KEV = i%7 == 0
		in.Findings = append(in.Findings, f)
	}
	in.Findings = append(in.Findings, runsAsRoot())
	for _, dimension := range []string{"packages/rpm", "packages/npm"} {
		for _, path := range []string{"b", "a", "c"} {
			in.Coverage.AddGap(inventory.Gap{Dimension: dimension, Code: "no-extractor", Path: path}, inventory.Unknown)
		}
	}
	want := verdict.DigestJSON(Evaluate(in))
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		shuffle(random, in.Findings)
		shuffle(random, in.Policies)
		shuffle(random, in.Facts.Packages)
		shuffle(random, in.Coverage.Gaps)
		shuffle(random, in.Database.Sources)
		if got := verdict.DigestJSON(Evaluate(in)); got != want {
			t.Fatal("another order of the input gives another verdict")
		}
	}
}

func shuffle[T any](random *rand.Rand, list []T) {
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func TestEvaluateLeavesItsInputAlone(t *testing.T) {
	in := image1()
	in.Policies = Starter()
	in.Findings = []finding.Finding{vulnerability("CVE-2", stdlib, advisory.High, "1.22.5", "1.21.9"), vulnerability("CVE-1", libssl, advisory.Critical, "3.3.3-r0")}
	before := verdict.DigestJSON(in.Facts).String() + verdict.DigestJSON(in.Findings).String() + verdict.DigestJSON(in.Coverage).String()
	Evaluate(in)
	if after := verdict.DigestJSON(in.Facts).String() + verdict.DigestJSON(in.Findings).String() + verdict.DigestJSON(in.Coverage).String(); before != after {
		t.Error("Evaluate changed its input")
	}
}

// Whatever is not known about an image, no gate that a policy guards lets it pass: not under the
// starter policy, not under a policy without defaults.
func TestUnknownIsNeverAllowed(t *testing.T) {
	bare := policyOf(t, "rules: [{id: v, deny: {severity: [critical]}}, {id: c, deny: {config: [user-root]}}]")
	mildest := policyOf(t, "actions: {build: warn, ship: warn, admit: warn, run: warn}", "defaults: {onUnknown: warn, onError: warn}",
		"rules: [{id: v, deny: {severity: [critical]}}, {id: c, deny: {config: [user-root]}}]")
	for policyName, policies := range map[string][]Policy{"starter": Starter(), "no defaults": bare, "the mildest": mildest} {
		for dimension := range image1().Coverage.States {
			if dimension == "secret" {
				continue // no rule reads it
			}
			for _, state := range []inventory.State{inventory.Partial, inventory.Unknown, inventory.NotRun, "", "fine"} {
				in := image1()
				in.Policies = policies
				in.Coverage.States[dimension] = state
				for stage, outcome := range Evaluate(in).Outcome {
					if outcome == verdict.Allow {
						t.Errorf("%s: %s is %q, and %s allows", policyName, dimension, state, stage)
					}
				}
			}
		}
	}
}

// An archive has no manifest digest and other layer digests than a registry; the facts are the
// same. Another name, another moment and another database are not facts either.
func TestInputsNameContentAlone(t *testing.T) {
	in := image1()
	in.Policies = Starter()
	before := Evaluate(in).Inputs
	in.Facts.Target.Reference, in.Facts.Target.Repository = "app.tar", "other"
	in.Facts.Target.Digest, in.Facts.Target.IndexDigest = image.Digest{}, image.DigestOf([]byte("index"))
	in.Facts.Target.Layers[0].Digest, in.Facts.Target.Layers[0].Size = image.Digest{}, 7
	in.Facts.Coverage.Set("files", inventory.Full)
	in.Coverage.Set("advisories/Go", inventory.Unknown)
	in.Now = in.Now.Add(time.Hour)
	after := Evaluate(in).Inputs
	if before.Facts != after.Facts {
		t.Error("the facts' digest depends on the medium, the name, the moment or the database")
	}
	if before.Findings == after.Findings {
		t.Error("the findings' digest does not depend on what the database covers")
	}
	in.Facts.Target.Config.User = "root"
	if Evaluate(in).Inputs.Facts == after.Facts {
		t.Error("the facts' digest does not depend on the image's configuration")
	}
}

func TestPolicyDigest(t *testing.T) {
	a, b := policyOf(t, rulesOf("kev: true")), policyOf(t, rulesOf("kev: false"))
	in := image1()
	digest := func(policies ...[]Policy) image.Digest {
		in.Policies = slices.Concat(policies...)
		return Evaluate(in).Inputs.Policy
	}
	if digest(a) != a[0].Digest() {
		t.Error("one file: want its own digest")
	}
	if digest(a, a) != digest(a) {
		t.Error("the same file twice: want its own digest")
	}
	if digest(a, b) != digest(b, a) || digest(a, b) == digest(a) || digest(a, b) == digest(b) {
		t.Error("two files: want a digest of both, whatever their order")
	}
	if !digest().IsZero() {
		t.Error("no file: want no digest")
	}
}
