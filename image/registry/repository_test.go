package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"strings"
	"testing"

	ggcr "github.com/google/go-containerregistry/pkg/registry"

	"plimsoll.dev/plimsoll/image"
)

func openApp(t testing.TB, f *fake, access Access) *Repository {
	t.Helper()
	r, err := openRepository(t.Context(), f.host()+"/app", access, Options{Keychain: keys{}}, quick())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// newWritable is a fake behind which go-containerregistry's registry stands.
func newWritable(t *testing.T) *fake {
	t.Helper()
	f := newFake(t)
	inner := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)))
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		inner.ServeHTTP(w, r)
		return true
	}
	return f
}

// before lets a fake answer some requests itself.
func (f *fake) before(answer func(w http.ResponseWriter, r *http.Request) bool) {
	inner := f.intercept
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		return answer(w, r) || inner != nil && inner(w, r)
	}
}

func TestSplit(t *testing.T) {
	digest := image.DigestOf(nil).String()
	for _, c := range []struct{ reference, repository, identifier string }{
		{"alpine", "docker.io/library/alpine", "latest"},
		{"registry.example/app:1", "registry.example/app", "1"},
		{"registry.example/app:1@" + digest, "registry.example/app", digest},
		{"App", "", ""},
	} {
		repository, identifier, err := Split(c.reference)
		if repository != c.repository || identifier != c.identifier || (err != nil) != (c.repository == "") {
			t.Errorf("%s: %s, %s, %v", c.reference, repository, identifier, err)
		}
	}
}

func TestNamesOfRepositories(t *testing.T) {
	for _, name := range []string{"", "App", "registry.example/app:1", "registry.example/app@" + image.DigestOf(nil).String(),
		"user:secret@registry.example/app", "registry.example/../app", "https://registry.example/app"} {
		_, err := openRepository(t.Context(), name, Read, Options{Keychain: keys{}}, quick())
		wantError(t, err, "is no name of a repository")
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q tells a secret", err)
		}
	}
}

// TestAccess: a token is asked for the purpose that is named.
func TestAccess(t *testing.T) {
	for _, c := range []struct {
		access Access
		scope  string
	}{{Read, "repository:app:pull"}, {Write, "repository:app:push,pull"}} {
		f := newFake(t)
		withTokens(f, f.URL+"/token")
		f.before(func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/token" {
				fmt.Fprint(w, `{"token":"good"}`)
			}
			return r.URL.Path == "/token"
		})
		openApp(t, f, c.access)
		if asked := f.seen("/token"); len(asked) != 1 || asked[0].FormValue("scope") != c.scope {
			t.Errorf("%s: asked %d times, first for %v", c.access, len(asked), asked[0].URL)
		}
	}
}

func TestDocument(t *testing.T) {
	f := newFake(t)
	stored := f.putImage(t, "amd64", "1")
	r := openApp(t, f, Read)
	for _, reference := range []string{"1", stored.Digest.String()} {
		found, err := r.Document(t.Context(), reference, image.MaxDocument)
		if err != nil || found.Digest != stored.Digest || found.MediaType != image.MediaTypeManifest || found.Size != stored.Size || len(found.Content) != int(stored.Size) {
			t.Errorf("%s: %+v, %v", reference, found.Descriptor, err)
		}
	}
	if _, err := r.Document(t.Context(), "2", image.MaxDocument); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a tag that is not there: %v", err)
	}
	var long *TooLongError
	if found, err := r.Document(t.Context(), "1", 10); !errors.As(err, &long) || found.Content != nil || found.Size != 10 {
		t.Errorf("too long: %+v, %v", found, err)
	}
	other := f.putImage(t, "arm64", "")
	f.manifests[stored.Digest.String()] = f.manifests[other.Digest.String()]
	var altered *image.DigestError
	if found, err := r.Document(t.Context(), stored.Digest.String(), image.MaxDocument); !errors.As(err, &altered) || found.Content != nil || altered.Got != other.Digest {
		t.Errorf("altered: %+v, %v", found, err)
	}
	for _, reference := range []string{"", "..", "../blobs/x", "a/b", "a?b", "a b", "sha256:", "sha256:../x", "sha512:aa", "-a", strings.Repeat("a", 129)} {
		if _, err := r.Document(t.Context(), reference, image.MaxDocument); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q was asked for: %v", reference, err)
		}
	}
}

// TestBlob: one that is shorter, longer or other than its descriptor says is altered.
func TestBlob(t *testing.T) {
	f := newFake(t)
	r := openApp(t, f, Read)
	d := f.putBlob("", []byte("content"))
	if content, err := r.Blob(t.Context(), d); err != nil || string(content) != "content" {
		t.Errorf("%q, %v", content, err)
	}
	for _, lie := range []string{"conten", "content and more", "c0ntent", ""} {
		f.blobs[d.Digest.String()] = []byte(lie)
		var altered *image.DigestError
		if _, err := r.Blob(t.Context(), d); !errors.As(err, &altered) {
			t.Errorf("%q: %v", lie, err)
		}
	}
	delete(f.blobs, d.Digest.String())
	if _, err := r.Blob(t.Context(), d); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a blob that is not there: %v", err)
	}
}

// TestReferrers: what a registry lists, page by page, and what is not followed.
func TestReferrers(t *testing.T) {
	subject := image.DigestOf(nil)
	entry := func(i int) image.Descriptor {
		return image.Descriptor{MediaType: image.MediaTypeManifest, Digest: image.DigestOf(fmt.Append(nil, i)), ArtifactType: "application/x"}
	}
	path := "/v2/app/referrers/" + subject.String()
	for _, c := range []struct {
		name   string
		status int
		media  string
		links  []string // of each page but the last
		found  int
		says   string
	}{
		{"one page", 200, image.MediaTypeIndex, nil, 1, ""},
		{"three pages", 200, image.MediaTypeIndex, []string{"<" + path + "?last=1>; rel=\"next\"", "<?last=2>; rel=next"}, 3, ""},
		{"a link to something else", 200, image.MediaTypeIndex, []string{"<" + path + ">; rel=\"first\""}, 1, ""},
		{"a link that is none", 200, image.MediaTypeIndex, []string{"next"}, 1, ""},
		{"a page of another image", 200, image.MediaTypeIndex, []string{"</v2/app/referrers/" + image.DigestOf([]byte("x")).String() + ">; rel=\"next\""}, 0, "somewhere else"},
		{"a page of another host", 200, image.MediaTypeIndex, []string{"<https://registry.example" + path + ">; rel=\"next\""}, 0, "somewhere else"},
		{"no such request", 404, "", nil, 0, "unsupported"},
		{"nor such a method", 405, "", nil, 0, "unsupported"},
		{"a page for people", 200, "text/html; charset=utf-8", nil, 0, "unsupported"},
		{"denied", 401, "", nil, 0, "access is denied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			pages := 0
			f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != path {
					return false
				}
				if pages == 0 && r.FormValue("artifactType") != "application/x" || pages > 0 && r.FormValue("last") != fmt.Sprint(pages) {
					t.Errorf("page %d: asked for %s", pages, r.URL)
				}
				w.Header().Set("Content-Type", c.media)
				if pages < len(c.links) {
					w.Header().Set("Link", c.links[pages])
				}
				w.WriteHeader(c.status)
				fmt.Fprintf(w, `{"schemaVersion":2,"manifests":[%s]}`, encode(t, entry(pages)))
				pages++
				return true
			}
			list, err := openApp(t, f, Read).Referrers(t.Context(), subject, "application/x")
			if c.says == "" && (err != nil || len(list.Descriptors) != c.found || list.Cut != "" || list.Descriptors[0].ArtifactType != "application/x") {
				t.Errorf("%+v, %v", list, err)
			}
			if c.says != "" {
				wantError(t, err, c.says)
			}
			if errors.Is(err, errors.ErrUnsupported) != (c.says == "unsupported") {
				t.Errorf("unsupported: %v", err)
			}
		})
	}
}

// TestAListThatIsLong: it is read up to a bound, which is said.
func TestAListThatIsLong(t *testing.T) {
	f := newFake(t)
	entries := make([]image.Descriptor, 10_001)
	for i := range entries {
		entries[i].Digest = image.DigestOf(fmt.Append(nil, i))
	}
	page := encode(t, object{"manifests": entries})
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/referrers/") {
			return false
		}
		w.Header().Set("Content-Type", image.MediaTypeIndex)
		w.Header().Set("Link", `<?last=x>; rel="next"`)
		_, _ = w.Write(page)
		return true
	}
	list, err := openApp(t, f, Read).Referrers(t.Context(), image.DigestOf(nil), "x")
	if err != nil || len(list.Descriptors) != 20_002 || !strings.Contains(list.Cut, "20000 entries") {
		t.Errorf("%d entries, cut %q, %v", len(list.Descriptors), list.Cut, err)
	}
	if asked := len(f.seen("/v2/app/referrers/")); asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}

// TestWrite: through a registry that fails for a moment at each step, and whose token runs out.
func TestWrite(t *testing.T) {
	f := newWritable(t)
	content := []byte(strings.Repeat("content", 10_000))
	failed := map[string]bool{}
	f.before(func(w http.ResponseWriter, r *http.Request) bool {
		step := r.Method + " " + r.URL.Path[:min(len(r.URL.Path), len("/v2/app/blobs"))]
		if r.Method == http.MethodGet || failed[step] {
			return false
		}
		failed[step] = true
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	r := openApp(t, f, Write)
	digest, err := r.WriteBlob(t.Context(), content)
	if err != nil {
		t.Fatal(err)
	}
	config := image.Descriptor{MediaType: image.MediaTypeConfig, Digest: digest, Size: int64(len(content))}
	if got, err := r.Blob(t.Context(), config); err != nil || len(got) != len(content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	document := encode(t, object{"schemaVersion": 2, "config": config, "layers": []object{}})
	if _, err := r.WriteDocument(t.Context(), "1", image.MediaTypeManifest, document, Condition{}); err != nil {
		t.Fatal(err)
	}
	if found, err := r.Document(t.Context(), "1", image.MaxDocument); err != nil || string(found.Content) != string(document) || found.MediaType != image.MediaTypeManifest {
		t.Errorf("%+v, %v", found, err)
	}
	if len(failed) != 4 {
		t.Errorf("it failed at %v", failed)
	}
	uploads := len(f.seen("/v2/app/blobs/uploads/"))
	if _, err := r.WriteBlob(t.Context(), content); err != nil || len(f.seen("/v2/app/blobs/uploads/")) != uploads {
		t.Errorf("what is there is uploaded again: %v", err)
	}
}

// TestWriteAfterATokenRanOut: go-containerregistry sends the request again, and with it its body.
func TestWriteAfterATokenRanOut(t *testing.T) {
	f := newWritable(t)
	good, made := "", 0
	f.before(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" {
			made++
			good = fmt.Sprint("token", made)
			fmt.Fprintf(w, `{"token":%q}`, good)
			return true
		}
		if r.Header.Get("Authorization") == "Bearer "+good {
			return false
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+f.URL+`/token",service="registry"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	r := openApp(t, f, Write)
	good = "another"
	document := encode(t, object{"schemaVersion": 2, "layers": []object{}})
	if _, err := r.WriteDocument(t.Context(), "1", image.MediaTypeManifest, document, Condition{}); err != nil {
		t.Fatal(err)
	}
	if found, err := r.Document(t.Context(), "1", image.MaxDocument); err != nil || string(found.Content) != string(document) || made != 2 {
		t.Errorf("%q, %v, %d tokens", found.Content, err, made)
	}
}

// TestConditions: what is sent, and what becomes of a refusal.
func TestConditions(t *testing.T) {
	f := newFake(t)
	subject := image.DigestOf([]byte("subject"))
	var header http.Header
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut {
			return false
		}
		header = r.Header
		w.Header().Set("OCI-Subject", subject.String())
		w.WriteHeader(map[bool]int{true: http.StatusPreconditionFailed, false: http.StatusCreated}[r.Header.Get("If-Match") == `"old"`])
		return true
	}
	r := openApp(t, f, Write)
	for _, c := range []struct {
		condition   Condition
		match, none string
		changed     bool
	}{
		{Condition{}, "", "", false},
		{Condition{Absent: true}, "", "*", false},
		{Condition{ETag: `"new"`}, `"new"`, "", false},
		{Condition{ETag: `"old"`}, `"old"`, "", true},
	} {
		noted, err := r.WriteDocument(t.Context(), "1", image.MediaTypeIndex, []byte("{}"), c.condition)
		if header.Get("If-Match") != c.match || header.Get("If-None-Match") != c.none || errors.Is(err, ErrChanged) != c.changed {
			t.Errorf("%+v: sent %v, %v", c.condition, header, err)
		}
		if !c.changed && (err != nil || noted != subject) {
			t.Errorf("%+v: %v, %v", c.condition, noted, err)
		}
	}
	if _, err := r.WriteDocument(t.Context(), "../x", image.MediaTypeIndex, []byte("{}"), Condition{}); err == nil {
		t.Error("a path was taken for a tag")
	}
}

// TestUploadURL: an upload goes to the registry itself, over what it was spoken to.
func TestUploadURL(t *testing.T) {
	r, err := openRepository(t.Context(), newFake(t).host()+"/app", Write, Options{Keychain: keys{}}, quick())
	if err != nil {
		t.Fatal(err)
	}
	own := "http://" + r.host()
	for _, c := range []struct{ location, want string }{
		{"/v2/app/blobs/uploads/1?state=x", own + "/v2/app/blobs/uploads/1?state=x"},
		{own + "/upload", own + "/upload"},
		{strings.Replace(own, "http:", "https:", 1) + "/upload#x", own + "/upload"},
		{"https://storage.example/upload", ""},
		{"//storage.example/upload", ""},
		{"ftp://" + r.host() + "/upload", own + "/upload"},
		{"", ""},
		{"http://[", ""},
	} {
		got, err := r.uploadURL(c.location)
		if (err != nil) != (c.want == "") || err == nil && got.String() != c.want {
			t.Errorf("%q: %v, %v", c.location, got, err)
		}
	}
}

// TestArtifactTypeIsKept: in what is written of a descriptor, and only where there is one.
func TestArtifactTypeIsKept(t *testing.T) {
	for _, text := range []string{`{"mediaType":"a","digest":"","size":1}`, `{"mediaType":"a","digest":"","size":1,"artifactType":"b"}`} {
		var d image.Descriptor
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		if got := string(encode(t, d)); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
}

// TestAWriteIsNotRedirected: to another host, not even with the credentials left out.
func TestAWriteIsNotRedirected(t *testing.T) {
	elsewhere := newFake(t)
	f := newFake(t)
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if reads(r) {
			return false
		}
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
		return true
	}
	r, err := openRepository(t.Context(), f.host()+"/app", Write, Options{Keychain: keys{}, TrustHosts: []string{"127.0.0.1"}}, quick())
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.WriteDocument(t.Context(), "1", image.MediaTypeIndex, []byte("{}"), Condition{})
	wantError(t, err, "redirects what is written")
	_, err = r.WriteBlob(t.Context(), []byte("secret"))
	wantError(t, err, "redirects what is written")
	if len(elsewhere.seen("/")) > 0 {
		t.Error("the other host was asked")
	}
}
