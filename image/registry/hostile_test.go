package registry

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"plimsoll.dev/plimsoll/image"
)

// TestHostileDocuments: what a manifest may not be, however it is served.
func TestHostileDocuments(t *testing.T) {
	config := `{"mediaType":"` + image.MediaTypeConfig + `","digest":"` + image.DigestOf(nil).String() + `","size":2}`
	for _, c := range []struct{ name, mediaType, content, says string }{
		{"a manifest that is an index, too", image.MediaTypeManifest, `{"schemaVersion":2,"config":` + config + `,"layers":[],"manifests":[]}`, "two readers"},
		{"an index that is a manifest, too", image.MediaTypeIndex, `{"schemaVersion":2,"config":` + config + `,"layers":[],"manifests":[]}`, "two readers"},
		{"a name twice", image.MediaTypeManifest, `{"schemaVersion":2,"config":` + config + `,"layers":[],"Layers":[]}`, "appears twice"},
		{"schema 1", "application/vnd.docker.distribution.manifest.v1+prettyjws", `{"schemaVersion":1,"fsLayers":[]}`, "schema version 1"},
		{"a chart", image.MediaTypeManifest, `{"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"` + image.DigestOf(nil).String() + `","size":2}}`, "helm"},
		{"a web page", "text/html", `<html>`, "not valid"},
		{"nothing", image.MediaTypeManifest, ``, "not valid"},
		{"as long as it likes", image.MediaTypeManifest, strings.Repeat(" ", image.MaxDocument+1), "not a container image"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, "/manifests/") {
					return false
				}
				w.Header().Set("Content-Type", c.mediaType)
				_, _ = w.Write([]byte(c.content))
				return true
			}
			_, err := load(t, f.host()+"/app:1", Options{})
			wantError(t, err, c.says, f.host())
		})
	}
}

// TestEndlessBodies: every answer ends, whoever sends without end.
func TestEndlessBodies(t *testing.T) {
	endless := func(w http.ResponseWriter, r *http.Request) {
		chunk := make([]byte, 64<<10)
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
	for _, c := range []struct {
		name, path string
		status     int
		says       string
	}{
		{"the ping", "/v2/", http.StatusOK, ""},
		{"a manifest", "/manifests/1", http.StatusOK, "not a container image"},
		{"an error", "/manifests/1", http.StatusForbidden, "access is denied"},
		{"a configuration", "/blobs/", http.StatusOK, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.putImage(t, "amd64", "1")
			f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, c.path) || c.path == "/v2/" && r.URL.Path != c.path {
					return false
				}
				w.WriteHeader(c.status)
				endless(w, r)
				return true
			}
			_, err := load(t, f.host()+"/app:1", Options{})
			if c.path == "/v2/" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, c.says)
		})
	}
}

func TestWrongDigests(t *testing.T) {
	f := newFake(t)
	d := f.putImage(t, "amd64", "1")
	f.manifests[d.Digest.String()] = append([]byte(" "), f.manifests[d.Digest.String()]...)
	_, err := load(t, f.host()+"/app@"+d.Digest.String(), Options{})
	var mismatch *image.DigestError
	if !errors.As(err, &mismatch) || mismatch.Want != d.Digest {
		t.Errorf("an altered manifest: %v", err)
	}
	for digest, blob := range f.blobs {
		altered := []byte(string(blob))
		altered[len(altered)-1] ^= 1
		f.blobs[digest] = altered
		_, err := load(t, f.host()+"/app:1", Options{})
		if !errors.As(err, &mismatch) || mismatch.Want.String() != digest {
			t.Errorf("an altered blob: %v", err)
		}
		f.blobs[digest] = blob
	}
}

// cut sends only the first bytes of what the registry would send, and hangs up.
func cut(t *testing.T, f *fake, w http.ResponseWriter, r *http.Request, ranges bool, sent int) {
	t.Helper()
	content := f.blobs[r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]]
	from := 0
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil && ranges {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(content)-1, len(content)))
		w.Header().Set("Content-Length", fmt.Sprint(len(content)-from))
		w.WriteHeader(http.StatusPartialContent)
	} else {
		from = 0
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	}
	_, _ = w.Write(content[from:min(len(content), from+sent)])
	if from+sent < len(content) {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// TestABrokenDownloadGoesOn: a layer of 1 MiB that breaks off every 200 KB.
func TestABrokenDownloadGoesOn(t *testing.T) {
	for _, ranges := range []bool{true, false} {
		f := newFake(t)
		f.putImage(t, "amd64", "1", bigFile(1<<20))
		sent := 200_000
		f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/blobs/") || len(f.blobs[r.URL.Path[len("/v2/app/blobs/"):]]) < 1<<20 {
				return false
			}
			if !ranges {
				sent += 400_000 // all of it in the end
			}
			cut(t, f, w, r, ranges, sent)
			return true
		}
		if _, err := load(t, f.host()+"/app:1", Options{}); err != nil {
			t.Errorf("ranges %v: %v", ranges, err)
		}
		resumed := 0
		for _, r := range f.seen("/v2/app/blobs/") {
			if r.Header.Get("Range") != "" {
				resumed++
			}
		}
		if resumed == 0 {
			t.Errorf("ranges %v: nothing was resumed: the test shows nothing", ranges)
		}
	}
}

func TestADownloadThatBreaksForeverEnds(t *testing.T) {
	f := newFake(t)
	f.putImage(t, "amd64", "1", bigFile(1<<20))
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/blobs/") || len(f.blobs[r.URL.Path[len("/v2/app/blobs/"):]]) < 1<<20 {
			return false
		}
		cut(t, f, w, r, true, 100)
		return true
	}
	_, err := load(t, f.host()+"/app:1", Options{})
	wantError(t, err, "layer 1 of 1", "broke off 3 times in a row")

	layers := 0
	f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if len(f.blobs[strings.TrimPrefix(r.URL.Path, "/v2/app/blobs/")]) < 1<<20 {
			return false
		}
		if layers++; layers == 1 {
			cut(t, f, w, r, true, 100)
		}
		w.Header().Set("Content-Range", "bytes 0-9/10")
		w.WriteHeader(http.StatusPartialContent)
		return true
	}
	_, err = load(t, f.host()+"/app:1", Options{})
	wantError(t, err, "layer 1 of 1", "asked for the bytes from 100 on")
}

// TestStalls: neither headers nor bodies that come drop by drop hold a scan up for ever.
func TestStalls(t *testing.T) {
	drip := func(w http.ResponseWriter, r *http.Request) {
		for range 100 {
			if _, err := w.Write([]byte("x")); err != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
			select {
			case <-time.After(20 * time.Millisecond):
			case <-r.Context().Done():
				return
			}
		}
	}
	for _, c := range []struct {
		name, path string
		answer     http.HandlerFunc
		says       string
	}{
		{"a body drop by drop", "/blobs/", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5000000")
			drip(w, r)
		}, "stalled"},
		{"a manifest drop by drop", "/manifests/", drip, "stalled"},
		{"headers that do not come", "/manifests/", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "no answer in time"},
		{"headers drop by drop", "/manifests/", func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer connection.Close()
			_, _ = connection.Write([]byte("HTTP/1.1 200 OK\r\n"))
			for i := range 200 {
				if _, err := fmt.Fprintf(connection, "X-%d: y\r\n", i); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}, "no answer in time"},
		{"headers without end", "/manifests/", func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer connection.Close()
			_, _ = connection.Write([]byte("HTTP/1.1 200 OK\r\n"))
			for i := range 1 << 20 {
				if _, err := fmt.Fprintf(connection, "X-%d: %s\r\n", i, strings.Repeat("y", 1000)); err != nil {
					return
				}
			}
		}, "exceeded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.putImage(t, "amd64", "1")
			f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, c.path) {
					return false
				}
				c.answer(w, r)
				return true
			}
			start := time.Now()
			_, err := loadAt(t, impatient(), f.host()+"/app:1", Options{})
			wantError(t, err, c.says)
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// TestLater: what is tried again, and what is not.
func TestLater(t *testing.T) {
	for _, c := range []struct {
		name     string
		status   int
		header   http.Header
		times    int // how often it is answered so
		says     []string
		requests int // for the manifest
	}{
		{"busy for a moment", http.StatusServiceUnavailable, nil, 2, nil, 3},
		{"busy for long", http.StatusServiceUnavailable, nil, 9, []string{"503 Service Unavailable", "try again later"}, 3},
		{"too many requests for a moment", http.StatusTooManyRequests, nil, 1, nil, 2},
		{"and says for how long", http.StatusTooManyRequests, http.Header{"Retry-After": {"0"}}, 1, nil, 2},
		{"too many requests", http.StatusTooManyRequests, http.Header{"Ratelimit-Limit": {"100;w=21600"}, "Ratelimit-Remaining": {"0;w=21600"}}, 9,
			[]string{"ratelimit-limit: 100;w=21600", "ratelimit-remaining: 0;w=21600", "docker login 127.0.0.1"}, 3},
		{"for longer than we wait", http.StatusTooManyRequests, http.Header{"Retry-After": {"3600"}}, 9, []string{"retry-after: 3600"}, 1},
		{"until a date we do not wait for", http.StatusServiceUnavailable, http.Header{"Retry-After": {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}}, 9, []string{"503"}, 1},
		{"never", http.StatusForbidden, nil, 9, []string{"access is denied", "docker login"}, 1},
		{"a teapot", http.StatusTeapot, nil, 9, []string{"it answered 418 I'm a teapot"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.putImage(t, "amd64", "1")
			left := c.times
			f.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if left == 0 || !strings.Contains(r.URL.Path, "/manifests/") {
					return false
				}
				left--
				for name, values := range c.header {
					w.Header()[name] = values
				}
				w.WriteHeader(c.status)
				return true
			}
			_, err := load(t, f.host()+"/app:1", Options{})
			if c.says == nil && err != nil {
				t.Error(err)
			}
			if c.says != nil {
				wantError(t, err, c.says...)
			}
			if got := len(f.seen("/v2/app/manifests/")); got != c.requests {
				t.Errorf("%d requests, want %d", got, c.requests)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := listener.Addr().String()
	_ = listener.Close()
	_, err = load(t, host+"/app:1", Options{})
	wantError(t, err, host, "nothing listens there")
}
