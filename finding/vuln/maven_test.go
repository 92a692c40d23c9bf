package vuln

import (
	"testing"

	"plimsoll.dev/plimsoll/finding"
	"plimsoll.dev/plimsoll/inventory"
)

func artifact(group, name, version string) inventory.Package {
	return inventory.Package{PURL: "pkg:maven/" + group + "/" + name + "@" + version, Type: "maven", Name: group + ":" + name, Version: version}
}

func idsOf(findings []finding.Finding) []string {
	var ids []string
	for _, f := range findings {
		ids = append(ids, f.ID)
	}
	return ids
}

// TestBouncyCastleIsFoundUnderEachGeneration: a jar that names no generation of Java is looked up
// under all; one that does, under its own.
func TestBouncyCastleIsFoundUnderEachGeneration(t *testing.T) {
	bouncy := func(name, fixed string) object { return affected("Maven", "org.bouncycastle:"+name, fixed) }
	database := compile(t, map[string][]object{"Maven": {
		record("GHSA-jdk14", bouncy("bcprov-jdk14", "1.56")),
		record("GHSA-jdk15on", bouncy("bcprov-jdk15on", "")),
		record("GHSA-jdk18on", bouncy("bcprov-jdk18on", "1.78")),
		record("GHSA-several", bouncy("bcprov-jdk15on", ""), object{"affected": []object{bouncy("bcprov-jdk15on", ""), bouncy("bcprov-jdk18on", "1.73"), bouncy("bcpkix-jdk18on", "1.73")}}),
		record("GHSA-fips", bouncy("bc-fips", "")),
		record("GHSA-elsewhere", affected("Maven", "org.acme:bcprov-jdk18on", "")),
	}})
	for _, test := range []struct {
		group, name, version string
		want                 []string
	}{
		{"org.bouncycastle", "bcprov", "1.50", []string{"GHSA-jdk14", "GHSA-jdk15on", "GHSA-jdk18on", "GHSA-several"}},
		{"org.bouncycastle", "bcprov", "1.70.0", []string{"GHSA-jdk15on", "GHSA-jdk18on", "GHSA-several"}},
		{"org.bouncycastle", "bcprov", "1.72.0", []string{"GHSA-jdk18on", "GHSA-several"}},
		{"org.bouncycastle", "bcprov", "1.73", []string{"GHSA-jdk18on"}},
		{"org.bouncycastle", "bcprov", "1.78", nil},
		{"org.bouncycastle", "bcpkix", "1.72", []string{"GHSA-several"}},
		{"org.bouncycastle", "bcprov-jdk14", "1.70", nil},
		{"org.bouncycastle", "bcprov-jdk15on", "1.80", []string{"GHSA-jdk15on", "GHSA-several"}},
		{"org.bouncycastle", "bc-fips", "1.0.2", []string{"GHSA-fips"}},
		{"org.acme", "bcprov", "1.50", nil},
	} {
		t.Run(test.group+":"+test.name+" "+test.version, func(t *testing.T) {
			p := artifact(test.group, test.name, test.version)
			result := match(t, inventory.Facts{Packages: []inventory.Package{p}}, database)
			expect(t, idsOf(result.Findings), test.want...)
			if len(result.Coverage.Gaps) > 0 {
				t.Errorf("gaps are %+v, want none", result.Coverage.Gaps)
			}
		})
	}
}

// TestAnUnfinishedBuildMayBeEitherVersion: neither what is mended in the release that it leads to
// nor what came with it is a pass.
func TestAnUnfinishedBuildMayBeEitherVersion(t *testing.T) {
	since := func(id, introduced, fixed string) object {
		entry := affected("Maven", "org.a:a", fixed)
		events := []object{{"introduced": introduced}}
		if fixed != "" {
			events = append(events, object{"fixed": fixed})
		}
		entry["ranges"].([]object)[0]["events"] = events
		return record(id, entry)
	}
	database := compile(t, map[string][]object{"Maven": {
		since("GHSA-before", "0", "9.3"), since("GHSA-mended", "0", "9.4"), since("GHSA-new", "9.4", "9.5"), since("GHSA-later", "9.5", ""),
	}})
	for version, want := range map[string][]string{
		"9.4":                   {"GHSA-new"},
		"9.4-SNAPSHOT":          {"GHSA-mended", "GHSA-new"},
		"9.4.0.SNAPSHOT":        {"GHSA-mended", "GHSA-new"},
		"9.4.0.qualifier":       {"GHSA-mended", "GHSA-new"},
		"9.4-20240101.101010-1": {"GHSA-mended", "GHSA-new"},
		"9.4.v20240101":         {"GHSA-new"},
	} {
		t.Run(version, func(t *testing.T) {
			result := match(t, inventory.Facts{Packages: []inventory.Package{artifact("org.a", "a", version)}}, database)
			expect(t, idsOf(result.Findings), want...)
		})
	}
}
