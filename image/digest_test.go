package image_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/image"
)

func TestParseDigest(t *testing.T) {
	good := image.DigestOf([]byte("plimsoll")).String()
	for _, c := range []struct {
		name, text string
		ok         bool
	}{
		{"as written by every tool", good, true},
		{"no algorithm", strings.TrimPrefix(good, "sha256:"), false},
		{"another algorithm", "sha512:" + strings.Repeat("a", 128), false},
		{"upper case", "sha256:" + strings.ToUpper(strings.TrimPrefix(good, "sha256:")), false},
		{"cut short", good[:70], false},
		{"too long", good + "0", false},
		{"a path instead of digits", "sha256:" + strings.Repeat("../", 21) + "x", false},
		{"nothing", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := image.ParseDigest(c.text)
			if (err == nil) != c.ok {
				t.Fatalf("ParseDigest(%q) = %v, %v", c.text, d, err)
			}
			if c.ok && (d.String() != c.text || d.IsZero() || "sha256:"+d.Hex() != c.text || image.DigestFromSum(d.Sum()) != d) {
				t.Errorf("digest %v does not give back %q", d, c.text)
			}
			if !c.ok && !d.IsZero() {
				t.Errorf("a refused text gave digest %v", d)
			}
		})
	}
}

func TestDigestInJSON(t *testing.T) {
	type holder struct{ D image.Digest }
	for _, want := range []holder{{}, {image.DigestOf([]byte("x"))}} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got holder
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Errorf("%s gave %v, %v; want %v", text, got, err, want)
		}
	}
	if err := json.Unmarshal([]byte(`{"D":"sha256:zz"}`), &holder{}); err == nil {
		t.Error("a digest that is none was accepted")
	}
}

// TestTheZeroDigestIsNoContent: an unknown digest equals no known one, not even that of 32 zero
// bytes' name.
func TestTheZeroDigestIsNoContent(t *testing.T) {
	if (image.Digest{}) == image.DigestFromSum([32]byte{}) {
		t.Error("the unknown digest equals a known one")
	}
}

func TestReadBlob(t *testing.T) {
	content := []byte(`{"a":1}`)
	right := image.Descriptor{Digest: image.DigestOf(content), Size: int64(len(content))}
	var mismatch *image.DigestError
	for _, c := range []struct {
		name    string
		content string
		d       image.Descriptor
		wrong   bool // is a *DigestError
		says    string
	}{
		{"right", string(content), right, false, ""},
		{"altered", `{"a":2}`, right, true, right.Digest.String()},
		{"cut short", `{"a":`, right, true, "fetch it again"},
		{"longer", `{"a":1} `, right, true, "manifest"},
		{"wrong size", string(content), image.Descriptor{Digest: right.Digest, Size: 6}, false, "has 7 bytes, but its descriptor says 6"},
		{"said to be huge", "", image.Descriptor{Digest: right.Digest, Size: image.MaxDocument + 1}, false, "not a container image"},
		{"is huge", strings.Repeat(" ", image.MaxDocument+1), right, false, "not a container image"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := image.ReadBlob(strings.NewReader(c.content), c.d, "manifest")
			if c.says == "" {
				if err != nil || string(got) != c.content {
					t.Fatalf("got %q, %v", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.says) || errors.As(err, &mismatch) != c.wrong {
				t.Errorf("error %v (digest error: %v); want it to say %q", err, !c.wrong, c.says)
			}
		})
	}
}
