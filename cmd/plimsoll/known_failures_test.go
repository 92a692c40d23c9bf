package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/assemble"
)

// moving is a yard whose tag single:v1 stands for an image that may ship, with a verdict that says
// so, until the test moves it to one that may not.
type moving struct {
	*yard
	good, bad image.Digest
	asked     int // how often it was asked what the tag stands for
	after     int // from which of the requests on the tag has moved; 0 for never
}

func newMoving(t *testing.T) *moving {
	t.Helper()
	m := &moving{yard: newYard(t, true)}
	m.bad = m.push(t, "single", m.single(t, "root"))
	m.good = m.push(t, "single", m.single(t, "65532"))
	b := berth{yard: m.yard, at: m.repository(t, "single")}
	b.lay(t, m.good, m.sign(t, "ci", b.verdict(t, m.good, "allow", -1, 9)))
	m.intercept = func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/single/manifests/v1") {
			if m.asked++; m.after > 0 && m.asked >= m.after {
				r.URL.Path = "/v2/single/manifests/" + m.bad.String()
			}
		}
		return false
	}
	return m
}

// TestATagIsAskedForOnce: what a tag stands for is asked for once, and from then on the digest goes
// by, so a registry that answers otherwise the next time changes nothing. Kyverno fetched it twice
// (CVE-2022-47633), and remembered by tag what it had verified (kyverno#16213).
func TestATagIsAskedForOnce(t *testing.T) {
	verify := func(m *moving) outcome {
		return m.run(t, "verify", m.name("single:v1"), "--trust", m.file("ci.yaml"), "--stage", "ship")
	}
	check := func(m *moving) outcome {
		return m.run(t, "check", m.name("single:v1"), "--policy", m.file("policy.yaml"), "--stage", "ship", "--format", "json", "--quiet")
	}
	for name, run := range map[string]func(*moving) outcome{"verify (CVE-2022-47633)": verify, "check (CVE-2022-47633)": check} {
		t.Run(name, func(t *testing.T) {
			m := newMoving(t)
			m.after = 2
			wants(t, run(m), exitDone, m.good.String())
			if m.asked != 1 {
				t.Errorf("the tag was asked for %d times", m.asked)
			}
		})
	}
	t.Run("attest: between checking and attaching (CVE-2022-47633)", func(t *testing.T) {
		m := newMoving(t)
		m.after = 2
		o := m.run(t, "attest", m.name("single:v1"), "--policy", m.file("policy.yaml"), "--key", m.file("ci.key"), "--to", m.name("single:v1"), "--quiet")
		refused(t, o, "what was evaluated is "+m.good.String()+", and the registry has .*"+m.bad.String())
	})
	t.Run("what is remembered of a tag (kyverno#16213)", func(t *testing.T) {
		m := newMoving(t)
		wants(t, verify(m), exitDone, m.good.String())
		wants(t, check(m), exitDone, m.good.String())
		m.after = 1
		wants(t, verify(m), exitDenied, "there is none for "+m.name("single@"+m.bad.String()))
		wants(t, check(m), exitDenied, m.bad.String())
	})
}

// TestAWarmCacheDecidesNothing: facts are remembered, and neither decisions nor what was verified.
// In Kyverno a cache's hit skipped what denies (kyverno#17173), gave evidence that nobody had
// verified (kyverno#17130), or none at all (kyverno#17105).
func TestAWarmCacheDecidesNothing(t *testing.T) {
	t.Run("another policy (kyverno#17173)", func(t *testing.T) {
		m := newMoving(t)
		m.write(t, "lax.yaml", strings.ReplaceAll(signedPolicy, "deny,", "warn,"))
		name := m.name("single@" + m.bad.String())
		wants(t, m.run(t, "check", name, "--policy", m.file("lax.yaml"), "--stage", "ship", "--quiet"), exitDone, "user-root")
		wants(t, m.run(t, "check", name, "--policy", m.file("policy.yaml"), "--stage", "ship", "--quiet"), exitDenied, "user-root")
	})
	verify := func(m *moving) outcome {
		return m.run(t, "verify", m.name("single:v1"), "--trust", m.file("ci.yaml"), "--stage", "ship")
	}
	t.Run("evidence that was replaced since (kyverno#17130)", func(t *testing.T) {
		m := newMoving(t)
		o := verify(m)
		wants(t, o, exitDone, "VERIFIED")
		m.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/blobs/") {
				return false
			}
			_, _ = w.Write([]byte(`{"mediaType":"` + evidence.BundleMediaType + `"}`))
			return true
		}
		wants(t, verify(m), exitDenied, "altered")
	})
	t.Run("the same again (kyverno#17105)", func(t *testing.T) {
		m := newMoving(t)
		first, again := verify(m), verify(m)
		wants(t, first, exitDone, "VERIFIED")
		if first != again {
			t.Errorf("first %+v\nthen %+v", first, again)
		}
	})
	t.Run("a trust that was taken back (kyverno#17130)", func(t *testing.T) {
		m := newMoving(t)
		wants(t, verify(m), exitDone, "VERIFIED")
		m.write(t, "ci.yaml", string(m.read(t, "stranger.yaml")))
		wants(t, verify(m), exitDenied, "nobody whom the trust names signed it")
	})
}

// TestWhatAnybodyMayWriteProvesNothing: annotations and labels are for whoever may push. Kyverno's
// second webhook believed the annotation in which the first had noted what it verified
// (kyverno#16336).
func TestWhatAnybodyMayWriteProvesNothing(t *testing.T) {
	y := newYard(t, true)
	claims := map[string]string{"dev.plimsoll.verdict": "allow", "plimsoll.dev/verified": "true", "dev.sigstore.bundle.predicateType": evidence.VerdictType}
	claiming := assemble.Image{Platform: image.DefaultPlatform(), Config: image.Config{User: "root", Labels: claims},
		Layers: []assemble.Blob{layer(t, assemble.Gzip, ordinaryFiles()...)}}
	layout := t.TempDir() + "/layout"
	if err := assemble.WriteLayout(layout, "v1", claiming); err != nil {
		t.Fatal(err)
	}
	digest := y.push(t, "single", layout)
	found, err := y.repository(t, "single").Document(t.Context(), digest.String(), image.MaxDocument)
	if err != nil {
		t.Fatal(err)
	}
	b := berth{yard: y, at: y.repository(t, "single")}
	verify := func(name string) outcome {
		return y.run(t, "verify", name, "--trust", y.file("ci.yaml"), "--stage", "ship")
	}
	t.Run("labels of the image (kyverno#16336)", func(t *testing.T) {
		wants(t, verify(y.name("single:v1")), exitDenied, "there is none for")
		wants(t, y.run(t, "check", y.name("single:v1"), "--policy", y.file("policy.yaml"), "--stage", "ship", "--quiet"), exitDenied, "user-root")
	})
	t.Run("annotations of the index and its entry (kyverno#16336)", func(t *testing.T) {
		y.document(t, "annotated", image.MediaTypeIndex, object{"schemaVersion": 2, "mediaType": image.MediaTypeIndex, "annotations": claims, "manifests": []any{
			object{"mediaType": image.MediaTypeManifest, "digest": digest, "size": found.Size, "annotations": claims,
				"platform": object{"os": "linux", "architecture": image.DefaultPlatform().Architecture}}}})
		wants(t, verify(y.name("single:annotated")), exitDenied, "there is none for")
	})
	t.Run("a statement without a signature (kyverno#16336)", func(t *testing.T) {
		payload, err := evidence.Encode(b.verdict(t, digest, "allow", -1, 9))
		if err != nil {
			t.Fatal(err)
		}
		b.lay(t, digest, payload)
		wants(t, verify(y.name("single:v1")), exitDenied, "what is there does not count")
	})
	t.Run("the verdict that a report states (kyverno#16336)", func(t *testing.T) {
		path := y.file("report.json")
		o := y.run(t, "check", y.name("single:v1"), "--policy", y.file("policy.yaml"), "--stage", "ship", "--format", "json", "--output", path, "--quiet")
		wants(t, o, exitDenied, "")
		y.write(t, "report.json", strings.ReplaceAll(string(y.read(t, "report.json")), `"deny"`, `"allow"`))
		wants(t, y.run(t, "check", path, "--policy", y.file("policy.yaml"), "--stage", "ship", "--quiet"), exitDenied, "user-root")
		wants(t, y.run(t, "reproduce", path, "--policy", y.file("policy.yaml")), exitDenied, "the verdict is another")
	})
}

// TestWhateverRequestFails: each of the requests of a verification that succeeds is made to fail,
// in each of several ways; none of them leaves a success behind. In Ratify an error of the verifier
// became one (ratify#92), and so did in cosign what could not be read (CVE-2026-39395).
func TestWhateverRequestFails(t *testing.T) {
	says := func(content string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", image.MediaTypeIndex)
			_, _ = w.Write([]byte(content))
		}
	}
	ways := map[string]http.HandlerFunc{
		"denied (ratify#92)":                             func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"cut short (CVE-2026-39395)":                     says("{"),
		"other content (CVE-2023-33959, CVE-2023-47630)": says(`{"schemaVersion":2,"manifests":[{}],"layers":[]}`),
	}
	for _, referrers := range []bool{true, false} {
		y := newYard(t, referrers)
		b := y.newBerth(t, "app", severalPlatforms(t), referrers)
		b.lay(t, b.amd64, y.sign(t, "ci", b.good(t)))
		verify := []string{"verify", y.name("app:v1"), "--trust", y.file("ci.yaml"), "--platform", "linux/amd64", "--stage", "ship"}
		var paths []string
		y.intercept = func(_ http.ResponseWriter, r *http.Request) bool {
			if path := r.URL.Path; path != "/v2/" && !slices.Contains(paths, path) { // nothing is learnt from the greeting
				paths = append(paths, path)
			}
			return false
		}
		wants(t, y.run(t, verify...), exitDone, "VERIFIED")
		if len(paths) < 7 { // tag, image, referrers or their tag, bundle's manifest, bundle, two tags of cosign's
			t.Fatalf("it asked for %q", paths)
		}
		for name, answer := range ways {
			t.Run(name, func(t *testing.T) {
				for _, path := range paths {
					y.intercept = func(w http.ResponseWriter, r *http.Request) bool {
						if r.URL.Path != path {
							return false
						}
						answer(w, r)
						return true
					}
					if o := y.run(t, verify...); o.status != exitDenied && o.status != exitFailed || strings.Contains(o.stdout, "\nVERIFIED") {
						t.Errorf("%s, referrers %v: status %d\n%s%s", path, referrers, o.status, o.stdout, o.stderr)
					}
				}
			})
		}
	}
}
