package ship

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
)

// endless answers with a body that does not end until somebody has had enough.
func endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", image.MediaTypeIndex)
	chunk := []byte(strings.Repeat(" ", 64<<10))
	for r.Context().Err() == nil {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// listOf is a list of referrers.
func listOf(t testing.TB, entries ...image.Descriptor) []byte {
	t.Helper()
	return jsonOf(t, object{"schemaVersion": 2, "mediaType": image.MediaTypeIndex, "manifests": entries})
}

// TestAHostileRegistry: whatever it answers, evidence that does not hold is not returned, and what
// is not known is said.
func TestAHostileRegistry(t *testing.T) {
	elsewhere := httptest.NewTLSServer(http.NotFoundHandler())
	defer elsewhere.Close()
	type world struct {
		f        *fake
		r        *registry.Repository
		subject  image.Digest
		other    image.Digest
		manifest image.Digest // of the bundle that is attached to the subject
		bundle   image.Digest
	}
	for _, c := range []struct {
		name   string
		answer func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool
		found  int
		kinds  []ProblemKind
		says   string // of an error
	}{
		{"honest", func(*testing.T, world) func(http.ResponseWriter, *http.Request) bool { return nil }, 1, nil, ""},
		{"lies about the manifest (CVE-2023-33959)", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, w.manifest.String(), answer(image.MediaTypeManifest, []byte("{}")))
		}, 0, []ProblemKind{Altered}, ""},
		{"lies about the bundle", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, w.bundle.String(), answer("", []byte("{}")))
		}, 0, []ProblemKind{Altered}, ""},
		{"a bundle that does not end (CVE-2024-29902)", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, w.bundle.String(), endless)
		}, 0, []ProblemKind{Altered}, ""},
		{"a manifest that does not end", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, w.manifest.String(), endless)
		}, 0, []ProblemKind{TooLarge}, ""},
		{"a list that does not end (CVE-2023-42813 to CVE-2023-42816)", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, "/referrers/"+w.subject.String(), endless)
		}, 0, nil, "list of referrers is longer than"},
		{"a list that is none", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, "/referrers/"+w.subject.String(), answer(image.MediaTypeIndex, []byte(`{"manifests":[{}]}`)))
		}, 0, nil, "listing referrers"},
		{"another image's bundle is listed", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			silent := Bundle{Content: []byte(`{"messageSignature":{}}`), PredicateType: vsa, Created: created()}
			theirs := mustAttach(t, w.r, w.other, silent)[0].Manifest
			return on(http.MethodGet, "/referrers/"+w.subject.String(), answer(image.MediaTypeIndex, listOf(t, image.Descriptor{MediaType: image.MediaTypeManifest, Digest: theirs, ArtifactType: BundleType})))
		}, 0, []ProblemKind{ForAnother}, ""},
		{"a bundle without a subject is listed", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			d := putDocument(t, w.r, "", image.MediaTypeManifest, object{"schemaVersion": 2, "artifactType": BundleType, "layers": []object{}})
			return on(http.MethodGet, "/referrers/"+w.subject.String(), answer(image.MediaTypeIndex, listOf(t, d)))
		}, 0, []ProblemKind{ForAnother}, ""},
		{"another image's statement in a manifest of ours", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			smuggle(t, w.r, w.subject, bundleOn(t, w.other, vsa))
			return nil
		}, 1, []ProblemKind{ForAnother}, ""},
		{"what is listed is not there", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, w.bundle.String(), status(http.StatusNotFound, "BLOB_UNKNOWN"))
		}, 0, []ProblemKind{Absent}, ""},
		{"the type is stated wrongly in the list", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, "/referrers/"+w.subject.String(), answer(image.MediaTypeIndex, listOf(t,
				image.Descriptor{Digest: w.manifest, ArtifactType: "application/vnd.oci.empty.v1+json"}, image.Descriptor{Digest: w.subject, ArtifactType: BundleType})))
		}, 1, nil, ""},
		{"it has no referrers, and says so with a page for people", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, "/referrers/"+w.subject.String(), answer("text/html", []byte("<html>")))
		}, 0, nil, ""},
		{"the fallback tag is the image itself", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			found, err := w.r.Document(t.Context(), w.subject.String(), image.MaxDocument)
			if err != nil {
				t.Fatal(err)
			}
			return on(http.MethodGet, "/manifests/sha256-"+w.subject.Hex(), answer(image.MediaTypeManifest, found.Content))
		}, 1, nil, ""},
		{"the fallback tag is no index", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, "/manifests/sha256-"+w.subject.Hex(), answer(image.MediaTypeManifest, []byte(`{"layers":[]}`)))
		}, 1, []ProblemKind{Malformed}, ""},
		{"a signature without a signature", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			layer := putBlob(t, w.r, SimpleSigningType, simpleSigning(t, w.subject))
			return on(http.MethodGet, ".sig", answer(image.MediaTypeManifest, jsonOf(t, object{"layers": []image.Descriptor{layer}})))
		}, 1, []ProblemKind{Malformed}, ""},
		{"signatures in an index", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, ".sig", answer(image.MediaTypeIndex, listOf(t, image.Descriptor{Digest: w.manifest})))
		}, 1, []ProblemKind{Malformed}, ""},
		{"both an index and a manifest", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, ".att", answer(image.MediaTypeIndex, []byte(`{"manifests":[],"layers":[]}`)))
		}, 1, []ProblemKind{Malformed}, ""},
		{"evidence that is said to be huge", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, ".att", answer(image.MediaTypeManifest, jsonOf(t, object{"layers": []image.Descriptor{{MediaType: envelopeType, Digest: w.bundle, Size: MaxEvidence + 1}}})))
		}, 1, []ProblemKind{TooLarge}, ""},
		{"a redirect to another host", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, "/referrers/"+w.subject.String(), func(rw http.ResponseWriter, r *http.Request) {
				http.Redirect(rw, r, elsewhere.URL, http.StatusTemporaryRedirect)
			})
		}, 0, nil, "loopback address"},
		{"the next page at another host", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, "/referrers/"+w.subject.String(), func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("Link", `<`+elsewhere.URL+r.URL.Path+`>; rel="next"`)
				answer(image.MediaTypeIndex, listOf(t))(rw, r)
			})
		}, 0, nil, "somewhere else"},
		{"a list of pages without end", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, "/referrers/"+w.subject.String(), func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("Link", `<`+r.URL.Path+`?last=x>; rel="next"`)
				answer(image.MediaTypeIndex, listOf(t, image.Descriptor{Digest: w.manifest}))(rw, r)
			})
		}, 1, []ProblemKind{NotLookedAt}, ""},
		{"access is denied", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, "/referrers/"+w.subject.String(), status(http.StatusForbidden, "DENIED"))
		}, 0, nil, "access is denied"},
		{"the image is not there", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, "/manifests/"+w.subject.String(), status(http.StatusNotFound, "MANIFEST_UNKNOWN"))
		}, 0, nil, "has no document " + "sha256:"},
		{"the image is altered", func(t *testing.T, w world) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, "/manifests/"+w.subject.String(), answer(image.MediaTypeManifest, []byte("{}")))
		}, 0, nil, "damaged or was altered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t, true)
			w := world{f: f, r: openOn(t, f.host())}
			w.subject, w.other = putImage(t, w.r, "", "amd64").Digest, putImage(t, w.r, "", "arm64").Digest
			b := bundleOn(t, w.subject, vsa)
			w.manifest, w.bundle = mustAttach(t, w.r, w.subject, b)[0].Manifest, image.DigestOf(b.Content)
			f.interceptWith(c.answer(t, w))
			reading, err := Read(t.Context(), w.r, Subject{Digest: w.subject})
			if c.says != "" {
				wantError(t, err, c.says)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var kinds []ProblemKind
			complete := true
			for _, p := range reading.Problems {
				kinds = append(kinds, p.Kind)
				complete = complete && p.Kind == ForAnother
			}
			if len(reading.Evidence) != c.found || fmt.Sprint(kinds) != fmt.Sprint(c.kinds) {
				t.Errorf("%d found, problems %+v; want %d, %v", len(reading.Evidence), reading.Problems, c.found, c.kinds)
			}
			if reading.Complete() != complete {
				t.Errorf("complete: %v", reading.Complete())
			}
		})
	}
}

// TestARegistryThatDropsConnections: a moment of it is bridged; one that goes on is an error.
func TestARegistryThatDropsConnections(t *testing.T) {
	f := newFake(t, true)
	r := openOn(t, f.host())
	subject := putImage(t, r, "", "amd64").Digest
	mustAttach(t, r, subject, bundleOn(t, subject, vsa))
	var dropped atomic.Int32
	drop := func(times int32) func(http.ResponseWriter, *http.Request) bool {
		dropped.Store(0)
		return func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/referrers/") || dropped.Add(1) > times {
				return false
			}
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("{"))
			panic(http.ErrAbortHandler)
		}
	}
	f.interceptWith(drop(1))
	if reading := mustRead(t, r, Subject{Digest: subject}); len(reading.Evidence) != 1 || !reading.Complete() {
		t.Errorf("got %+v", reading)
	}
	f.interceptWith(drop(1000))
	_, err := Read(t.Context(), r, Subject{Digest: subject})
	wantError(t, err, "listing referrers", "EOF")
}

// TestARegistryThatDelays: the caller's time is the bound.
func TestARegistryThatDelays(t *testing.T) {
	f := newFake(t, true)
	r := openOn(t, f.host())
	subject := putImage(t, r, "", "amd64").Digest
	f.interceptWith(func(_ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Read(ctx, r, Subject{Digest: subject}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestTenThousandReferrers (CVE-2023-46737, CVE-2023-33957, CVE-2023-33958): a bounded number is looked at, the newest first, and the rest is named.
func TestTenThousandReferrers(t *testing.T) {
	f := newFake(t, true)
	r := openOn(t, f.host())
	subject := putImage(t, r, "", "amd64").Digest
	newest := mustAttach(t, r, subject, bundleOn(t, subject, vsa))[0].Manifest
	other := putDocument(t, r, "", image.MediaTypeManifest, object{"artifactType": "application/spdx+json", "layers": []object{}})
	entries := make([]image.Descriptor, 10_000)
	for i := range entries {
		entries[i] = image.Descriptor{MediaType: image.MediaTypeManifest, Digest: image.DigestOf(fmt.Append(nil, i)), ArtifactType: BundleType}
	}
	entries[9_000] = image.Descriptor{Digest: newest, ArtifactType: BundleType, Annotations: map[string]string{annotationCreated: "2026-11-22T10:00:00Z"}}
	list := listOf(t, entries...)
	var asked atomic.Int32
	f.interceptWith(func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.Contains(r.URL.Path, "/referrers/"):
			answer(image.MediaTypeIndex, list)(w, r)
		case strings.Contains(r.URL.Path, "/manifests/sha256:") && !strings.HasSuffix(r.URL.Path, newest.String()) && !strings.HasSuffix(r.URL.Path, subject.String()):
			asked.Add(1)
			r.URL.Path = "/v2/app/manifests/" + other.Digest.String()
			return false
		default:
			return false
		}
		return true
	})
	reading := mustRead(t, r, Subject{Digest: subject})
	if len(reading.Evidence) != 1 || reading.Complete() {
		t.Errorf("%d found, complete %v", len(reading.Evidence), reading.Complete())
	}
	if asked.Load() != maxDescriptors-1 {
		t.Errorf("%d manifests were asked for", asked.Load())
	}
	last := reading.Problems[len(reading.Problems)-1]
	if last.Kind != NotLookedAt || last.Count != 9_000 {
		t.Errorf("the last problem is %+v", last)
	}
}

// TestManyLongManifests: what is refused for its length has been read, and counts.
func TestManyLongManifests(t *testing.T) {
	f := newFake(t, true)
	r := openOn(t, f.host())
	subject := putImage(t, r, "", "amd64").Digest
	entries := make([]image.Descriptor, 40)
	for i := range entries {
		entries[i].Digest = image.DigestOf(fmt.Append(nil, i))
	}
	list := listOf(t, entries...)
	var asked atomic.Int32
	f.interceptWith(func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.Contains(r.URL.Path, "/referrers/"):
			answer(image.MediaTypeIndex, list)(w, r)
		case strings.Contains(r.URL.Path, "/manifests/sha256:") && !strings.HasSuffix(r.URL.Path, subject.String()):
			asked.Add(1)
			endless(w, r)
		default:
			return false
		}
		return true
	})
	reading := mustRead(t, r, Subject{Digest: subject})
	kinds := map[ProblemKind]int{}
	for _, p := range reading.Problems {
		kinds[p.Kind]++
	}
	const full = maxTotal / maxManifest
	if asked.Load() != full || kinds[TooLarge] != full || kinds[NotLookedAt] < len(entries)-full || reading.Complete() {
		t.Errorf("%d were asked for, problems %v", asked.Load(), kinds)
	}
}

// TestManySignatures (CVE-2024-29903): a tag has more layers than are looked at.
func TestManySignatures(t *testing.T) {
	f := newFake(t, true)
	r := openOn(t, f.host())
	subject := putImage(t, r, "", "amd64").Digest
	layer := putBlob(t, r, SimpleSigningType, simpleSigning(t, subject))
	layers := make([]image.Descriptor, maxDescriptors+500)
	for i := range layers {
		layers[i] = layer
		layers[i].Annotations = map[string]string{annotationSignature: fmt.Sprint(i)}
	}
	f.interceptWith(on(http.MethodGet, ".sig", answer(image.MediaTypeManifest, jsonOf(t, object{"layers": layers}))))
	reading := mustRead(t, r, Subject{Digest: subject})
	if len(reading.Evidence) != maxDescriptors || reading.Complete() || len(reading.Problems) != 1 || reading.Problems[0].Count != 500 {
		t.Errorf("%d found, problems %+v", len(reading.Evidence), reading.Problems)
	}
}

// TestNoReading: what was not read is not complete.
func TestNoReading(t *testing.T) {
	if (Reading{}).Complete() {
		t.Error("no reading is complete")
	}
}

// TestTooMuchEvidence (CVE-2024-29902): eight pieces of nearly 10 MiB are more than is read.
func TestTooMuchEvidence(t *testing.T) {
	f := newFake(t, true)
	r := openOn(t, f.host())
	subject := putImage(t, r, "", "amd64").Digest
	var bundles []Bundle
	for range 8 {
		b := bundleOn(t, subject, vsa)
		b.Content = append(make([]byte, 0, 9<<20), b.Content...)
		b.Content = append(b.Content, make([]byte, 9<<20-len(b.Content))...)
		if _, err := rand.Read(b.Content[1000:]); err != nil {
			t.Fatal(err)
		}
		bundles = append(bundles, b)
	}
	mustAttach(t, r, subject, bundles...)
	reading := mustRead(t, r, Subject{Digest: subject})
	if len(reading.Evidence) != 7 || len(reading.Problems) != 1 || reading.Problems[0].Kind != NotLookedAt || reading.Complete() {
		t.Errorf("%d found, problems %+v", len(reading.Evidence), reading.Problems)
	}
}
