package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/report"
	reportjson "plimsoll.dev/plimsoll/report/json"
	"plimsoll.dev/plimsoll/verdict"
)

const (
	reproducedPolicy = "apiVersion: plimsoll.dev/v1\nkind: Policy\nmetadata: {name: baseline}\nwaivers: {approvers: [\"*\"]}\n" +
		"rules: [{id: v, deny: {severity: [critical, high, medium, low, negligible, unknown]}}, {id: root, deny: {config: [user-root]}}]\n"
	reproducedWaiver = "apiVersion: plimsoll.dev/v1\nkind: Waiver\nmetadata: {id: W-1, owner: a@example.com, approvedBy: b@example.com}\n" +
		"match: {rules: [root]}\ndecision: accept_risk\nreason: r\nexpires: 2999-01-01T00:00:00Z\n"
	reproducedVEX = `{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex/1", "author": "me", "timestamp": "2026-11-01T00:00:00Z", "version": 1,
 "statements": [{"vulnerability": {"name": "CVE-1999-0001"}, "products": [{"@id": "pkg:deb/debian/zlib1g"}], "status": "fixed"}]}`
)

// A verdict follows from its inputs, byte for byte, without the image, in another folder, another
// time zone; and each input that is another is named, alone.
func TestReproduce(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	image := exampleImages(t)["debian"]
	policy, waivers, vex := write("policy.yaml", reproducedPolicy), write("waivers.yaml", reproducedWaiver), write("vex.json", reproducedVEX)
	path := filepath.Join(dir, "report.json")
	line := []string{"--policy", policy, "--waivers", waivers, "--vex", vex}
	plimsoll(t, append([]string{"check", image, "--as", "registry.example/app:1.2", "--format", "json", "--output", path, "--quiet"}, line...)...)
	if err := os.RemoveAll(image); err != nil {
		t.Fatal(err)
	}
	stored, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := decodeReport(t, outcome{stdout: string(stored)})
	if len(r.Verdict.Rules) != 3 || r.Verdict.Rules[1].Result != verdict.Waived || r.Verdict.Rules[2].ID != "signed-exceptions" {
		t.Fatalf("the verdict to be reproduced: %+v", r.Verdict.Rules)
	}
	t.Setenv("TZ", "Pacific/Auckland")
	if o := plimsoll(t, append([]string{"reproduce", path}, line...)...); o.status != exitDone {
		t.Fatalf("status %d: %s%s", o.status, o.stdout, o.stderr)
	}
	changes := map[string]struct {
		change func(r *report.Report) // of the report
		line   []string               // in place of the line
		name   string
	}{
		"facts":            {change: func(r *report.Report) { r.Packages[0].Version = "0" }, name: "facts differs"},
		"findings":         {change: func(r *report.Report) { r.Findings[0].Title = "another" }, name: "findings differs"},
		"coverage":         {change: func(r *report.Report) { r.Coverage.States["packages/deb"] = "partial" }, name: "facts differs"},
		"database":         {change: func(r *report.Report) { r.Database.Digest = r.Verdict.Inputs.Policy }, name: "database differs"},
		"no policy":        {line: []string{"--waivers", waivers, "--vex", vex}, name: "policy differs"},
		"another policy":   {line: []string{"--policy", write("p2.yaml", reproducedPolicy+"# changed\n"), "--waivers", waivers, "--vex", vex}, name: "policy differs"},
		"no waivers":       {line: []string{"--policy", policy, "--vex", vex}, name: "waivers is missing"},
		"another waiver":   {line: []string{"--policy", policy, "--waivers", write("w2.yaml", reproducedWaiver+"# changed\n"), "--vex", vex}, name: "waivers differs"},
		"no VEX":           {line: []string{"--policy", policy, "--waivers", waivers}, name: "vex is missing"},
		"another document": {line: []string{"--policy", policy, "--waivers", waivers, "--vex", write("v2.json", reproducedVEX+"\n")}, name: "vex differs"},
		"another engine":   {change: func(r *report.Report) { r.Verdict.Inputs.Engine = "plimsoll 0.0.9" }, name: "engine differs"},
		"another name": {change: func(r *report.Report) {
			r.Verdict.Inputs.Subject.Repository = "registry.example/other"
			r.Target.Repository = "x"
		}, line: append([]string{"--as", "registry.example/app:1.2"}, line...), name: "subject differs"},
		"the outcome":     {change: func(r *report.Report) { r.Verdict.Outcome[verdict.Ship] = verdict.Allow }, name: "the verdict is another"},
		"a message":       {change: func(r *report.Report) { r.Verdict.Rules[0].Message += "." }, name: "the verdict is another"},
		"the moment":      {change: func(r *report.Report) { r.Verdict.EvaluatedAt = "2999-01-01T00:00:00Z" }, name: "the verdict is another"},
		"the scan's date": {change: func(r *report.Report) { r.Verdict.Inputs.ScannedAt = "2020-01-01T00:00:00Z" }, name: "scannedAt differs"},
	}
	for name, c := range changes {
		t.Run(name, func(t *testing.T) {
			changed := path
			if c.change != nil {
				r := decodeReport(t, outcome{stdout: string(stored)})
				c.change(r)
				changed = filepath.Join(t.TempDir(), "changed.json")
				var text bytes.Buffer
				if err := (reportjson.Sink{}).Write(&text, r); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(changed, text.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if c.line == nil {
				c.line = line
			}
			o := plimsoll(t, append([]string{"reproduce", changed}, c.line...)...)
			if o.status != exitDenied || !strings.Contains(o.stdout, c.name) || strings.Count(o.stdout, "\n") != 2 {
				t.Errorf("status %d, want %q alone:\n%s%s", o.status, c.name, o.stdout, o.stderr)
			}
		})
	}
	refused(t, plimsoll(t, "reproduce", filepath.Join(dir, "nothing.json")), "no such file")
	refused(t, plimsoll(t, "reproduce", policy), "is no report")
}
