package ecosystem

import "testing"

func TestUnfinishedMaven(t *testing.T) {
	for version, want := range map[string]string{
		"9.4-SNAPSHOT":            "9.4",
		"9.4-snapshot":            "9.4",
		"2.1.0.SNAPSHOT":          "2.1.0",
		"3.32.0.qualifier":        "3.32.0",
		"1.0-beta-2-SNAPSHOT":     "1.0-beta-2",
		"1.0-20240101.101010-1":   "1.0",
		"9.4":                     "",
		"9.4.48.v20220622":        "",
		"1.0-20240101":            "",
		"1.0-20240101.101010":     "",
		"31.1-jre":                "",
		"4.1.107.Final":           "",
		"1.0-SNAPSHOT.1":          "",
		"1.0SNAPSHOT":             "",
		"SNAPSHOT":                "",
		"-SNAPSHOT":               "",
		"-20240101.101010-1":      "",
		"":                        "",
		"3.32.0.v20221108-1853":   "",
		"3.32.0.qualifier-redhat": "",
	} {
		if got, ok := UnfinishedMaven(version); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", version, got, ok, want)
		}
	}
}
