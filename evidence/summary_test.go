package evidence

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

// A verdict is read back as it was, through the signed bytes, whether it passed or failed.
func TestVerdictRoundTrip(t *testing.T) {
	for _, c := range []struct {
		admit         verdict.Outcome
		result, level string
	}{
		{verdict.Allow, "PASSED", "SLSA_BUILD_LEVEL_UNEVALUATED"},
		{verdict.Deny, "FAILED", "FAILED"},
	} {
		v := theVerdict(c.admit)
		encoded, err := Encode(vsa(t, v, index()))
		if err != nil {
			t.Fatal(err)
		}
		s, err := ParseStatement(encoded)
		if err != nil {
			t.Fatal(err)
		}
		got, err := VerdictOf(s)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v, got, cmp.Comparer(func(a, b image.Digest) bool { return a == b })); diff != "" {
			t.Error(diff)
		}
		if verdict.DigestJSON(v) != verdict.DigestJSON(got) {
			t.Error("its digest changed")
		}
		// What other tools read.
		var members map[string]any
		if err := json.Unmarshal(s.Predicate, &members); err != nil {
			t.Fatal(err)
		}
		if members["verificationResult"] != c.result || members["verifiedLevels"].([]any)[0] != c.level || members["timeVerified"] != v.EvaluatedAt ||
			members["resourceUri"] != "pkg:oci/app@sha256%3A"+child().Hex()+"?repository_url=registry.example%2Fapp" {
			t.Errorf("predicate %s", s.Predicate)
		}
		if extension := members["https://plimsoll.dev/verdict/v1"].(map[string]any); extension["replay"] != false || extension["validUntil"] != v.ValidUntil {
			t.Errorf("extension %v", extension)
		}
		if !s.About(child()) || !s.About(index()) {
			t.Errorf("it is about %v", s.Subject)
		}
	}
}

func TestVSARefuses(t *testing.T) {
	cases := map[string]func(*verdict.Verdict, *Maker){
		"a replay":               func(_ *verdict.Verdict, m *Maker) { m.Replay = true },
		"nobody made it":         func(_ *verdict.Verdict, m *Maker) { m.ID = "" },
		"no digest":              func(v *verdict.Verdict, _ *Maker) { v.Inputs.Subject.Digest = image.Digest{} },
		"no name":                func(v *verdict.Verdict, _ *Maker) { v.Inputs.Subject.Repository = "" },
		"no policy":              func(v *verdict.Verdict, _ *Maker) { v.Inputs.Policy = image.Digest{} },
		"no outcome at a stage":  func(v *verdict.Verdict, _ *Maker) { delete(v.Outcome, verdict.Run) },
		"another outcome":        func(v *verdict.Verdict, _ *Maker) { v.Outcome[verdict.Run] = "maybe" },
		"another stage":          func(v *verdict.Verdict, _ *Maker) { v.Outcome["lunch"] = verdict.Allow },
		"no time":                func(v *verdict.Verdict, _ *Maker) { v.EvaluatedAt = "" },
		"an end that is no time": func(v *verdict.Verdict, _ *Maker) { v.ValidUntil = "soon" },
		"an end before it began": func(v *verdict.Verdict, _ *Maker) { v.ValidUntil = "2026-11-22T10:59:59Z" },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			v, by := theVerdict(verdict.Allow), Maker{ID: "https://ci.example"}
			change(&v, &by)
			if s, err := VSA(v, by); err == nil {
				t.Errorf("stated %s", s.Predicate)
			}
		})
	}
}

// What stands in two places must say the same in both.
func TestVerdictOfRefuses(t *testing.T) {
	cases := []struct{ name, old, new string }{
		{"passed, and denied", `"FAILED","verifiedLevels"`, `"PASSED","verifiedLevels"`},
		{"a level that nobody verified", `["FAILED"]`, `["SLSA_BUILD_LEVEL_3"]`},
		{"another time", `"timeVerified":"2026-11-22T11`, `"timeVerified":"2026-11-22T12`},
		{"another policy", `"policy":{"uri":"oci://registry.example/policy","digest":{"sha256":"`, `"policy":{"uri":"oci://registry.example/policy","digest":{"sha256":"00`},
		{"another image", `app@sha256`, `other@sha256`},
		{"a replay", `"replay":false`, `"replay":true`},
		{"another tool's", `https://plimsoll.dev/verdict/v1`, `https://example.com/verdict/v1`},
		{"a stage left out", `"run":"warn"`, `"lunch":"warn"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := vsa(t, theVerdict(verdict.Deny))
			altered := strings.Replace(string(s.Predicate), c.old, c.new, 1)
			if altered == string(s.Predicate) {
				t.Fatalf("nothing was altered in %s", s.Predicate)
			}
			s.Predicate = json.RawMessage(altered)
			if v, err := VerdictOf(s); err == nil {
				t.Errorf("read %+v", v)
			}
		})
	}
	s := vsa(t, theVerdict(verdict.Deny))
	s.Subject = []Subject{SubjectOf("index", index())}
	if _, err := VerdictOf(s); err == nil {
		t.Error("the verdict of an image was taken for one about the index")
	}
}

func TestVulnerabilitiesOf(t *testing.T) {
	findings := []finding.Finding{
		{Kind: finding.Config, ID: "user-root"},
		{Kind: finding.Vulnerability, ID: "CVE-2026-1", Package: "pkg:apk/alpine/a@1", Severity: advisory.Critical, SeveritySource: "nvd", Status: finding.Affected,
			Ratings: []advisory.Rating{{Source: "nvd", Score: 9.8}, {Source: "ubuntu/priority"}}},
	}
	when := ScanTime{"2026-11-22T10:00:00Z", "2026-11-22T10:00:01Z"}
	scanner := Scanner{URI: "https://plimsoll.dev", DB: ScannerDB{LastUpdate: "2026-11-22T00:00:00Z"}}
	s, err := VulnerabilitiesOf(findings, scanner, when).Statement(SubjectOf(app, child()))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"scanner":{"uri":"https://plimsoll.dev","db":{"lastUpdate":"2026-11-22T00:00:00Z"},"result":[{"id":"CVE-2026-1",` +
		`"severity":[{"method":"nvd","score":"critical"},{"method":"nvd","score":"9.8"}],"annotations":[{"package":"pkg:apk/alpine/a@1","status":"affected"}]}]},` +
		`"metadata":{"scanStartedOn":"2026-11-22T10:00:00Z","scanFinishedOn":"2026-11-22T10:00:01Z"}}`
	if string(s.Predicate) != want {
		t.Errorf("got  %s\nwant %s", s.Predicate, want)
	}
	if _, err := VulnerabilitiesOf(nil, scanner, ScanTime{}).Statement(SubjectOf(app, child())); err == nil {
		t.Error("a scan without a time was stated")
	}
	if none, err := VulnerabilitiesOf(nil, scanner, when).Statement(SubjectOf(app, child())); err != nil || !strings.Contains(string(none.Predicate), `"result":[]`) {
		t.Errorf("nothing found: %s, %v", none.Predicate, err)
	}
}

func TestLatestVerdict(t *testing.T) {
	at := func(admit verdict.Outcome, evaluated string) Verified {
		v := theVerdict(admit)
		v.EvaluatedAt = evaluated
		return Verified{Statement: vsa(t, v)}
	}
	older, newer, later := "2026-11-22T09:00:00Z", "2026-11-22T10:00:00Z", "2026-11-22T12:30:00+02:00"
	cases := []struct {
		name string
		all  []Verified
		want verdict.Outcome
	}{
		{"one", []Verified{at("allow", older)}, "allow"},
		{"the newer failed", []Verified{at("allow", older), at("deny", newer)}, "deny"},
		{"the newer passed", []Verified{at("allow", newer), at("deny", older)}, "allow"},
		{"equally new, the one that denies", []Verified{at("deny", newer), at("allow", newer)}, "deny"},
		{"equally new, in the other order", []Verified{at("allow", newer), at("deny", newer)}, "deny"},
		{"times are compared, not texts", []Verified{at("deny", later), at("allow", newer)}, "deny"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v, from, err := LatestVerdict(child(), c.all)
			if err != nil || v.Outcome[verdict.Admit] != c.want || len(from) == 0 || from[0].Statement.PredicateType != VerdictType {
				t.Errorf("%s, %v; want %s", v.Outcome[verdict.Admit], err, c.want)
			}
		})
	}
	ship, run := theVerdict("allow"), theVerdict("allow")
	ship.Outcome[verdict.Ship], ship.ValidUntil = verdict.Deny, "2026-11-30T10:00:00Z"
	run.Outcome[verdict.Run], run.ValidUntil = verdict.Deny, "2026-11-29T10:00:00+02:00"
	for _, all := range [][]Verified{{{Statement: vsa(t, ship)}, {Statement: vsa(t, run)}}, {{Statement: vsa(t, run)}, {Statement: vsa(t, ship)}}} {
		v, from, err := LatestVerdict(child(), all)
		if err != nil || v.Outcome[verdict.Ship] != verdict.Deny || v.Outcome[verdict.Run] != verdict.Deny || len(from) != 2 || v.ValidUntil != run.ValidUntil {
			t.Errorf("equally new, each denies another stage: %v until %s of %d, %v", v.Outcome, v.ValidUntil, len(from), err)
		}
	}
	if _, _, err := LatestVerdict(child(), nil); !errors.Is(err, ErrAbsent) {
		t.Errorf("none: %v", err)
	}
	if _, _, err := LatestVerdict(child(), []Verified{{Statement: scanOf(t, child(), "2026-11-22T10:00:00Z")}}); err == nil {
		t.Error("a scan was taken for a verdict")
	}
	if _, _, err := LatestVerdict(index(), []Verified{at("allow", newer)}); !errors.Is(err, ErrAbsent) {
		t.Errorf("a child's verdict was taken for its index's: %v", err)
	}
}
