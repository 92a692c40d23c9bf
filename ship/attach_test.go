package ship

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
)

// TestAttachRefuses: what cannot be attached is refused before anything is written.
func TestAttachRefuses(t *testing.T) {
	f := newFake(t, true)
	r := openOn(t, f.host())
	subject := putImage(t, r, "", "amd64").Digest
	good := bundleOn(t, subject, vsa)
	f.interceptWith(func(w http.ResponseWriter, r *http.Request) bool {
		t.Errorf("%s %s", r.Method, r.URL)
		return false
	})
	change := func(change func(*Bundle)) []Bundle {
		b := good
		change(&b)
		return []Bundle{good, b}
	}
	for _, c := range []struct {
		name     string
		subjects []image.Digest
		bundles  []Bundle
		says     string
	}{
		{"nothing", []image.Digest{subject}, nil, "nothing to attach"},
		{"to nothing", nil, []Bundle{good}, "nothing to attach it to"},
		{"an empty bundle", []image.Digest{subject}, change(func(b *Bundle) { b.Content = nil }), "empty"},
		{"more than 10 MiB", []image.Digest{subject}, change(func(b *Bundle) { b.Content = make([]byte, 10<<20+1) }), "10485760 are the most"},
		{"no type", []image.Digest{subject}, change(func(b *Bundle) { b.PredicateType = "" }), "predicate type"},
		{"a type with a line break", []image.Digest{subject}, change(func(b *Bundle) { b.PredicateType = "a\nb" }), "predicate type"},
		{"a type that is long", []image.Digest{subject}, change(func(b *Bundle) { b.PredicateType = strings.Repeat("a", 501) }), "predicate type"},
		{"about another image", []image.Digest{subject, image.DigestOf(nil)}, []Bundle{good}, "not about " + image.DigestOf(nil).String()},
		{"no time", []image.Digest{subject}, change(func(b *Bundle) { b.Created = time.Time{} }), "time of creation"},
	} {
		t.Run(c.name, func(t *testing.T) {
			attached, err := Attach(t.Context(), r, c.subjects, c.bundles)
			wantError(t, err, c.says)
			if len(attached) > 0 {
				t.Errorf("attached %+v", attached)
			}
		})
	}
}

// TestARegistryThatTakesNothing: why it does not, and what to do.
func TestARegistryThatTakesNothing(t *testing.T) {
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	defer elsewhere.Close()
	for _, c := range []struct {
		name      string
		referrers bool
		answer    func(subject image.Digest) func(http.ResponseWriter, *http.Request) bool
		says      []string
	}{
		{"read-only", true, func(image.Digest) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodPost, "/blobs/uploads/", status(http.StatusMethodNotAllowed, "UNSUPPORTED"))
		}, []string{"takes no writes (405", "read-only"}},
		{"no right to push", true, func(image.Digest) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodPost, "/blobs/uploads/", status(http.StatusForbidden, "DENIED"))
		}, []string{"writing is denied (403", "right to push"}},
		{"artifacts are refused", true, func(image.Digest) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/manifests/") {
					return false
				}
				status(http.StatusBadRequest, "MANIFEST_INVALID")(w, r)
				return true
			}
		}, []string{"does not accept the document (400", "OCI image-spec 1.1"}},
		{"an upload that goes to another host", true, func(image.Digest) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodPost, "/blobs/uploads/", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", elsewhere.URL+"/upload")
				w.WriteHeader(http.StatusAccepted)
			})
		}, []string{"sent to another host"}},
		{"an upload that is redirected", true, func(image.Digest) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPut {
					return false
				}
				http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
				return true
			}
		}, []string{"redirects what is written"}},
		{"the manifest is dropped", true, func(subject image.Digest) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/manifests/") {
					return false
				}
				w.WriteHeader(http.StatusCreated)
				return true
			}
		}, []string{"does not give it back"}},
		{"it is never listed", true, func(subject image.Digest) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, "/referrers/"+subject.String(), answer(image.MediaTypeIndex, []byte(`{"manifests":[]}`)))
		}, []string{"does not list it"}},
		{"the fallback tag is something else", false, func(subject image.Digest) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, "/manifests/sha256-"+subject.Hex(), answer(image.MediaTypeManifest, []byte(`{"layers":[]}`)))
		}, []string{"holds something else, which is left as it is", "no index"}},
		{"the fallback tag is no JSON", false, func(subject image.Digest) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, "/manifests/sha256-"+subject.Hex(), answer(image.MediaTypeIndex, []byte(`{`)))
		}, []string{"holds something else"}},
		{"the fallback tag does not stay", false, func(subject image.Digest) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, "/manifests/sha256-"+subject.Hex(), status(http.StatusNotFound, "MANIFEST_UNKNOWN"))
		}, []string{"was changed by others 16 times"}},
		{"the fallback tag is the image itself", false, func(subject image.Digest) func(http.ResponseWriter, *http.Request) bool {
			return func(_ http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/manifests/sha256-"+subject.Hex()) {
					r.URL.Path = "/v2/app/manifests/" + subject.String()
				}
				return false
			}
		}, []string{"for the image itself", "use one that lists referrers"}},
		{"the image is not there", true, func(subject image.Digest) func(http.ResponseWriter, *http.Request) bool {
			return on(http.MethodGet, "/manifests/"+subject.String(), status(http.StatusNotFound, "MANIFEST_UNKNOWN"))
		}, []string{"has no document"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t, c.referrers)
			r := openOn(t, f.host())
			subject := putImage(t, r, "", "amd64").Digest
			f.interceptWith(c.answer(subject))
			attached, err := quickly(t, r, subject, bundleOn(t, subject, vsa))
			wantError(t, err, append(c.says, "attaching evidence to "+f.host()+"/app@"+subject.String())...)
			if len(attached) > 0 {
				t.Errorf("attached %+v", attached)
			}
		})
	}
}

// TestARegistryThatSaysWhatItNotes: one that names the subject in its answer is not asked further.
func TestARegistryThatSaysWhatItNotes(t *testing.T) {
	f := newFake(t, true)
	r := openOn(t, f.host())
	subject := putImage(t, r, "", "amd64").Digest
	f.interceptWith(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/referrers/") {
			t.Errorf("it was asked for %s", r.URL)
		}
		w.Header().Set("OCI-Subject", subject.String())
		return false
	})
	mustAttach(t, r, subject, bundleOn(t, subject, vsa))
}

// others is an entry of somebody else's, with a member that we do not know.
func others(t testing.TB, r *registry.Repository, name string) []byte {
	t.Helper()
	d := putDocument(t, r, "", image.MediaTypeManifest, object{"schemaVersion": 2, "artifactType": "application/" + name, "layers": []object{}})
	return fmt.Appendf(nil, `{"mediaType":%q,"digest":%q,"size":%d,"artifactType":"application/%s","new-in-2027":{"a":1}}`, d.MediaType, d.Digest, d.Size, name)
}

// overwrite makes the fallback tag stand for an index of these entries.
func (f *fake) overwrite(subject image.Digest, entries ...[]byte) {
	content := fmt.Appendf(nil, `{"annotations":{"note":"theirs"},"manifests":[%s],"mediaType":%q,"schemaVersion":2}`, bytes.Join(entries, []byte(",")), image.MediaTypeIndex)
	request := httptest.NewRequest(http.MethodPut, "/v2/app/manifests/sha256-"+subject.Hex(), bytes.NewReader(content))
	request.Header.Set("Content-Type", image.MediaTypeIndex)
	f.inner.ServeHTTP(httptest.NewRecorder(), request)
}

func fallbackText(t testing.TB, r *registry.Repository, subject image.Digest) string {
	t.Helper()
	found, err := r.Document(t.Context(), "sha256-"+subject.Hex(), image.MaxDocument)
	if err != nil {
		t.Fatal(err)
	}
	return string(found.Content)
}

// TestNobodysEntryIsLost: another writes the fallback tag at the worst moments.
func TestNobodysEntryIsLost(t *testing.T) {
	for _, c := range []struct {
		name   string
		before bool  // the tag is there, with another's entry
		after  []int // at which of the readings of the tag another's index, without ours, is there instead
	}{
		{"nobody else", false, nil},
		{"somebody before", true, nil},
		{"somebody who read before we wrote", true, []int{2}},
		{"and wrote only after we had looked", true, []int{3}},
		{"twice", true, []int{2, 4}},
		{"the tag was not there", false, []int{2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t, false)
			r := openOn(t, f.host())
			subject := putImage(t, r, "", "amd64").Digest
			first, second := others(t, r, "first"), others(t, r, "second")
			entries := [][]byte{}
			if c.before {
				entries = append(entries, first)
				f.overwrite(subject, entries...)
			}
			reads := 0
			f.interceptWith(on(http.MethodGet, "/manifests/sha256-"+subject.Hex(), func(w http.ResponseWriter, request *http.Request) {
				if reads++; slices.Contains(c.after, reads) {
					f.overwrite(subject, append(entries, second)...)
				}
				f.inner.ServeHTTP(w, request)
			}))
			attached := mustAttach(t, r, subject, bundleOn(t, subject, vsa))
			f.interceptWith(nil)
			text := fallbackText(t, r, subject)
			want := []string{attached[0].Manifest.String(), BundleType}
			if c.before {
				want = append(want, string(first), `"note":"theirs"`)
			}
			if len(c.after) > 0 {
				want = append(want, string(second))
			}
			for _, part := range want {
				if strings.Count(text, part) == 0 {
					t.Errorf("%s is not in %s", part, text)
				}
			}
			if got := strings.Count(text, attached[0].Manifest.String()); got != 1 {
				t.Errorf("our entry is there %d times", got)
			}
			if reading := mustRead(t, r, Subject{Digest: subject}); len(reading.Evidence) != 1 || !reading.Complete() {
				t.Errorf("got %+v", reading)
			}
		})
	}
}

// TestManyWriters: at a registry that holds to conditions, no writer loses an entry.
func TestManyWriters(t *testing.T) {
	f := newFake(t, false)
	subject := putImage(t, openOn(t, f.host()), "", "amd64").Digest
	var tag sync.Mutex
	f.interceptWith(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/manifests/sha256-"+subject.Hex()) {
			return false
		}
		tag.Lock()
		defer tag.Unlock()
		now := httptest.NewRecorder()
		f.inner.ServeHTTP(now, httptest.NewRequest(http.MethodGet, r.URL.Path, nil))
		etag := fmt.Sprintf("%q", image.DigestOf(now.Body.Bytes()))
		if r.Method == http.MethodGet {
			w.Header().Set("ETag", etag)
			f.inner.ServeHTTP(w, r)
			return true
		}
		exists := now.Code == http.StatusOK
		if r.Header.Get("If-None-Match") == "*" && exists || r.Header.Get("If-Match") != "" && r.Header.Get("If-Match") != etag {
			w.WriteHeader(http.StatusPreconditionFailed)
			return true
		}
		if exists && r.Header.Get("If-Match") == "" {
			t.Errorf("written without a condition: %v", r.Header)
		}
		f.inner.ServeHTTP(w, r)
		return true
	})
	var writers errgroup.Group
	const many = 12 // the unluckiest is refused once for each of the others, writes, and looks twice
	for i := range many {
		r := openOn(t, f.host())
		b := bundleOn(t, subject, fmt.Sprintf("https://example.com/%d", i))
		writers.Go(func() error {
			_, err := attacher{repository: r, least: time.Millisecond, most: time.Millisecond}.attach(context.Background(), []image.Digest{subject}, []Bundle{b})
			return err
		})
	}
	if err := writers.Wait(); err != nil {
		t.Fatal(err)
	}
	if reading := mustRead(t, openOn(t, f.host()), Subject{Digest: subject}); len(reading.Evidence) != many || !reading.Complete() {
		t.Errorf("%d found, problems %+v", len(reading.Evidence), reading.Problems)
	}
}

// TestAttachEnds: with its context.
func TestAttachEnds(t *testing.T) {
	f := newFake(t, false)
	r := openOn(t, f.host())
	subject := putImage(t, r, "", "amd64").Digest
	ctx, cancel := context.WithCancel(t.Context())
	f.interceptWith(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/sha256-") {
			cancel()
		}
		return false
	})
	if _, err := Attach(ctx, r, []image.Digest{subject}, []Bundle{bundleOn(t, subject, vsa)}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
