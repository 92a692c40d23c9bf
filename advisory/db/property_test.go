package db

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"plimsoll.dev/plimsoll/advisory"
	"plimsoll.dev/plimsoll/advisory/feed/osv"
	"plimsoll.dev/plimsoll/ecosystem"
)

// versionPools holds versions close to each other, with equal ones in several spellings and one
// that the ordering refuses.
func versionPools() map[string][]string {
	return map[string][]string{
		"Debian:12":    {"0", "1.0", "0:1.0-0", "1.0-1", "1.0~rc1-1", "1.0-1+b1", "1.0-1~deb12u1", "1.1", "1:0.5", "2", "a:1"},
		"Alpine:v3.20": {"0", "1.0", "1.0-r0", "1.0-r1", "1.0_rc1", "1.0_p1-r0", "1.0a", "1.1-r0", "1.10-r0", "2", "??"},
		"Go":           {"0", "1.0.0", "v1.0.0", "1.0", "1.0.0-rc.1", "1.0.0-rc.1.0.20240101000000-abcdefabcdef", "1.0.1", "1.10.0", "2.0.0+incompatible", "(devel)"},
		"AlmaLinux:9":  {"0", "1.0-1.el9", "0:1.0-1.el9", "1.0-1.el9_2", "1.0~rc1-1.el9", "1.0^git1-1.el9", "1.1-1.el9", "1:0.5-1.el9", "2-1", "a b"},
		"PyPI":         {"0", "1.0", "1", "1.0.dev1", "1.0a1", "1.0rc1", "1.0.post1", "1.0+cu118", "1!0.1", "2004d", "a b"},
		"Maven":        {"0", "1", "1.0.Final", "1-alpha", "1.0-rc1", "1-SNAPSHOT", "1-sp", "1-jre", "1-1", "1.0.1", "a b"},
		"Packagist":    {"0", "1.0", "v1.0.0.0", "1.0-beta1", "1.0-RC1", "1.0-dev", "1.0-p1", "1.x-dev", "1.1", "20100102", "dev-main"},
		"RubyGems":     {"0", "1", "1.0", "1.0.a", "1.0.rc1", "1.0.1", "1.a.0.b", "1.16.0-java", "2", "latest"},
		"Root:PyPI":    {"0", "1.0", "1", "1.0+root.io.1", "1.0+root.io.2", "1.0rc1", "1.1", "a b"},
	}
}

// TestEvaluationEqualsTheSchemas: for random records, every version has the answer of the
// schema's own pseudo-code, after a whole build and a look-up. Where the pseudo-code cannot be
// followed, since a version cannot be ordered, the answer is Undecided, or one that holds for
// every version.
func TestEvaluationEqualsTheSchemas(t *testing.T) {
	const records = 1000
	for name, pool := range versionPools() {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			b := bucket{records: map[string][]string{}}
			parsed := map[string]advisory.Advisory{}
			for i := range records {
				text := randomRecord(random, fmt.Sprintf("TEST-%d", i), name, pool)
				record, err := osv.Parse([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				parsed[record.ID] = record
				b.records[ecosystem.Base(name)] = append(b.records[ecosystem.Base(name)], text)
			}
			d := b.open(t)
			decisions := map[bool]int{}
			for _, version := range pool {
				got := map[string]Match{}
				for _, a := range ask(t, d, name, "p", version) {
					got[a.Record.ID] = a.Match
				}
				for id, record := range parsed {
					affected := &record.Affected[0]
					vulnerable, decided := referenceIsVulnerable(ecosystem.OrderingOf(name), affected, version)
					state := got[id].State
					ok := vulnerable == (state == Affected) && state != Undecided
					if !decided {
						ok = state == Undecided || sameForAll(affected, name, pool, state == Affected)
					}
					if !ok {
						t.Errorf("%s %q: %+v; the schema says vulnerable %v, decided %v\n%+v", id, version, got[id], vulnerable, decided, affected)
					}
					if fix := got[id].Fixed; fix != "" && !sameForAll(affected, name, []string{fix}, false) {
						t.Errorf("%s %q: the fix %q is affected too\n%+v", id, version, fix, affected)
					}
					decisions[decided]++
				}
			}
			t.Logf("answers compared: %d decided, %d not", decisions[true], decisions[false])
		})
	}
}

// sameForAll tells whether the ranges have one answer for all versions of the pool that can be
// decided.
func sameForAll(affected *advisory.Affected, name string, pool []string, vulnerable bool) bool {
	ranges := *affected
	ranges.Versions = nil
	for _, version := range pool {
		v, decided := referenceIsVulnerable(ecosystem.OrderingOf(name), &ranges, version)
		if decided && v != vulnerable {
			return false
		}
	}
	return true
}

func must(text []byte, err error) string {
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// randomRecord makes a record with up to three ranges of up to six events in any order, and some
// listed versions.
func randomRecord(random *rand.Rand, id, ecosystemName string, pool []string) string {
	version := func() string {
		if random.IntN(3) == 0 {
			return "0"
		}
		n := len(pool)
		if random.IntN(20) > 0 {
			n-- // the last one is refused
		}
		return pool[random.IntN(n)]
	}
	type object = map[string]any
	var ranges []object
	for range random.IntN(3) {
		var events []object
		for range 1 + random.IntN(5) {
			kind := []string{"introduced", "introduced", "fixed", "last_affected", "limit"}[random.IntN(5)]
			at := version()
			if kind == "limit" && random.IntN(3) == 0 {
				at = "*"
			}
			events = append(events, object{kind: at})
		}
		ranges = append(ranges, object{"type": []string{"ECOSYSTEM", "SEMVER", "GIT"}[random.IntN(3)], "events": events})
	}
	var versions []string
	for range random.IntN(3) {
		versions = append(versions, version())
	}
	text, err := json.Marshal(object{"id": id, "modified": "2024-01-01T00:00:00Z", "affected": []object{{
		"package": object{"ecosystem": ecosystemName, "name": "p"}, "ranges": ranges, "versions": versions}}})
	return must(text, err)
}
