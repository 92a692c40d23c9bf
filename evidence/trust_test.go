package evidence

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/evidence/dsse"
)

func TestParseTrust(t *testing.T) {
	ci := keyFor(t)
	text := trustText(map[string]KeySigner{"ci": ci}, map[Role][]string{Verdicts: {"ci", "github"}, Scans: {"people"}},
		"  notBefore: 2026-01-01T00:00:00Z", "  notAfter: 2027-01-01T00:00:00Z",
		"identities:",
		"- {name: github, issuer: https://token.example, subjectPattern: 'https://github.com/org/*/.github/workflows/**'}",
		"- {name: people, issuer: https://login.example, subject: a@example.com}",
		`root: '{"mediaType":"x"}'`)
	trust, err := ParseTrust("trust.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if trust.Name() != "test" || trust.Digest().IsZero() || string(trust.Root()) != `{"mediaType":"x"}` || !trust.HasIdentities() || trust.IsZero() {
		t.Errorf("%+v", trust)
	}
	if k := trust.keyList()[0]; k.ID() != ci.Key().ID() || k.NotBefore.IsZero() || k.NotAfter.IsZero() {
		t.Errorf("key %+v", k)
	}
	cases := []struct {
		name string
		who  Identity
		want []string
	}{
		{"the key", Identity{KeyID: ci.Key().ID()}, []string{"ci"}},
		{"another key", Identity{KeyID: keyFor(t).Key().ID()}, nil},
		{"nobody", Identity{}, nil},
		{"exact", Identity{Issuer: "https://login.example", Subject: "a@example.com"}, []string{"people"}},
		{"exact, at another issuer", Identity{Issuer: "https://token.example", Subject: "a@example.com"}, nil},
		{"exact is not a beginning", Identity{Issuer: "https://login.example", Subject: "a@example.com.evil.example"}, nil},
		{"pattern", Identity{Issuer: "https://token.example", Subject: "https://github.com/org/app/.github/workflows/x.yml@refs/heads/main"}, []string{"github"}},
		{"a star is no slash", Identity{Issuer: "https://token.example", Subject: "https://github.com/org/a/b/.github/workflows/x.yml"}, nil},
		{"a dot is a dot", Identity{Issuer: "https://token.example", Subject: "https://githubxcom/org/app/.github/workflows/x.yml"}, nil},
		{"a pattern is for the whole", Identity{Issuer: "https://token.example", Subject: "x https://github.com/org/app/.github/workflows/x.yml"}, nil},
		{"a line break does not end it", Identity{Issuer: "https://token.example", Subject: "https://evil.example/\nhttps://github.com/org/app/.github/workflows/x.yml"}, nil},
		{"no issuer", Identity{Subject: "a@example.com"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := trust.Identify(c.who); !slices.Equal(got, c.want) {
				t.Errorf("called %q, want %q", got, c.want)
			}
		})
	}
	if !trust.May("ci", Verdicts) || trust.May("ci", Scans) || trust.May("ci", Waivers) || trust.May("", Verdicts) {
		t.Error("roles")
	}
}

func TestParseTrustRefuses(t *testing.T) {
	ci, other := keyFor(t), keyFor(t)
	one := map[string]KeySigner{"ci": ci}
	roles := map[Role][]string{Verdicts: {"ci"}}
	good := trustText(one, roles)
	identity := func(line string) string {
		return trustText(nil, map[Role][]string{Verdicts: {"x"}}, "identities:", "- "+line)
	}
	built := func(line string) string {
		return trustText(one, map[Role][]string{Provenance: {"ci"}}, "builders:", "- "+line)
	}
	var many []string
	for i := range maxIdentities + 1 {
		many = append(many, fmt.Sprintf("- {name: x%d, issuer: i, subject: s}", i))
	}
	cases := []struct{ name, text, want string }{
		{"good", good, ""},
		{"JSON", fmt.Sprintf(`{"apiVersion":"plimsoll.dev/v1","kind":"Trust","metadata":{"name":"x"},"keys":[{"name":"ci","publicKey":%q}],"roles":{"verdicts":["ci"]}}`, ci.Key().PEM()), ""},
		{"nothing", "", "empty"},
		{"a comment", "# nothing", "empty"},
		{"null", "~", "the trust document is empty"},
		{"another kind", strings.Replace(good, "kind: Trust", "kind: Policy", 1), "kind is \"Policy\"; write Trust"},
		{"another version", strings.Replace(good, "dev/v1", "dev/v2", 1), "write plimsoll.dev/v1"},
		{"no name", strings.Replace(good, "{name: test}", "{}", 1), "metadata.name is missing; add it"},
		{"an unknown key", good + "extra: 1\n", "unknown key"},
		{"a key twice", good + "kind: Trust\n", "stands already in line 2"},
		{"a merge", good + "<<: {kind: Trust}\n", "unknown key"},
		{"an anchor", strings.Replace(good, "kind: Trust", "kind: &a Trust", 1), "a YAML anchor (&a) is not allowed in a trust document"},
		{"a tag", strings.Replace(good, "kind: Trust", "kind: !!str Trust", 1), "a YAML tag (!!str) is not allowed"},
		{"two documents", good + "---\n" + good, "a second document begins here"},
		{"nobody", trustText(nil, nil) + "  {}\n", "believes nobody"},
		{"no roles", strings.Split(good, "roles:")[0], "roles is missing"},
		{"a role that does not exist", strings.Replace(good, "verdicts:", "everything:", 1), "unknown key"},
		{"a role for a stranger", trustText(one, map[Role][]string{Verdicts: {"ci", "eve"}}), "eve"},
		{"a role twice for one", trustText(one, map[Role][]string{Verdicts: {"ci", "ci"}}), "twice"},
		{"a key for nothing", trustText(map[string]KeySigner{"ci": ci, "idle": other}, roles), "idle"},
		{"one key under two names", trustText(map[string]KeySigner{"ci": ci, "two": ci}, map[Role][]string{Verdicts: {"ci", "two"}}), "same key"},
		{"one name for a key and an identity", trustText(one, roles, "identities:", "- {name: ci, issuer: i, subject: s}"), "name is there already"},
		{"no key", strings.Replace(good, "BEGIN PUBLIC KEY", "BEGIN PRIVATE KEY", 1), "publicKey"},
		{"a file", trustText(nil, roles, "keys:", "- {name: ci, publicKey: ci.pub}"), "no folder"},
		{"an end before the beginning", trustText(one, roles, "  notBefore: 2027-01-01T00:00:00Z", "  notAfter: 2026-01-01T00:00:00Z"), "never count"},
		{"a time that is none", trustText(one, roles, "  notAfter: tomorrow"), "write day, time and zone"},
		{"no issuer", identity("{name: x, subject: s}"), "issuer is missing"},
		{"no subject", identity("{name: x, issuer: i}"), "subject"},
		{"subject and pattern", identity("{name: x, issuer: i, subject: s, subjectPattern: p}"), "subject"},
		{"an unknown word for a pattern (CVE-2025-29778)", identity("{name: x, issuer: i, subjectRegExp: p}"), "unknown key"},
		{"everybody", identity("{name: x, issuer: i, subjectPattern: '**'}"), "everybody"},
		{"everybody, in other words", identity("{name: x, issuer: i, subjectPattern: '*://**'}"), "everybody"},
		{"a builder", built("{id: 'https://ci.example/**', level: 3, by: [ci]}"), ""},
		{"a level that SLSA has not", built("{id: 'https://ci.example/**', level: 4, by: [ci]}"), "SLSA has build levels 1 to 3"},
		{"any builder", built("{id: '**', level: 3, by: [ci]}"), "everybody"},
		{"a builder by anybody", built("{id: 'https://ci.example/**', level: 3}"), "by is missing"},
		{"a builder by a stranger", built("{id: 'https://ci.example/**', level: 3, by: [eve]}"), "may not sign provenance"},
		{"a root for nobody", trustText(one, roles, "root: '{}'"), "no identities"},
		{"too many", trustText(nil, map[Role][]string{Verdicts: {"x1"}}, append([]string{"identities:"}, many...)...), "at most"},
		{"large", "# " + strings.Repeat("x", MaxTrust), "bytes"},
		{"not UTF-8", "\xff", "UTF-8"},
		{"an alias", strings.Replace(good, "kind: Trust", "kind: *a", 1), "this is not YAML"},
		{"an unseen character", strings.Replace(good, "{name: test}", "{name: \"te\u202est\"}", 1), "cannot be printed"},
		{"two lines in a name", strings.Replace(good, "{name: test}", `{name: "a\nb"}`, 1), "more than one line"},
		{"a long name", strings.Replace(good, "{name: test}", "{name: "+strings.Repeat("x", 501)+"}", 1), "longer than 500"},
		{"an empty list", strings.Replace(good, "verdicts: [", "scans: []\n  verdicts: [", 1), "empty list"},
		{"deep", strings.Repeat("[", 20000), "this is not YAML"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			trust, err := ParseTrust("trust.yaml", []byte(c.text))
			if (err != nil) != (c.want != "") || err != nil && (!strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "trust.yaml")) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if err != nil && !trust.IsZero() {
				t.Error("a trust beside an error")
			}
		})
	}
}

func TestBuildLevel(t *testing.T) {
	trust, err := ParseTrust("trust.yaml", []byte(trustText(map[string]KeySigner{"ci": keyFor(t), "lab": keyFor(t)}, map[Role][]string{Provenance: {"ci", "lab"}},
		"builders:", "- {id: 'https://ci.example/*', level: 2, by: [ci, lab]}", "- {id: 'https://ci.example/isolated', level: 3, by: [ci]}")))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		builder string
		signers []string
		want    int
	}{
		{"https://ci.example/shared", []string{"ci"}, 2},
		{"https://ci.example/isolated", []string{"ci"}, 3},
		{"https://ci.example/isolated", []string{"lab"}, 2},
		{"https://ci.example/isolated/more", []string{"ci"}, 0},
		{"https://ci.example.evil/isolated", []string{"ci"}, 0},
		{"https://ci.example/isolated", []string{"eve"}, 0},
		{"https://ci.example/isolated", nil, 0},
	} {
		if got := trust.BuildLevel(c.builder, c.signers); got != c.want {
			t.Errorf("%s by %q: %d, want %d", c.builder, c.signers, got, c.want)
		}
	}
	if level := (Trust{}).BuildLevel("https://ci.example/isolated", []string{"ci"}); level != 0 {
		t.Errorf("a trust in nobody gives level %d", level)
	}
}

func TestReadTrust(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ci := keyFor(t)
	write("ci.pub", string(ci.Key().PEM()))
	write("root.json", `{"mediaType":"x"}`)
	document := func(key, root string) string {
		return trustText(nil, map[Role][]string{Verdicts: {"ci", "x"}}, "keys:", "- {name: ci, publicKey: "+key+"}",
			"identities: [{name: x, issuer: i, subject: s}]", "root: "+root)
	}
	trust, err := ReadTrust(write("trust.yaml", document("ci.pub", "root.json")))
	if err != nil {
		t.Fatal(err)
	}
	if trust.keyList()[0].ID() != ci.Key().ID() || string(trust.Root()) != `{"mediaType":"x"}` {
		t.Errorf("%+v", trust)
	}
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "ci.pub"), ci.Key().PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "ci.pub"), filepath.Join(folder, "link.pub")); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"missing":      document("other.pub", "root.json"),
		"outside":      document("../"+filepath.Base(outside)+"/ci.pub", "root.json"),
		"absolute":     document(filepath.Join(outside, "ci.pub"), "root.json"),
		"a link out":   document("link.pub", "root.json"),
		"a folder":     document(".", "root.json"),
		"missing root": document("ci.pub", "other.json"),
	} {
		if _, err := ReadTrust(write("bad.yaml", bad)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if _, err := ReadTrust(filepath.Join(folder, "none.yaml")); err == nil {
		t.Error("a missing document was read")
	}
}

// Whatever the bytes: what is accepted believes somebody, in something, and reads the same again;
// it has no key twice; nobody of it is a stranger to it.
func FuzzParseTrust(f *testing.F) {
	ci := keyFor(f)
	f.Add([]byte(trustText(map[string]KeySigner{"ci": ci}, map[Role][]string{Verdicts: {"ci"}})))
	f.Add([]byte(trustText(nil, map[Role][]string{Verdicts: {"x"}}, "identities:", "- {name: x, issuer: i, subjectPattern: 'a*b**'}")))
	f.Fuzz(func(t *testing.T, data []byte) {
		trust, err := ParseTrust("t", data)
		if err != nil {
			if !trust.IsZero() {
				t.Error("a trust beside an error")
			}
			return
		}
		if trust.IsZero() || len(trust.keys) > dsse.MaxKeys || len(trust.identities) > maxIdentities {
			t.Fatalf("%+v", trust)
		}
		for _, name := range trust.names() {
			if !slices.ContainsFunc(Roles(), func(r Role) bool { return trust.May(name, r) }) {
				t.Errorf("%q may sign nothing", name)
			}
		}
		if again, err := ParseTrust("t", data); err != nil || again.Digest() != trust.Digest() || !slices.Equal(again.names(), trust.names()) {
			t.Errorf("read again %+v, %v", again, err)
		}
		for _, i := range trust.identities {
			if i.pattern == nil && !slices.Contains(trust.Identify(Identity{Issuer: i.issuer, Subject: i.subject}), i.name) {
				t.Errorf("%q is not known by its own subject", i.name)
			}
		}
		if names := trust.Identify(Identity{Issuer: "https://stranger.example", KeyID: "00"}); len(names) > 0 {
			t.Errorf("a stranger is called %q", names)
		}
	})
}
