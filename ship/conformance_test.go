package ship

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
)

func digests() cmp.Option {
	return cmp.Comparer(func(a, b image.Digest) bool { return a == b })
}

// TestConformance: what is attached is read again, at every kind of registry.
func TestConformance(t *testing.T) {
	for _, c := range []struct {
		name   string
		start  func(t *testing.T) string
		tagged bool // it does not list referrers itself
	}{
		{"go-containerregistry's, with referrers", func(t *testing.T) string { return newFake(t, true).host() }, false},
		{"go-containerregistry's, without", func(t *testing.T) string { return newFake(t, false).host() }, true},
		{"Debian's docker-registry", debianRegistry, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := openOn(t, c.start(t))
			t.Run("bundles", func(t *testing.T) { testBundles(t, r, c.tagged) })
			t.Run("cosign's tags", func(t *testing.T) { testCosign(t, r) })
			t.Run("BuildKit's attestations", func(t *testing.T) { testBuildKit(t, r) })
			t.Run("Notary Project signatures", func(t *testing.T) { testNotation(t, r, c.tagged) })
			t.Run("a lock file", func(t *testing.T) { testLock(t, r) })
		})
	}
}

func testBundles(t *testing.T, r *registry.Repository, tagged bool) {
	index, amd64, arm64 := putIndex(t, r, "bundles")
	for _, subject := range []image.Digest{index.Digest, amd64.Digest} {
		bundles := []Bundle{bundleOn(t, subject, vsa), bundleOn(t, subject, provenance)}
		first := mustAttach(t, r, subject, bundles...)
		if again := mustAttach(t, r, subject, bundles...); !cmp.Equal(first, again, digests()) {
			t.Errorf("attached twice, it lies at %v and at %v", first, again)
		}
		if (first[0].Tag != "") != tagged {
			t.Errorf("it is listed under the tag %q", first[0].Tag)
		}
		reading := mustRead(t, r, Subject{Digest: subject})
		if !reading.Complete() || len(reading.Problems) > 0 {
			t.Errorf("problems %+v", reading.Problems)
		}
		want := []Found{}
		for _, b := range []Bundle{bundles[1], bundles[0]} { // by predicate type
			want = append(want, Found{Layout: evidence.BundleReferrer, Digest: image.DigestOf(b.Content), Subject: subject, PredicateType: b.PredicateType, Content: b.Content,
				Annotations: map[string]string{"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": b.PredicateType, "org.opencontainers.image.created": "2026-11-22T10:00:00Z"}})
		}
		if diff := cmp.Diff(want, reading.Evidence, digests()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	if reading := mustRead(t, r, Subject{Digest: arm64.Digest, Index: index.Digest}); !reading.Complete() || len(reading.Evidence) > 0 {
		t.Errorf("for what nothing was attached to: %+v", reading)
	}
	if tagged {
		checkFallbackTag(t, r, amd64.Digest)
	}
}

// checkFallbackTag: entries say what the manifests say (cosign issue 4641).
func checkFallbackTag(t *testing.T, r *registry.Repository, subject image.Digest) {
	t.Helper()
	found, err := r.Document(t.Context(), "sha256-"+subject.Hex(), image.MaxDocument)
	if err != nil {
		t.Fatal(err)
	}
	var index struct {
		SchemaVersion int
		MediaType     string
		Manifests     []image.Descriptor
	}
	if err := json.Unmarshal(found.Content, &index); err != nil {
		t.Fatal(err)
	}
	if index.SchemaVersion != 2 || index.MediaType != image.MediaTypeIndex || len(index.Manifests) != 2 {
		t.Fatalf("the tag holds %s", found.Content)
	}
	for _, d := range index.Manifests {
		if d.ArtifactType != BundleType || d.MediaType != image.MediaTypeManifest || d.Size == 0 || len(d.Annotations) != 3 {
			t.Errorf("entry %+v", d)
		}
	}
}

// TestTheManifest: its bytes depend on nothing but what is attached, and are what cosign 3 writes.
func TestTheManifest(t *testing.T) {
	subject := image.Descriptor{MediaType: image.MediaTypeIndex, Digest: image.DigestOf([]byte("image")), Size: 5}
	content, err := encode(newReferrer(subject, Bundle{Content: []byte("{}"), PredicateType: vsa, Created: created()}))
	if err != nil {
		t.Fatal(err)
	}
	empty := "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
	want := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json",` +
		`"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"` + empty + `","size":2},` +
		`"layers":[{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","digest":"` + empty + `","size":2}],` +
		`"subject":{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"` + subject.Digest.String() + `","size":5},` +
		`"annotations":{"dev.sigstore.bundle.content":"dsse-envelope","dev.sigstore.bundle.predicateType":"` + vsa + `","org.opencontainers.image.created":"2026-11-22T10:00:00Z"}}`
	if diff := cmp.Diff(want, string(content)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// simpleSigning is what cosign signed before it wrote bundles.
func simpleSigning(t testing.TB, subject image.Digest) []byte {
	return jsonOf(t, object{"critical": object{"identity": object{"docker-reference": ""},
		"image": object{"docker-manifest-digest": subject}, "type": "cosign container image signature"}, "optional": nil})
}

// putCosign stores manifests under cosign's tags: two signatures and one attestation.
func putCosign(t testing.TB, r *registry.Repository, at, about image.Digest) {
	t.Helper()
	config := putBlob(t, r, image.MediaTypeConfig, []byte(`{"architecture":"","os":"","config":{},"rootfs":{"type":"layers","diff_ids":[]}}`))
	signature := putBlob(t, r, SimpleSigningType, simpleSigning(t, about))
	second := signature
	signature.Annotations = map[string]string{"dev.cosignproject.cosign/signature": "MEUC"}
	second.Annotations = map[string]string{"dev.cosignproject.cosign/signature": "MEYC"}
	attestation := putBlob(t, r, envelopeType, jsonOf(t, envelopeOf(statementOn(t, about, provenance))))
	attestation.Annotations = map[string]string{"dev.cosignproject.cosign/signature": "", "predicateType": provenance}
	for suffix, layers := range map[string][]image.Descriptor{".sig": {signature, second}, ".att": {attestation}} {
		putDocument(t, r, "sha256-"+at.Hex()+suffix, image.MediaTypeManifest, object{"schemaVersion": 2, "mediaType": image.MediaTypeManifest, "config": config, "layers": layers})
	}
}

func testCosign(t *testing.T, r *registry.Repository) {
	subject := putImage(t, r, "", "riscv64").Digest
	putCosign(t, r, subject, subject)
	reading := mustRead(t, r, Subject{Digest: subject})
	if len(reading.Problems) > 0 || len(reading.Evidence) != 3 {
		t.Fatalf("got %+v", reading)
	}
	attestation, one, two := reading.Evidence[0], reading.Evidence[1], reading.Evidence[2]
	if attestation.Layout != evidence.CosignAttestation || attestation.PredicateType != provenance || !strings.Contains(string(attestation.Content), "payloadType") {
		t.Errorf("attestation %+v", attestation)
	}
	if one.Layout != evidence.CosignSignature || one.PredicateType != SimpleSigningType || one.Annotations[annotationSignature] != "MEUC" || two.Annotations[annotationSignature] != "MEYC" {
		t.Errorf("signatures %+v, %+v", one, two)
	}
	elsewhere := putImage(t, r, "", "s390x").Digest
	putCosign(t, r, elsewhere, subject)
	reading = mustRead(t, r, Subject{Digest: elsewhere})
	if len(reading.Evidence) > 0 || len(reading.Problems) != 3 || reading.Problems[0].Kind != ForAnother {
		t.Errorf("what was copied from another image's tag is taken: %+v", reading)
	}
}

// attestationOn stores a manifest as BuildKit does, and returns an index's entry for it.
func attestationOn(t testing.TB, r *registry.Repository, subject, about image.Digest) image.Descriptor {
	t.Helper()
	layer := putBlob(t, r, "application/vnd.in-toto+json", statementOn(t, about, provenance))
	layer.Annotations = map[string]string{"in-toto.io/predicate-type": provenance}
	config := putBlob(t, r, image.MediaTypeConfig, []byte(`{"architecture":"unknown","os":"unknown","config":{},"rootfs":{"type":"layers","diff_ids":[]}}`))
	d := putDocument(t, r, "", image.MediaTypeManifest, object{"schemaVersion": 2, "mediaType": image.MediaTypeManifest, "config": config, "layers": []image.Descriptor{layer}})
	d.Platform = &image.Platform{OS: "unknown", Architecture: "unknown"}
	d.Annotations = map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": subject.String()}
	return d
}

func testBuildKit(t *testing.T, r *registry.Repository) {
	_, amd64, arm64 := putIndex(t, r, "")
	stranger := putImage(t, r, "", "mips").Digest
	index, _, _ := putIndex(t, r, "buildkit", attestationOn(t, r, amd64.Digest, amd64.Digest), attestationOn(t, r, arm64.Digest, stranger), attestationOn(t, r, stranger, stranger))
	found := Found{Layout: evidence.BuildKitChild, Subject: amd64.Digest, PredicateType: provenance, Annotations: map[string]string{"in-toto.io/predicate-type": provenance}}
	for _, c := range []struct {
		name     string
		subject  Subject
		found    []Found
		problems int // for another digest
	}{
		{"of the index", Subject{Digest: index.Digest}, []Found{found}, 2},
		{"of a platform", Subject{Digest: amd64.Digest, Index: index.Digest}, []Found{found}, 0},
		{"that is about another image", Subject{Digest: arm64.Digest, Index: index.Digest}, nil, 1},
		{"of a platform of another index", Subject{Digest: stranger, Index: index.Digest}, nil, 1},
		{"of a platform whose index is not known", Subject{Digest: amd64.Digest}, nil, 0},
	} {
		reading := mustRead(t, r, c.subject)
		ours := []Found{}
		for _, f := range reading.Evidence {
			if f.Layout == evidence.BuildKitChild {
				ours = append(ours, f)
			}
		}
		if diff := cmp.Diff(c.found, ours, digests(), cmpopts.IgnoreFields(Found{}, "Content", "Digest"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
		if len(reading.Problems) != c.problems || !reading.Complete() {
			t.Errorf("%s: problems %+v", c.name, reading.Problems)
		}
	}
}

// testNotation: signatures that are not read are found, in the form that notation writes and in that of
// image-spec 1.1, and are neither evidence nor a reason to think that there may be more.
func testNotation(t *testing.T, r *registry.Repository, tagged bool) {
	subject := putImage(t, r, "notation", "sparc64")
	empty, envelope := putBlob(t, r, emptyType, []byte("{}")), putBlob(t, r, "application/jose+json", []byte(`{"payload":"","protected":"","signature":""}`))
	var listed []image.Descriptor
	for _, form := range []object{
		{"config": image.Descriptor{MediaType: NotationType, Digest: empty.Digest, Size: empty.Size}},
		{"config": empty, "artifactType": NotationType},
	} {
		form["schemaVersion"], form["mediaType"], form["subject"], form["layers"] = 2, image.MediaTypeManifest, subject, []image.Descriptor{envelope}
		listed = append(listed, putDocument(t, r, "", image.MediaTypeManifest, form))
	}
	if tagged {
		listed[0].ArtifactType, listed[1].ArtifactType = NotationType, emptyType
		putDocument(t, r, fallbackTag(subject.Digest), image.MediaTypeIndex, object{"schemaVersion": 2, "mediaType": image.MediaTypeIndex, "manifests": listed})
	}
	reading := mustRead(t, r, Subject{Digest: subject.Digest})
	want := []Found{}
	for _, d := range listed {
		want = append(want, Found{Layout: evidence.NotationReferrer, Digest: d.Digest, Subject: subject.Digest, PredicateType: NotationType})
	}
	byDigest := cmpopts.SortSlices(func(a, b Found) bool { return a.Digest.Hex() < b.Digest.Hex() })
	if diff := cmp.Diff(want, reading.Unread, digests(), byDigest); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(reading.Evidence) > 0 || !reading.Complete() {
		t.Errorf("%d pieces of evidence, problems %+v", len(reading.Evidence), reading.Problems)
	}
	file, err := Lock(t.Context(), openReading, []string{r.Name() + ":notation"}, LockOptions{})
	if err != nil || len(file.Images[0].Evidence) > 0 {
		t.Errorf("locked %+v, %v", file, err)
	}
}
