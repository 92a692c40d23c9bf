package record

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIsWord(t *testing.T) {
	for text, want := range map[string]bool{
		"libstdc++6": true, "1:2.0~rc1-3+b1": true, "naïve": true, strings.Repeat("a", MaxText): true,
		"": false, "a b": false, "a\x00": false, "a\n": false, "\x7f": false, "a\u00a0b": false,
		"a\u0085b": false, "\xff": false, strings.Repeat("a", MaxText+1): false,
	} {
		if got := IsWord([]byte(text)); got != want {
			t.Errorf("%.20q: %v", text, got)
		}
	}
}

func TestTallyGivesOneGap(t *testing.T) {
	var tally Tally
	if gaps := tally.AppendTo(nil, MalformedEntry); gaps != nil {
		t.Errorf("an empty tally gave %v", gaps)
	}
	tally.Add("line %d", 1)
	want := []Gap{{Code: MalformedEntry, Why: "line 1"}}
	if diff := cmp.Diff(want, tally.AppendTo(nil, MalformedEntry)); diff != "" {
		t.Error(diff)
	}
	tally.Add("line %d", 2)
	want[0].Why = "2 entries; the first: line 1"
	if diff := cmp.Diff(want, tally.AppendTo(nil, MalformedEntry)); diff != "" {
		t.Error(diff)
	}
}
