package main

import (
	"encoding/json"
	"testing"
	"time"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/verdict"
)

// TestWhichVerdictCounts: the newest, even once it has ended; and only one about the image itself.
func TestWhichVerdictCounts(t *testing.T) {
	y := newYard(t, true)
	signer, err := evidence.OpenSigner(t.Context(), y.file("ci.key"), evidence.Secrets{})
	if err != nil {
		t.Fatal(err)
	}
	now, digest, other := time.Now().UTC().Truncate(time.Second), image.DigestOf([]byte("image")), image.DigestOf([]byte("another"))
	at := func(hours int) string { return now.Add(time.Duration(hours) * time.Hour).Format(time.RFC3339) }
	sign := func(about image.Digest, ship verdict.Outcome, from, until int, also ...image.Digest) []byte {
		v := verdict.Verdict{
			Outcome: map[verdict.Stage]verdict.Outcome{"build": "allow", "ship": ship, "admit": "allow", "run": "allow"},
			Inputs: verdict.Inputs{Subject: verdict.Subject{Repository: "registry.example/app", Digest: about}, Facts: about, Findings: about,
				Policy: about, Engine: "plimsoll 1"},
			EvaluatedAt: at(from), ValidUntil: at(until),
		}
		statement, err := evidence.VSA(v, evidence.Maker{ID: "https://ci.example/plimsoll"}, also...)
		if err != nil {
			t.Fatal(err)
		}
		bundle, err := evidence.SignStatement(t.Context(), signer, statement)
		if err != nil {
			t.Fatal(err)
		}
		return append(bundle, '\n')
	}
	join := func(bundles ...[]byte) (all []byte) {
		for _, b := range bundles {
			all = append(all, b...)
		}
		return all
	}
	for name, c := range map[string]struct {
		bundles []byte
		more    []string
		status  int
		text    string
	}{
		"one that allows":                            {sign(digest, "allow", -1, 9), nil, exitDone, "VERIFIED"},
		"a newer one that denies":                    {join(sign(digest, "deny", -1, 9), sign(digest, "allow", -2, 9)), nil, exitDenied, "DENIED"},
		"a newer one that allows":                    {join(sign(digest, "allow", -1, 9), sign(digest, "deny", -2, 9)), nil, exitDone, "VERIFIED"},
		"equally new ones":                           {join(sign(digest, "allow", -1, 9), sign(digest, "deny", -1, 9)), nil, exitDenied, "DENIED"},
		"one that has ended":                         {sign(digest, "allow", -3, -2), nil, exitDenied, "valid until"},
		"a newer one that has ended":                 {join(sign(digest, "deny", -2, -1), sign(digest, "allow", -3, 9)), nil, exitDenied, "valid until"},
		"one that is too old":                        {sign(digest, "allow", -3, 9), []string{"--max-age", "2h"}, exitDenied, "too old"},
		"one of the future":                          {sign(digest, "allow", 3, 9), nil, exitDenied, "from the future"},
		"one on another image that names it besides": {sign(other, "allow", -1, 9, digest), nil, exitDenied, "about others"},
		"a bundle of something else":                 {[]byte(`{"mediaType":"application/json"}`), nil, exitDenied, "does not count"},
		"no JSON":                                    {[]byte("bundle"), nil, exitFailed, "is not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			y.write(t, "bundles", string(c.bundles))
			o := y.run(t, append([]string{"verify", "registry.example/app@" + digest.String(), "--trust", y.file("ci.yaml"), "--bundle", y.file("bundles"), "--stage", "ship", "--offline"}, c.more...)...)
			wants(t, o, c.status, c.text)
		})
	}
}

// TestWhatAnIndexLists: an entry is passed over only if nothing could run it, whatever it is
// annotated with; and an index of nothing is never verified.
func TestWhatAnIndexLists(t *testing.T) {
	y := newYard(t, true)
	manifest := y.store(t, "", "application/vnd.oci.image.layer.v1.tar", []byte("x"), nil)
	entry := func(operatingSystem, architecture string) object {
		return object{"mediaType": manifest.MediaType, "digest": manifest.Digest, "size": manifest.Size,
			"platform":    object{"os": operatingSystem, "architecture": architecture},
			"annotations": object{"vnd.docker.reference.type": "attestation-manifest"}}
	}
	for name, c := range map[string]struct {
		entries []any
		want    int
	}{
		"an attestation":              {[]any{entry("unknown", "unknown")}, 0},
		"an image that looks like it": {[]any{entry("linux", "amd64"), entry("unknown", "unknown")}, 1},
		"an entry without a platform": {[]any{object{"mediaType": manifest.MediaType, "digest": manifest.Digest, "size": manifest.Size}}, 1},
		"nothing":                     {[]any{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := y.document(t, "", image.MediaTypeIndex, object{"schemaVersion": 2, "mediaType": image.MediaTypeIndex, "manifests": c.entries})
			there, err := resolveName(t.Context(), y.repository(t, "single"), d.Digest.String())
			if err != nil || !there.isIndex() || len(there.children) != c.want {
				t.Fatalf("%v, %d images, want %d", err, len(there.children), c.want)
			}
			if c.want > 0 {
				return
			}
			if _, err := (judge{there: there}).verdict(t.Context(), nil); err == nil {
				t.Error("an index of nothing has a verdict")
			}
		})
	}
}

// TestSplitBundles: lines with a document each, or one document over several.
func TestSplitBundles(t *testing.T) {
	pretty, err := json.MarshalIndent(object{"a": object{"b": 1}}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"": 0, "\n \n": 0, `{"a":1}`: 1, "{}\n\n{}\r\n": 2, string(pretty): 1, "[1]\n{}": 1} {
		if got := splitBundles([]byte(text)); len(got) != want {
			t.Errorf("%q: %d bundles, want %d", text, len(got), want)
		}
	}
}
