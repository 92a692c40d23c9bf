package strictyaml

import "testing"

func TestNearest(t *testing.T) {
	keys := []string{"severity", "fixable", "kev", "package", "config"}
	for word, want := range map[string]string{
		"sevrity": "severity", "fixAvailableFor": "fixable", "KEV": "kev", "packages": "package",
		"configuration": "config",
	} {
		if got := Nearest(word, keys); got != want {
			t.Errorf("nearest to %.20q is %q, want %q", word, got, want)
		}
	}
}
