package dsse

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

const ours = "application/vnd.example+json"

func ecdsaSigner(t testing.TB) Signer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ed25519Signer(t testing.TB) Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func sign(t testing.TB, payload string, signers ...Signer) Envelope {
	t.Helper()
	e, err := Sign(t.Context(), ours, []byte(payload), signers...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The example of the DSSE protocol, and the reason for the lengths.
func TestPAE(t *testing.T) {
	if got, want := string(PAE("http://example.com/HelloWorld", []byte("hello world"))), "DSSEv1 29 http://example.com/HelloWorld 11 hello world"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if bytes.Equal(PAE("a", []byte("b c")), PAE("a 3 b", []byte("c"))) {
		t.Error("two contents have one encoding")
	}
}

func TestVerify(t *testing.T) {
	now := at(t, "2026-11-22T10:00:00Z")
	one, two, stranger := ecdsaSigner(t), ed25519Signer(t), ecdsaSigner(t)
	keys := []Key{one.Key(), two.Key()}
	window := func(s Signer, notBefore, notAfter string) []Key {
		k := s.Key()
		if notBefore != "" {
			k.NotBefore = at(t, notBefore)
		}
		if notAfter != "" {
			k.NotAfter = at(t, notAfter)
		}
		return []Key{k}
	}
	changed := func(change func(*Envelope)) Envelope {
		e := sign(t, "payload", one)
		change(&e)
		return e
	}
	anything := errors.New("anything")
	cases := []struct {
		name     string
		envelope Envelope
		keys     []Key
		want     []string // key ids
		err      error
	}{
		{"ECDSA", sign(t, "payload", one), keys, []string{one.Key().ID()}, nil},
		{"Ed25519", sign(t, "payload", two), keys, []string{two.Key().ID()}, nil},
		{"both, in the order of the keys", sign(t, "payload", two, one), keys, []string{one.Key().ID(), two.Key().ID()}, nil},
		{"one of two is a stranger", sign(t, "payload", stranger, one), keys, []string{one.Key().ID()}, nil},
		{"one key signs twice and counts once", sign(t, "payload", one, one), keys, []string{one.Key().ID()}, nil},
		{"no key id", changed(func(e *Envelope) { e.Signatures[0].KeyID = "" }), keys, []string{one.Key().ID()}, nil},
		{"another tool's key id", changed(func(e *Envelope) { e.Signatures[0].KeyID = "SHA256:abc" }), keys, []string{one.Key().ID()}, nil},
		{"the key id of another trusted key", changed(func(e *Envelope) { e.Signatures[0].KeyID = two.Key().ID() }), keys, nil, ErrUnsigned},
		{"a stranger", sign(t, "payload", stranger), keys, nil, ErrUnsigned},
		{"a stranger with a trusted key id", func() Envelope {
			e := sign(t, "payload", stranger)
			e.Signatures[0].KeyID = one.Key().ID()
			return e
		}(), keys, nil, ErrUnsigned},
		{"no keys", sign(t, "payload", one), nil, nil, ErrUnsigned},
		{"the zero key", sign(t, "payload", one), []Key{{}}, nil, ErrUnsigned},
		{"replaced payload", changed(func(e *Envelope) { e.Payload = []byte("other") }), keys, nil, ErrUnsigned},
		{"replaced type", changed(func(e *Envelope) { e.PayloadType = "text/plain" }), keys, nil, ErrPayloadType},
		{"a signed type that was not asked for", func() Envelope {
			e, err := Sign(t.Context(), "text/plain", []byte("payload"), one)
			if err != nil {
				t.Fatal(err)
			}
			return e
		}(), keys, nil, ErrPayloadType},
		{"a broken signature", changed(func(e *Envelope) { e.Signatures[0].Sig[9] ^= 1 }), keys, nil, ErrUnsigned},
		{"a truncated signature", changed(func(e *Envelope) { e.Signatures[0].Sig = e.Signatures[0].Sig[:20] }), keys, nil, ErrUnsigned},
		{"no signature", changed(func(e *Envelope) { e.Signatures = nil }), keys, nil, anything},
		{"more signatures than are read", changed(func(e *Envelope) {
			for len(e.Signatures) <= MaxSignatures {
				e.Signatures = append(e.Signatures, e.Signatures[0])
			}
		}), keys, nil, anything},
		{"within its validity", sign(t, "payload", one), window(one, "2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"), []string{one.Key().ID()}, nil},
		{"expired key", sign(t, "payload", one), window(one, "", "2026-11-22T09:59:59Z"), nil, ErrKeyTime},
		{"key of the future", sign(t, "payload", one), window(one, "2026-11-22T10:00:01Z", ""), nil, ErrKeyTime},
		{"too many keys", sign(t, "payload", one), make([]Key, MaxKeys+1), nil, anything},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			signed, err := Verify(c.envelope, ours, c.keys, now)
			if c.err == anything && err == nil || c.err != anything && !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			var got []string
			for _, k := range signed {
				got = append(got, k.ID())
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("signed by %v, want %v", got, c.want)
			}
		})
	}
	if _, err := Verify(sign(t, "payload", one), ours, keys, time.Time{}); err == nil {
		t.Error("verified at no time")
	}
}

func TestDecode(t *testing.T) {
	sig := base64.StdEncoding.EncodeToString([]byte("a signature"))
	envelope := func(members string) string { return "{" + members + "}" }
	good := `"payloadType":"t","payload":"aGk=","signatures":[{"keyid":"k","sig":"` + sig + `"}]`
	cases := []struct{ name, text, want string }{ // want: a part of the error, empty for none
		{"good", envelope(good), ""},
		{"an unknown member", envelope(good + `,"extension":{"a":1}`), ""},
		{"a second payload", envelope(good + `,"payload":"aG8="`), "twice"},
		{"a second payload in other case", envelope(good + `,"Payload":"aG8="`), "twice"},
		{"a second signature member", envelope(`"payloadType":"t","payload":"aGk=","signatures":[{"sig":"` + sig + `","sig":"` + sig + `"}]`), "twice"},
		{"truncated", envelope(good)[:40], "JSON"},
		{"something after it", envelope(good) + "{}", "after"},
		{"no payload", `{"payloadType":"t","signatures":[{"sig":"` + sig + `"}]}`, "payload"},
		{"no type", `{"payload":"aGk=","signatures":[{"sig":"` + sig + `"}]}`, "payloadType"},
		{"an empty type", `{"payloadType":"","payload":"aGk=","signatures":[{"sig":"` + sig + `"}]}`, "payloadType"},
		{"no signatures", `{"payloadType":"t","payload":"aGk=","signatures":[]}`, "no signature"},
		{"an empty signature", `{"payloadType":"t","payload":"aGk=","signatures":[{"sig":""}]}`, "signature 1"},
		{"null", `null`, "payload"},
		{"a list", `[]`, "array"},
		{"the URL alphabet", `{"payloadType":"t","payload":"_-8=","signatures":[{"sig":"` + sig + `"}]}`, "base64"},
		{"no padding", `{"payloadType":"t","payload":"aGk","signatures":[{"sig":"` + sig + `"}]}`, "base64"},
		{"stray bits", `{"payloadType":"t","payload":"aGl=","signatures":[{"sig":"` + sig + `"}]}`, "base64"},
		{"a line break", `{"payloadType":"t","payload":"aG\nk=","signatures":[{"sig":"` + sig + `"}]}`, "line break"},
		{"many signatures", `{"payloadType":"t","payload":"","signatures":[` + strings.Repeat(`{"sig":"`+sig+`"},`, MaxSignatures) + `{"sig":"` + sig + `"}]}`, "signatures"},
		{"a long signature", `{"payloadType":"t","payload":"","signatures":[{"sig":"` + strings.Repeat("AAAA", 100) + `"}]}`, "signature 1"},
		{"a long key id", `{"payloadType":"t","payload":"","signatures":[{"sig":"` + sig + `","keyid":"` + strings.Repeat("k", 2000) + `"}]}`, "key id"},
		{"deep nesting", envelope(good + `,"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100)), "nested"},
		{"a million objects", envelope(good + `,"x":[` + strings.Repeat("{},", 1e6) + `{}]`), "objects"},
		{"too large", `"` + strings.Repeat("x", MaxEnvelope) + `"`, "bytes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode([]byte(c.text))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestParseKey(t *testing.T) {
	text := string(ecdsaSigner(t).Key().PEM())
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewKey(p384.Public()); err == nil {
		t.Error("a key on P-384 was taken")
	}
	if _, err := NewKey("a string"); err == nil {
		t.Error("a string was taken for a key")
	}
	if _, err := NewKey(ed25519.PublicKey("short")); err == nil {
		t.Error("a short Ed25519 key was taken")
	}
	for name, bad := range map[string]string{
		"nothing":        "",
		"text":           "hello",
		"private":        strings.ReplaceAll(text, "PUBLIC", "PRIVATE"),
		"two keys":       text + text,
		"broken content": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
	} {
		if _, err := ParseKey([]byte(bad)); err == nil {
			t.Errorf("%s was taken for a key", name)
		}
	}
	k, err := ParseKey([]byte(text + "\n"))
	if err != nil || string(k.PEM()) != text || len(k.ID()) != 64 {
		t.Errorf("read back %+v, %v", k, err)
	}
}

// What is decoded is within the limits, and written and read again it is the same; what is
// written has no second spelling.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"payloadType":"t","payload":"aGk=","signatures":[{"keyid":"k","sig":"AAAA"}]}`))
	f.Add([]byte(`{"payloadType":"t","payload":"aGk=","payload":"aGk=","signatures":[{"sig":"AAAA"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Decode(data)
		if err != nil {
			return
		}
		if len(e.Signatures) == 0 || len(e.Signatures) > MaxSignatures || e.PayloadType == "" {
			t.Fatalf("decoded %+v", e)
		}
		encoded, err := Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(encoded)
		if err != nil || !bytes.Equal(PAE(e.PayloadType, e.Payload), PAE(again.PayloadType, again.Payload)) {
			t.Fatalf("read again %+v, %v", again, err)
		}
		if twice, err := Encode(again); err != nil || !bytes.Equal(encoded, twice) {
			t.Fatalf("written again %s, %v", twice, err)
		}
		if _, err := Verify(e, e.PayloadType, nil, time.Unix(1, 0)); err == nil {
			t.Fatal("verified without a key")
		}
	})
}

func TestEncodeIsPlain(t *testing.T) {
	encoded, err := Encode(sign(t, "payload", ecdsaSigner(t)))
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(encoded, &members); err != nil || len(members) != 3 || bytes.ContainsRune(encoded, '\n') {
		t.Errorf("encoded %s, %v", encoded, err)
	}
	if _, err := Encode(Envelope{PayloadType: "t"}); err == nil {
		t.Error("an envelope without a signature was written")
	}
}

func BenchmarkVerify(b *testing.B) {
	s := ecdsaSigner(b)
	encoded, err := Encode(sign(b, strings.Repeat("x", 4096), s))
	if err != nil {
		b.Fatal(err)
	}
	now := at(b, "2026-11-22T10:00:00Z")
	for b.Loop() {
		e, err := Decode(encoded)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Verify(e, ours, []Key{s.Key()}, now); err != nil {
			b.Fatal(err)
		}
	}
}
