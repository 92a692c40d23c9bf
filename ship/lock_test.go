package ship

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
)

func openReading(ctx context.Context, repository string) (*registry.Repository, error) {
	return registry.OpenRepository(ctx, repository, registry.Read, anonymous())
}

// testLock: what is locked holds, as a file too, and no longer when the tag moves.
func testLock(t *testing.T, r *registry.Repository) {
	loong64 := putImage(t, r, "", "loong64")
	index, amd64, arm64 := putIndex(t, r, "locked", loong64)
	mustAttach(t, r, index.Digest, bundleOn(t, index.Digest, vsa))
	name := r.Name() + ":locked"
	file, err := Lock(t.Context(), openReading, []string{name, name}, LockOptions{Layers: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []Locked{{Image: name, Digest: index.Digest, Manifests: []image.Digest{amd64.Digest, arm64.Digest, loong64.Digest},
		Layers:   []image.Digest{image.DigestOf([]byte("layer for amd64")), image.DigestOf([]byte("layer for arm64")), image.DigestOf([]byte("layer for loong64"))},
		Evidence: []string{vsa}}}
	if diff := cmp.Diff(want, file.Images, digests()); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
	text, err := file.Encode()
	if err != nil {
		t.Fatal(err)
	}
	file, err = ParseLock("lock.yaml", text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	result, err := Compare(t.Context(), file, CompareOptions{Open: openReading})
	if err != nil || !result.Holds() || result.Compared != 1 {
		t.Errorf("%+v, %v", result, err)
	}
	putImage(t, r, "locked", "ppc64le")
	result, err = Compare(t.Context(), file, CompareOptions{Open: openReading})
	if err != nil || result.Holds() || len(result.Findings) != 1 || result.Findings[0].Kind != MovedTag {
		t.Errorf("%+v, %v", result, err)
	}
}

// accepts is a verifier that accepts the evidence of some types.
type accepts []string

func (a accepts) Verify(_ context.Context, found Found) (evidence.Verified, error) {
	for _, predicate := range a {
		if predicate == found.PredicateType {
			return evidence.Verified{Statement: evidence.Statement{PredicateType: predicate}, Signers: []evidence.Identity{{Name: "ci"}}}, nil
		}
	}
	return evidence.Verified{}, errors.New("nobody known has signed it")
}

// finds is a verifier that returns the same of whatever it is asked for.
type finds evidence.Verified

func (f finds) Verify(context.Context, Found) (evidence.Verified, error) {
	return evidence.Verified(f), nil
}

func TestCompare(t *testing.T) {
	type world struct {
		f            *fake
		r            *registry.Repository
		index        image.Descriptor
		amd64, arm64 image.Descriptor
		layer        string
	}
	everything := []Kind{}
	for _, c := range []struct {
		name     string
		change   func(t *testing.T, w *world, locked *Locked)
		verifier Verifier
		want     []Kind
		unknown  string
	}{
		{"nothing is changed", func(*testing.T, *world, *Locked) {}, nil, everything, ""},
		{"and the evidence is verified", func(*testing.T, *world, *Locked) {}, accepts{vsa}, everything, ""},
		{"by a verifier who accepts others", func(*testing.T, *world, *Locked) {}, accepts{provenance}, []Kind{EvidenceMissing}, ""},
		{"by a verifier who names no signer", func(*testing.T, *world, *Locked) {}, finds{Statement: evidence.Statement{PredicateType: vsa}}, []Kind{EvidenceMissing}, ""},
		{"as a statement of another type", func(*testing.T, *world, *Locked) {}, finds{Signers: []evidence.Identity{{Name: "ci"}}, Statement: evidence.Statement{PredicateType: provenance}}, []Kind{EvidenceMissing}, ""},
		{"by digest, whatever the tag", func(t *testing.T, w *world, locked *Locked) {
			locked.Image = w.r.Name() + "@" + locked.Digest.String()
			putImage(t, w.r, "1", "mips")
		}, nil, everything, ""},
		{"another image has the tag", func(t *testing.T, w *world, _ *Locked) { putImage(t, w.r, "1", "mips") }, nil, []Kind{MovedTag}, ""},
		{"a manifest of the index has the tag", func(t *testing.T, w *world, _ *Locked) { putImage(t, w.r, "1", "amd64") }, nil, []Kind{Swapped}, ""},
		{"an index of the manifest has the tag", func(_ *testing.T, w *world, locked *Locked) {
			*locked = Locked{Image: locked.Image, Digest: w.amd64.Digest}
		}, nil, []Kind{Swapped}, ""},
		{"for the index, the registry gives its manifest", func(t *testing.T, w *world, _ *Locked) {
			child, err := w.r.Document(t.Context(), w.amd64.Digest.String(), image.MaxDocument)
			if err != nil {
				t.Fatal(err)
			}
			w.f.interceptWith(on(http.MethodGet, "/manifests/"+w.index.Digest.String(), answer(image.MediaTypeManifest, child.Content)))
		}, nil, []Kind{Swapped}, ""},
		{"the tag is gone", func(_ *testing.T, w *world, locked *Locked) { locked.Image = w.r.Name() + ":2" }, nil, []Kind{Missing}, ""},
		{"the image is gone", func(_ *testing.T, w *world, locked *Locked) {
			w.f.interceptWith(on(http.MethodGet, w.index.Digest.String(), status(http.StatusNotFound, "MANIFEST_UNKNOWN")))
		}, nil, []Kind{Missing}, ""},
		{"a manifest of the index is gone", func(_ *testing.T, w *world, _ *Locked) {
			w.f.interceptWith(on(http.MethodGet, w.arm64.Digest.String(), status(http.StatusNotFound, "MANIFEST_UNKNOWN")))
		}, nil, []Kind{Missing, Missing}, ""}, // and with it, whose layer is whose
		{"a manifest is altered", func(_ *testing.T, w *world, locked *Locked) {
			locked.Layers = nil
			w.f.interceptWith(on(http.MethodGet, "/manifests/"+w.arm64.Digest.String(), answer(image.MediaTypeManifest, []byte("{}"))))
		}, nil, []Kind{AlteredManifest}, ""},
		{"the index is altered", func(_ *testing.T, w *world, _ *Locked) {
			w.f.interceptWith(on(http.MethodGet, "/manifests/"+w.index.Digest.String(), answer(image.MediaTypeIndex, []byte(`{"manifests":[]}`))))
		}, nil, []Kind{AlteredManifest}, ""},
		{"a layer is altered", func(_ *testing.T, w *world, _ *Locked) {
			w.f.interceptWith(on(http.MethodGet, w.layer, answer("application/octet-stream", []byte("layer for amd65"))))
		}, nil, []Kind{AlteredLayer}, ""},
		{"a layer is cut short", func(_ *testing.T, w *world, _ *Locked) {
			w.f.interceptWith(on(http.MethodGet, w.layer, answer("application/octet-stream", []byte("layer"))))
		}, nil, []Kind{AlteredLayer}, ""},
		{"a layer does not end", func(_ *testing.T, w *world, _ *Locked) {
			w.f.interceptWith(on(http.MethodGet, w.layer, endless))
		}, nil, []Kind{AlteredLayer}, ""},
		{"a layer is gone", func(_ *testing.T, w *world, _ *Locked) {
			w.f.interceptWith(on(http.MethodGet, w.layer, status(http.StatusNotFound, "BLOB_UNKNOWN")))
		}, nil, []Kind{Missing}, ""},
		{"a layer that no manifest names", func(_ *testing.T, _ *world, locked *Locked) {
			locked.Layers = append(locked.Layers, image.DigestOf(nil))
		}, nil, []Kind{Missing}, ""},
		{"evidence is wanted that is not there", func(_ *testing.T, _ *world, locked *Locked) { locked.Evidence = append(locked.Evidence, provenance) }, nil, []Kind{EvidenceMissing}, ""},
		{"evidence was moved from another image", func(t *testing.T, w *world, locked *Locked) {
			locked.Evidence = nil
			smuggle(t, w.r, w.index.Digest, bundleOn(t, w.amd64.Digest, vsa))
		}, nil, []Kind{EvidenceForAnother}, ""},
		{"evidence cannot be read", func(_ *testing.T, w *world, locked *Locked) {
			locked.Evidence = []string{provenance} // that it is missing cannot be said either
			w.f.interceptWith(on(http.MethodGet, image.DigestOf(bundleOn(t, w.index.Digest, vsa).Content).String(), status(http.StatusNotFound, "BLOB_UNKNOWN")))
		}, nil, everything, "absent"},
		{"access is denied", func(_ *testing.T, w *world, _ *Locked) {
			w.f.interceptWith(func(rw http.ResponseWriter, _ *http.Request) bool {
				status(http.StatusForbidden, "DENIED")(rw, nil)
				return true
			})
		}, nil, everything, "access is denied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t, true)
			w := &world{f: f, r: openOn(t, f.host())}
			w.index, w.amd64, w.arm64 = putIndex(t, w.r, "1")
			w.layer = image.DigestOf([]byte("layer for amd64")).String()
			mustAttach(t, w.r, w.index.Digest, bundleOn(t, w.index.Digest, vsa))
			locked := Locked{Image: w.r.Name() + ":1", Digest: w.index.Digest, Manifests: []image.Digest{w.amd64.Digest, w.arm64.Digest},
				Layers: []image.Digest{image.DigestOf([]byte("layer for amd64")), image.DigestOf([]byte("layer for arm64"))}, Evidence: []string{vsa}}
			c.change(t, w, &locked)
			result, err := Compare(t.Context(), LockFile{APIVersion: "plimsoll.dev/v1", Kind: "Lock", Images: []Locked{locked}}, CompareOptions{Open: openReading, Verifier: c.verifier})
			if err != nil {
				t.Fatal(err)
			}
			got := []Kind{}
			for _, found := range result.Findings {
				got = append(got, found.Kind)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("kinds (-want +got)\n%s of %+v", diff, result.Findings)
			}
			if said := fmt.Sprint(result.Unknown); !strings.Contains(said, c.unknown) || (c.unknown == "") != (len(result.Unknown) == 0) {
				t.Errorf("unknown %s, want %q", said, c.unknown)
			}
			if result.Holds() != (len(c.want) == 0 && c.unknown == "") {
				t.Errorf("it holds: %v", result.Holds())
			}
		})
	}
}

// TestNothingCompared: what was not compared does not hold.
func TestNothingCompared(t *testing.T) {
	if (Comparison{}).Holds() {
		t.Error("no comparison holds")
	}
	if _, err := Compare(t.Context(), LockFile{}, CompareOptions{Open: openReading}); err == nil {
		t.Error("an empty lock file was compared")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	locked := LockFile{APIVersion: "plimsoll.dev/v1", Kind: "Lock", Images: []Locked{{Image: "registry.example/app:1", Digest: image.DigestOf(nil)}}}
	if _, err := Compare(ctx, locked, CompareOptions{Open: openReading}); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancelling: %v", err)
	}
}

func TestParseLock(t *testing.T) {
	digest := image.DigestOf(nil).String()
	head := "apiVersion: plimsoll.dev/v1\nkind: Lock\n"
	one := head + "images:\n  - image: registry.example/app:1\n    digest: " + digest + "\n"
	for _, c := range []struct{ name, text, says string }{
		{"YAML", one, ""},
		{"JSON", `{"apiVersion":"plimsoll.dev/v1","kind":"Lock","images":[{"image":"app@` + digest + `","digest":"` + digest + `","layers":["` + digest + `"],"evidence":["` + vsa + `"]}]}`, ""},
		{"nothing", "", "lock.yaml:1:1: the file is empty"},
		{"no YAML", "images: [", "lock.yaml:1:1: this is not YAML"},
		{"not text", "\xff", "not UTF-8 text"},
		{"too long", one + strings.Repeat("#", 4<<20), "a lock file's may have 4194304"},
		{"two documents", one + "---\n" + one, "lock.yaml:7:1: a second document begins here"},
		{"another kind", strings.Replace(one, "Lock", "Policy", 1), `lock.yaml:2:7: kind is "Policy"; write Lock`},
		{"another version", strings.Replace(one, "v1", "v2", 1), "apiVersion"},
		{"no image", head + "images: []\n", "images is an empty list"},
		{"what is not known", one + "    layer: []\n", `unknown key "layer" in images; the nearest known key is "layers"`},
		{"a member twice", one + "    digest: " + digest + "\n", `key "digest" stands already in line 5`},
		{"an image twice", one + one[len(head)+len("images:\n"):], "stands already in line 4"},
		{"an anchor", strings.Replace(one, "app:1", "app:1\n    evidence: &x [a]", 1), "a YAML anchor (&x) is not allowed in a lock file"},
		{"a tag of YAML", strings.Replace(one, "registry", "!!str registry", 1), "a YAML tag (!!str) is not allowed"},
		{"a merge key", one + "    <<: {layers: []}\n", `unknown key "<<" in images`},
		{"no digest", head + "images: [{image: app}]\n", "images.digest is missing; add it"},
		{"no digest, in a word", strings.Replace(one, digest, "null", 1), "a digest is missing"},
		{"no digest, in a list", one + "    layers: [~]\n", "a digest is missing"},
		{"no SHA-256", head + "images: [{image: app, digest: 'sha512:00'}]\n", "sha256"},
		{"an empty layer", one + "    layers: ['']\n", "images.layers is empty; write a value"},
		{"another digest in the name", strings.Replace(one, "app:1", "app@"+image.DigestOf([]byte("x")).String(), 1), "another than"},
		{"no name", strings.Replace(one, "registry.example/app:1", "APP", 1), "is no name of an image"},
		{"an empty predicate type", one + "    evidence: ['']\n", "images.evidence is empty; write a value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file, err := ParseLock("lock.yaml", []byte(c.text))
			if c.says != "" {
				wantError(t, err, c.says)
				if len(file.Images) > 0 {
					t.Error("a lock file beside an error")
				}
				return
			}
			if err != nil || len(file.Images) != 1 || file.Images[0].Digest.String() != digest {
				t.Errorf("%+v, %v", file, err)
			}
		})
	}
}

// FuzzParseLock: what is accepted names an image, and is the same when it is written and read again.
func FuzzParseLock(f *testing.F) {
	digest := image.DigestOf(nil).String()
	f.Add([]byte("apiVersion: plimsoll.dev/v1\nkind: Lock\nimages:\n  - {image: app, digest: '" + digest + "', evidence: [a, 'b: c']}\n"))
	f.Add([]byte(`{"apiVersion":"plimsoll.dev/v1","kind":"Lock","images":[{"image":"a/b:1","digest":"` + digest + `","manifests":["` + digest + `"]}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := ParseLock("lock.yaml", content)
		if err != nil {
			return
		}
		text, err := file.Encode()
		if err != nil {
			t.Fatalf("accepted and not written: %v", err)
		}
		again, err := ParseLock("lock.yaml", text)
		if err != nil || len(again.Images) == 0 || len(again.Images) != len(file.Images) {
			t.Fatalf("%v of\n%s", err, text)
		}
		if second, err := again.Encode(); err != nil || string(second) != string(text) {
			t.Errorf("%v\n%s\nbecame\n%s", err, text, second)
		}
	})
}
