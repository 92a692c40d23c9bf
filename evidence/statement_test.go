package evidence

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/image"
)

func TestEncode(t *testing.T) {
	s, err := NewStatement("https://example.com/p/v1", map[string]any{"b": "1 < 2 & 3", "a": json.RawMessage(`{"z": 1, "y": 12345678901234567890}`)}, SubjectOf(app, child()))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"registry.example/app","digest":{"sha256":"` + child().Hex() +
		`"}}],"predicateType":"https://example.com/p/v1","predicate":{"a":{"z":1,"y":12345678901234567890},"b":"1 < 2 & 3"}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	read, err := ParseStatement(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, read); diff != "" {
		t.Error(diff)
	}
}

func TestParseStatementRefuses(t *testing.T) {
	sha := `{"sha256":"` + child().Hex() + `"}`
	text := func(subject, rest string) string {
		return `{"_type":"https://in-toto.io/Statement/v1","subject":` + subject + `,"predicateType":"t"` + rest + `}`
	}
	good := text(`[{"digest":`+sha+`}]`, `,"predicate":{}`)
	cases := []struct{ name, text, want string }{ // want: a part of the error, empty for none
		{"good", good, ""},
		{"in-toto 0.1", strings.Replace(good, "/v1", "/v0.1", 1), ""},
		{"an unknown member", strings.Replace(good, `"subject"`, `"more":[1],"subject"`, 1), ""},
		{"another type", strings.Replace(good, "in-toto.io", "example.com", 1), "_type"},
		{"the predicate twice", text(`[{"digest":`+sha+`}]`, `,"predicate":{},"predicate":{}`), "twice"},
		{"the subject twice, in other case", text(`[{"digest":`+sha+`}]`, `,"predicate":{},"Subject":[]`), "twice"},
		{"a member of the predicate twice", text(`[{"digest":`+sha+`}]`, `,"predicate":{"a":{"b":1,"b":2}}`), "twice"},
		{"no subject", text(`[]`, `,"predicate":{}`), "subject"},
		{"a subject without a digest", text(`[{"name":"x"}]`, `,"predicate":{}`), "digest"},
		{"an upper-case digest", text(`[{"digest":{"sha256":"`+strings.ToUpper(child().Hex())+`"}}]`, `,"predicate":{}`), "lower-case"},
		{"a short digest", text(`[{"digest":{"sha256":"00"}}]`, `,"predicate":{}`), "digest"},
		{"another algorithm's digest that is none", text(`[{"digest":{"sha512":"xyz"}}]`, `,"predicate":{}`), "digest"},
		{"no predicate", text(`[{"digest":`+sha+`}]`, ``), "predicate"},
		{"the predicate is null", text(`[{"digest":`+sha+`}]`, `,"predicate":null`), "predicate"},
		{"the predicate is a list", text(`[{"digest":`+sha+`}]`, `,"predicate":[{}]`), "predicate"},
		{"no predicate type", strings.Replace(good, `"t"`, `""`, 1), "predicateType"},
		{"truncated", good[:60], "JSON"},
		{"something behind it", good + "{}", "after"},
		{"not UTF-8", strings.Replace(good, `{}`, "{\"a\":\"\xff\"}", 1), "UTF-8"},
		{"too many subjects", text(`[`+strings.Repeat(`{"digest":`+sha+`},`, maxSubjects)+`{"digest":`+sha+`}]`, `,"predicate":{}`), "subjects"},
		{"deep", text(`[{"digest":`+sha+`}]`, `,"predicate":{"a":`+strings.Repeat("[", 200)+strings.Repeat("]", 200)+`}`), "nested"},
		{"large", strings.Repeat(" ", MaxStatement+1), "bytes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseStatement([]byte(c.text))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestNewStatementRefuses(t *testing.T) {
	for name, predicate := range map[string]any{"a list": []int{1}, "a channel": make(chan int), "nothing": nil} {
		if _, err := NewStatement("t", predicate, SubjectOf(app, child())); err == nil {
			t.Errorf("%s was taken for a predicate", name)
		}
	}
	if _, err := NewStatement("t", struct{}{}); err == nil {
		t.Error("a statement about nothing was made")
	}
	if _, err := NewStatement("t", struct{}{}, SubjectOf(app, image.Digest{})); err == nil {
		t.Error("a statement about an unknown digest was made")
	}
	twice := Statement{Type: StatementType, Subject: []Subject{SubjectOf(app, child())}, PredicateType: "t", Predicate: json.RawMessage(`{"a":1,"a":2}`)}
	if _, err := Encode(twice); err == nil {
		t.Error("a predicate that can be read in two ways was written")
	}
	large, err := NewStatement("t", map[string]string{"a": strings.Repeat("x", MaxStatement)}, SubjectOf(app, child()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Encode(large); err == nil {
		t.Error("a statement that nobody reads was written")
	}
}

func TestAbout(t *testing.T) {
	s, err := NewStatement("t", struct{}{}, SubjectOf("index", index()), SubjectOf("other", image.DigestOf([]byte("other"))))
	if err != nil {
		t.Fatal(err)
	}
	for digest, want := range map[image.Digest]bool{index(): true, image.DigestOf([]byte("other")): true, child(): false, {}: false} {
		if s.About(digest) != want {
			t.Errorf("about %q: %v", digest, !want)
		}
	}
}

func TestProvenanceOf(t *testing.T) {
	cases := []struct {
		name, predicateType, predicate string
		want                           BuildProvenance
	}{
		{"v1 of GitHub Actions", ProvenanceType, `{"buildDefinition":{"buildType":"https://actions.github.io/buildtypes/workflow/v1",
			"externalParameters":{"workflow":{"ref":"refs/heads/main","repository":"https://github.com/org/app","path":".github/workflows/x.yml"}},
			"resolvedDependencies":[{"uri":"git+https://github.com/org/other@refs/heads/main","digest":{"gitCommit":"bb"}},{"uri":"git+https://github.com/org/app@refs/heads/main","digest":{"gitCommit":"aa"}}]},
			"runDetails":{"builder":{"id":"https://github.com/org/app/.github/workflows/x.yml@refs/heads/main"}}}`,
			BuildProvenance{"https://github.com/org/app/.github/workflows/x.yml@refs/heads/main", "https://actions.github.io/buildtypes/workflow/v1", "https://github.com/org/app", "refs/heads/main", "aa"}},
		{"v1 of BuildKit", ProvenanceType, `{"buildDefinition":{"buildType":"https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
			"externalParameters":{"configSource":{"uri":"https://github.com/org/app.git#refs/heads/main","digest":{"sha1":"aa"}}}},"runDetails":{"builder":{"id":"b"}}}`,
			BuildProvenance{"b", "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md", "https://github.com/org/app.git", "refs/heads/main", "aa"}},
		{"v1 without a source", ProvenanceType, `{"buildDefinition":{"buildType":"t"},"runDetails":{"builder":{"id":"b"}}}`, BuildProvenance{Builder: "b", BuildType: "t"}},
		{"v0.2", OldProvenance, `{"builder":{"id":"b"},"buildType":"t","invocation":{"configSource":{"uri":"git+https://github.com/org/app@refs/tags/v1","digest":{"sha1":"aa"},"entryPoint":"x"}}}`,
			BuildProvenance{"b", "t", "https://github.com/org/app", "refs/tags/v1", "aa"}},
		{"a user in the address is no ref", OldProvenance, `{"builder":{"id":"b"},"invocation":{"configSource":{"uri":"git+ssh://git@github.com/org/app"}}}`,
			BuildProvenance{Builder: "b", Repository: "ssh://git@github.com/org/app"}},
		{"no builder", ProvenanceType, `{"buildDefinition":{"buildType":"t"}}`, BuildProvenance{}},
		{"another predicate", VulnsType, `{"builder":{"id":"b"}}`, BuildProvenance{}},
		{"a builder that is no object", OldProvenance, `{"builder":"b"}`, BuildProvenance{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := ProvenanceOf(Statement{PredicateType: c.predicateType, Predicate: json.RawMessage(c.predicate)})
			if got != c.want || (err == nil) != (c.want.Builder != "") {
				t.Errorf("got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

// What is read is within the rules, and has one canonical form that reads as the same.
func FuzzParseStatement(f *testing.F) {
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"n","digest":{"sha256":"` + child().Hex() + `"}}],"predicateType":"t","predicate":{"a":[1,2.50,"<"]}}`))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"digest":{"sha512":"00"}}],"predicateType":"https://slsa.dev/provenance/v0.2","predicate":{"builder":{"id":"b"}}}`))
	if encoded, err := Encode(vsa(f, theVerdict("deny"))); err == nil {
		f.Add(encoded)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseStatement(data)
		if err != nil {
			return
		}
		encoded, err := Encode(s)
		if err != nil {
			t.Fatalf("%+v was read and cannot be written: %v", s, err)
		}
		again, err := ParseStatement(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := Encode(again); err != nil || !bytes.Equal(encoded, twice) {
			t.Fatalf("written %s, then %s, %v", encoded, twice, err)
		}
		if s.About(image.Digest{}) {
			t.Error("it is about a digest that nobody knows")
		}
		if v, err := VerdictOf(s); err == nil && (!s.About(v.Inputs.Subject.Digest) || len(v.Outcome) != 4) {
			t.Errorf("read the verdict %+v", v)
		}
		if p, err := ProvenanceOf(s); err == nil && p.Builder == "" {
			t.Error("provenance without a builder")
		}
	})
}
