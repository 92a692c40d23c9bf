package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func draft(change func(*Draft)) Draft {
	d := Draft{
		ID: "W-1", Owner: "team@example.com", Approver: "appsec@example.com", Vulnerabilities: []string{"CVE-2026-1"},
		Decision: "accept_risk", Reason: "it is not reachable", Expires: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
	}
	if change != nil {
		change(&d)
	}
	return d
}

// TestDraftsAreRead: whatever a waiver says, what is written is what is read.
func TestDraftsAreRead(t *testing.T) {
	d := draft(func(d *Draft) {
		d.ID, d.Reason, d.Ticket = "W: #1", `a "quoted" <reason>: yes & no`, "1234"
		d.PURLs, d.Images = []string{"pkg:npm/@angular/core@4.*"}, []string{"**", "registry.example/a/**"}
		d.Rules, d.Digests = []string{"no"}, []string{"sha256:" + strings.Repeat("a", 64)}
		d.Approved, d.EndWhen, d.Action = d.Expires.Add(-time.Hour), "fixAvailable", "- upgrade"
	})
	waivers, err := ParseWaivers("new", []byte(d.Text()))
	if err != nil {
		t.Fatalf("%v\n%s", err, d.Text())
	}
	w := waivers[0]
	got := Draft{w.ID(), w.Owner(), w.Approver(), w.Ticket(), w.Vulnerabilities(), w.Rules(), w.Purls(), w.Images(), []string{w.Digests()[0].String()},
		string(w.Decision()), w.Justification(), w.Reason(), w.Action(), w.Approved(), w.Expires(), string(w.endWhen)}
	if diff := cmp.Diff(d, got); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}

// FuzzDraft: a reason that is read at all is the one that was written.
func FuzzDraft(f *testing.F) {
	for _, s := range []string{"x", "a: b", "# c", "'", "null", "1", "é", "\\", "{", "\u00a0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, reason string) {
		waivers, err := ParseWaivers("new", []byte(draft(func(d *Draft) { d.Reason = reason }).Text()))
		if err == nil && waivers[0].Reason() != reason {
			t.Errorf("wrote %q, read %q", reason, waivers[0].Reason())
		}
	})
}

func TestLintWaivers(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	policies := policyOf(t, "waivers: {approvers: [appsec@example.com], longest: {critical: 14d, high: 30d, medium: 90d, low: 90d, negligible: 90d, unknown: 14d}}", rulesOf("kev: true"))
	for name, test := range map[string]struct {
		drafts []Draft
		says   []string
	}{
		"nothing wrong": {[]Draft{draft(nil)}, nil},
		"ended":         {[]Draft{draft(func(d *Draft) { d.Expires = now })}, []string{"w.yaml:4:7: waiver W-1 ended on 2026-11-22"}},
		"not begun":     {[]Draft{draft(func(d *Draft) { d.Approved = now.Add(time.Hour) })}, []string{"approved in the future"}},
		"not approved by one of them": {[]Draft{draft(func(d *Draft) { d.Approver = "x@example.com" })},
			[]string{"approved by x@example.com, and policy baseline takes those of appsec@example.com"}},
		"too long":                  {[]Draft{draft(func(d *Draft) { d.Expires = now.AddDate(0, 0, 91) })}, []string{"lasts 91 days, longer than the 90 days that policy baseline grants, and so counts for no finding"}},
		"long, but for medium":      {[]Draft{draft(func(d *Draft) { d.Expires = now.AddDate(0, 0, 80) })}, nil},
		"a rule's may be longer":    {[]Draft{draft(func(d *Draft) { d.Vulnerabilities, d.Rules, d.Expires = nil, []string{"r"}, now.AddDate(1, 0, 0) })}, nil},
		"two of the same":           {[]Draft{draft(nil), draft(func(d *Draft) { d.ID = "W-2" })}, []string{"w.yaml:16:7: waiver W-2 overlaps with W-1 in w.yaml:4"}},
		"one is for other packages": {[]Draft{draft(func(d *Draft) { d.PURLs = []string{"pkg:deb/debian/a"} }), draft(func(d *Draft) { d.ID, d.PURLs = "W-2", []string{"pkg:deb/debian/b"} })}, nil},
		"a pattern holds the other": {[]Draft{draft(func(d *Draft) { d.PURLs = []string{"pkg:deb/**"} }), draft(func(d *Draft) { d.ID, d.PURLs = "W-2", []string{"pkg:deb/debian/b@1"} })}, []string{"overlaps"}},
		"other versions":            {[]Draft{draft(func(d *Draft) { d.PURLs = []string{"pkg:deb/debian/b@2"} }), draft(func(d *Draft) { d.ID, d.PURLs = "W-2", []string{"pkg:deb/debian/b@1"} })}, nil},
		"other images":              {[]Draft{draft(func(d *Draft) { d.Images = []string{"r.example/a"} }), draft(func(d *Draft) { d.ID, d.Images = "W-2", []string{"r.example/b/*"} })}, nil},
		"one is for a rule":         {[]Draft{draft(nil), draft(func(d *Draft) { d.ID, d.Rules = "W-2", []string{"r"} })}, nil},
		"one is looked into":        {[]Draft{draft(nil), draft(func(d *Draft) { d.ID, d.Decision = "W-2", "under_investigation" })}, nil},
		"one of two has ended":      {[]Draft{draft(func(d *Draft) { d.Expires = now }), draft(func(d *Draft) { d.ID = "W-2" })}, []string{"W-1 ended"}},
	} {
		var text []string
		for _, d := range test.drafts {
			text = append(text, d.Text())
		}
		waivers, err := ParseWaivers("w.yaml", []byte(strings.Join(text, "---\n")))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		problems := LintWaivers(waivers, policies, now)
		if len(problems) != len(test.says) {
			t.Errorf("%s: %v, want %q", name, problems, test.says)
			continue
		}
		for i, says := range test.says {
			if !strings.Contains(problems[i].Error(), says) {
				t.Errorf("%s: %s, want %q", name, problems[i].Error(), says)
			}
		}
	}
	one, _ := ParseWaivers("a.yaml", []byte(draft(nil).Text()))
	two, _ := ParseWaivers("b.yaml", []byte(draft(func(d *Draft) { d.Vulnerabilities = []string{"CVE-2026-2"} }).Text()))
	if problems := LintWaivers(append(one, two...), nil, now); len(problems) != 1 || !strings.Contains(problems[0].What, "has the id of the one in a.yaml:4") {
		t.Errorf("the same id in two files: %v", problems)
	}
}
