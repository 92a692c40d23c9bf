package advisory

import (
	"strings"
	"testing"
)

// Scores are those of FIRST's own examples and NVD's pages for the CVE in the name.
func TestRateCVSS(t *testing.T) {
	for _, test := range []struct {
		name, vector string
		score        float64
		severity     Severity
	}{
		{"2.0, CVE-2002-0392", "AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8, High},
		{"2.0 has no critical", "AV:N/AC:L/Au:N/C:C/I:C/A:C", 10, High},
		{"3.0", "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, Critical},
		{"3.1, CVE-2024-3094", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10, Critical},
		{"3.1, CVE-2021-44832", "CVSS:3.1/AV:N/AC:H/PR:H/UI:N/S:U/C:H/I:H/A:H", 6.6, Medium},
		{"3.1, none", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0, Negligible},
		{"4.0", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3, Critical},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := RateCVSS("S-1", test.vector)
			want := Rating{Source: "S-1", Score: test.score, Vector: test.vector, Severity: test.severity}
			if err != nil || got != want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestRateCVSSRefuses(t *testing.T) {
	for name, vector := range map[string]string{
		"nothing": "", "a number": "9.8", "a version to come": "CVSS:5.0/AV:N", "an unknown metric": "CVSS:3.1/AV:X",
	} {
		got, err := RateCVSS("S-1", vector)
		if err == nil || got != (Rating{Source: "S-1", Vector: vector}) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	for name, vector := range map[string]string{"a NUL": "CVSS:3.1/\x00", "too long": strings.Repeat("A", maxVectorLength+1)} {
		if got, err := RateCVSS("S-1", vector); err == nil || got.Vector != "" {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

// FuzzRateCVSS: no vector makes a panic, and a score lies between 0 and 10 in tenths.
func FuzzRateCVSS(f *testing.F) {
	f.Add("AV:N/AC:L/Au:N/C:N/I:N/A:C")
	f.Add("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/E:U/RL:O/RC:C/CR:H/MAV:P")
	f.Add("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:P/CR:H/MSI:S/U:Red")
	f.Fuzz(func(t *testing.T, vector string) {
		rating, err := RateCVSS("S-1", vector)
		if err != nil {
			if rating.Severity != SeverityUnknown || rating.Score != 0 {
				t.Errorf("%q was refused and rated %+v", vector, rating)
			}
			return
		}
		tenths := rating.Score * 10
		if tenths < 0 || tenths > 100 || tenths != float64(int(tenths+0.5)) && tenths-float64(int(tenths+0.5)) > 1e-9 {
			t.Errorf("%q has the score %v", vector, rating.Score)
		}
		if rating.Severity == SeverityUnknown {
			t.Errorf("%q has a score and no severity", vector)
		}
	})
}

func TestSeverityOfWord(t *testing.T) {
	for word, want := range map[string]Severity{
		"CRITICAL": Critical, "High": High, "Important": High, "MODERATE": Medium, "medium": Medium, "low": Low,
		"unimportant": Negligible, "negligible": Negligible, "None": Negligible,
	} {
		if got, ok := SeverityOfWord(word); !ok || got != want {
			t.Errorf("SeverityOfWord(%q) = %v, %v", word, got, ok)
		}
	}
	for _, word := range []string{"", "not yet assigned", "end-of-life", "untriaged", "urgent"} {
		if got, ok := SeverityOfWord(word); ok {
			t.Errorf("SeverityOfWord(%q) = %v", word, got)
		}
	}
}
