package evidence

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	lib "github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"plimsoll.dev/plimsoll/evidence/dsse"
	"plimsoll.dev/plimsoll/internal/testparts"
	"plimsoll.dev/plimsoll/verdict"
)

// TestMain plays the signing command, when a test runs this program as one.
func TestMain(m *testing.M) {
	if mode := os.Getenv("EVIDENCE_TEST_COMMAND"); mode != "" {
		os.Exit(playCommand(mode))
	}
	os.Exit(m.Run())
}

// playCommand signs with the key in the environment, or fails in the way that is asked for.
func playCommand(mode string) int {
	private, err := ParsePrivateKey([]byte(os.Getenv("EVIDENCE_TEST_KEY")), nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	signer, err := dsse.NewSigner(private)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	asked := os.Args[len(os.Args)-1]
	switch {
	case mode == "fail" || mode == "fail to sign" && asked == "sign":
		fmt.Fprintf(os.Stderr, "the token\x1b[31m is locked\n%s", strings.Repeat("x", 1<<20))
		return 7
	case mode == "chatter":
		fmt.Print(strings.Repeat("x", 1<<20))
	case asked == "public-key":
		fmt.Printf("%s", signer.Key().PEM())
	case asked == "sign" && mode == "lie":
		fmt.Print("not a signature")
	case asked == "sign":
		message, err := io.ReadAll(os.Stdin)
		if err != nil {
			return 1
		}
		signature, err := signer.SignMessage(context.Background(), message)
		if err != nil {
			return 1
		}
		fmt.Printf("%s", signature)
	default:
		return 2
	}
	return 0
}

func environment(values map[string]string) Secrets {
	return Secrets{Environment: func(name string) (string, bool) { value, found := values[name]; return value, found }}
}

// A key that is opened beside other work: whoever has to be asked was asked before that begins,
// and a key that cannot be opened is told at once, and again to whoever waits for it.
func TestBeginSigner(t *testing.T) {
	const boxed = "testdata/cosign/cosign.key"
	for _, c := range []struct {
		name, where, answer string
		asked               bool
		want                string // a part of the error
	}{
		{"a passphrase", boxed, "correct-horse", true, ""},
		{"a wrong one", boxed, "wrong", true, "check the passphrase"},
		{"no key", "testdata/cosign/none.key", "", false, "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked, failed := false, error(nil)
			secrets := Secrets{Ask: func(string) ([]byte, error) {
				asked = true
				return []byte(c.answer), nil
			}}
			wait := BeginSigner(t.Context(), c.where, secrets, func(err error) { failed = err })
			if asked != c.asked {
				t.Errorf("asked %t once it has begun, want %t", asked, c.asked)
			}
			signer, err := wait()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if !errors.Is(failed, err) || (signer.Signer == nil) != (err != nil) {
				t.Errorf("told %v, and then %v with the signer %v", failed, err, signer)
			}
		})
	}
}

func TestOpenSigner(t *testing.T) {
	folder := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	generate := func(a Algorithm, passphrase []byte) (private, public []byte) {
		private, public, err := GenerateKey(a, passphrase)
		if err != nil {
			t.Fatal(err)
		}
		return private, public
	}
	ecdsaKey, ecdsaPublic := generate(ECDSA, nil)
	edKey, edPublic := generate(Ed25519, nil)
	boxed, boxedPublic := generate(Ed25519, []byte("correct"))
	empty, emptyPublic := generate(ECDSA, []byte{})
	cosignPublic, err := os.ReadFile("testdata/cosign/cosign.pub")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(answer string) Secrets {
		return Secrets{Ask: func(prompt string) ([]byte, error) {
			if !strings.Contains(prompt, "boxed.key") {
				return nil, fmt.Errorf("asked %q", prompt)
			}
			return []byte(answer), nil
		}}
	}
	write("boxed.key", boxed)
	cases := []struct {
		name, where string
		secrets     Secrets
		public      []byte
		want        string // a part of the error
	}{
		{"a file", write("ecdsa.key", ecdsaKey), Secrets{}, ecdsaPublic, ""},
		{"Ed25519", write("ed.key", edKey), Secrets{}, edPublic, ""},
		{"encrypted, asking", filepath.Join(folder, "boxed.key"), ask("correct"), boxedPublic, ""},
		{"encrypted, from the environment", filepath.Join(folder, "boxed.key"), environment(map[string]string{"PLIMSOLL_KEY_PASSWORD": "correct", "COSIGN_PASSWORD": "wrong"}), boxedPublic, ""},
		{"encrypted, from cosign's variable", filepath.Join(folder, "boxed.key"), environment(map[string]string{"COSIGN_PASSWORD": "correct"}), boxedPublic, ""},
		{"an empty passphrase", write("empty.key", empty), environment(map[string]string{"COSIGN_PASSWORD": ""}), emptyPublic, ""},
		{"cosign's key", "testdata/cosign/cosign.key", environment(map[string]string{"COSIGN_PASSWORD": "correct-horse"}), cosignPublic, ""},
		{"an older cosign's key", write("old.key", bytes.ReplaceAll(boxed, []byte("SIGSTORE"), []byte("COSIGN"))), environment(map[string]string{"COSIGN_PASSWORD": "correct"}), boxedPublic, ""},
		{"a variable", "env:KEY", environment(map[string]string{"KEY": string(ecdsaKey)}), ecdsaPublic, ""},
		{"a variable, as cosign names it", "env://KEY", environment(map[string]string{"KEY": string(ecdsaKey)}), ecdsaPublic, ""},
		{"a wrong passphrase", filepath.Join(folder, "boxed.key"), ask("wrong"), nil, "check the passphrase"},
		{"nobody to ask", filepath.Join(folder, "boxed.key"), Secrets{}, nil, "set PLIMSOLL_KEY_PASSWORD"},
		{"no file", filepath.Join(folder, "none"), Secrets{}, nil, "no such file"},
		{"a folder", folder, Secrets{}, nil, "not a file"},
		{"no variable", "env:KEY", environment(nil), nil, "not set"},
		{"a public key", write("x.pub", ecdsaPublic), Secrets{}, nil, "PUBLIC KEY"},
		{"no PEM", write("text", []byte("text")), Secrets{}, nil, "PEM"},
		{"two keys", write("two.key", append(bytes.Clone(ecdsaKey), edKey...)), Secrets{}, nil, "follows"},
		{"broken content", write("broken.key", []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")), Secrets{}, nil, "PKCS #8"},
		{"no command", "exec:", Secrets{}, nil, "name the command"},
		{"a command that is not there", "exec:/nowhere/sign", Secrets{}, nil, "/nowhere/sign"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			signer, err := OpenSigner(t.Context(), c.where, c.secrets)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			if err != nil {
				if strings.Contains(err.Error(), "AAAA") || strings.Contains(err.Error(), "correct") {
					t.Errorf("the error tells a secret: %v", err)
				}
				return
			}
			if !bytes.Equal(signer.Key().PEM(), c.public) {
				t.Error("another key was opened")
			}
			verifier, err := NewVerifier(trustIn(t, map[string]KeySigner{"k": signer}, map[Role][]string{Verdicts: {"k"}}))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := verifier.Verify(t.Context(), signedBy(t, signer, vsa(t, theVerdict(verdict.Allow))), wantVerdict()); err != nil {
				t.Error(err)
			}
		})
	}
	if _, _, err := GenerateKey("rsa", nil); err == nil {
		t.Error("an RSA key was made")
	}
	if _, err := (KeySigner{}).Sign(t.Context(), PayloadType, nil); err == nil {
		t.Error("signed without a key")
	}
}

func TestCommand(t *testing.T) {
	private, public, err := GenerateKey(ECDSA, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("EVIDENCE_TEST_KEY", string(private))
	cases := []struct{ mode, openError, signError string }{
		{"work", "", ""},
		{"fail", "the token [31m is locked", ""},
		{"fail to sign", "", "the token [31m is locked"},
		{"lie", "", "not its signature"},
		{"chatter", "more than", ""},
	}
	for _, c := range cases {
		t.Run(c.mode, func(t *testing.T) {
			t.Setenv("EVIDENCE_TEST_COMMAND", c.mode)
			signer, err := OpenSigner(t.Context(), "exec:"+os.Args[0]+" -pin 1234-secret", Secrets{})
			checkCommandError(t, err, c.openError)
			if err != nil {
				return
			}
			if !bytes.Equal(signer.Key().PEM(), public) {
				t.Error("another key was opened")
			}
			_, err = SignStatement(t.Context(), signer, vsa(t, theVerdict(verdict.Allow)))
			checkCommandError(t, err, c.signError)
		})
	}
	t.Setenv("EVIDENCE_TEST_COMMAND", "work")
	called, off := context.WithCancel(t.Context())
	off()
	if _, err := OpenCommand(called, []string{os.Args[0]}); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
}

func checkCommandError(t *testing.T, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || len(err.Error()) > 2*commandErrors || strings.ContainsAny(err.Error(), "\n\x1b") || strings.Contains(err.Error(), "secret")) {
		t.Errorf("error %.300v, want %q", err, want)
	}
}

// libraryKey lets another implementation of DSSE sign and verify with our keys.
type libraryKey struct{ KeySigner }

func (k libraryKey) KeyID() (string, error)   { return "", nil }
func (k libraryKey) Public() crypto.PublicKey { return nil }
func (k libraryKey) Sign(ctx context.Context, data []byte) ([]byte, error) {
	return k.SignMessage(ctx, data)
}
func (k libraryKey) Verify(_ context.Context, data, sig []byte) error {
	if !k.Key().VerifyMessage(data, sig) {
		return errors.New("not its signature")
	}
	return nil
}

// Another reader verifies what is written here, and what another writer wrote is verified here.
func TestAgainstAnotherDSSE(t *testing.T) {
	ci := keyFor(t)
	payload, err := Encode(vsa(t, theVerdict(verdict.Allow)))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := dsse.Sign(t.Context(), PayloadType, payload, ci)
	if err != nil {
		t.Fatal(err)
	}
	text, err := dsse.Encode(ours)
	if err != nil {
		t.Fatal(err)
	}
	var theirs lib.Envelope
	if err := json.Unmarshal(text, &theirs); err != nil {
		t.Fatal(err)
	}
	reader, err := lib.NewEnvelopeVerifier(libraryKey{ci})
	if err != nil {
		t.Fatal(err)
	}
	if accepted, err := reader.Verify(t.Context(), &theirs); err != nil || len(accepted) != 1 {
		t.Errorf("their reader: %v, %v", accepted, err)
	}
	writer, err := lib.NewEnvelopeSigner(libraryKey{ci})
	if err != nil {
		t.Fatal(err)
	}
	written, err := writer.SignPayload(t.Context(), PayloadType, payload)
	if err != nil {
		t.Fatal(err)
	}
	if text, err = json.Marshal(written); err != nil {
		t.Fatal(err)
	}
	verifier, err := NewVerifier(trustIn(t, map[string]KeySigner{"ci": ci}, map[Role][]string{Verdicts: {"ci"}}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verifier.Verify(t.Context(), text, wantVerdict()); err != nil {
		t.Errorf("their writer: %v", err)
	}
}

// A key of ours is a key of cosign's: PKCS #8 in the same box.
func TestKeysAreCosigns(t *testing.T) {
	private, _, err := GenerateKey(ECDSA, []byte("correct"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(private)
	if block.Type != "ENCRYPTED SIGSTORE PRIVATE KEY" {
		t.Errorf("PEM type %q", block.Type)
	}
	if der, err := encrypted.Decrypt(block.Bytes, []byte("correct")); err != nil || len(der) == 0 {
		t.Error(err)
	}
}

// cosign itself verifies what is written here.
func TestCosignVerifiesOurs(t *testing.T) {
	cosign := testparts.Cosign(t)
	folder := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ci := keyFor(t)
	bundle := file("bundle.json", signedBy(t, ci, vsa(t, theVerdict(verdict.Allow))))
	blob := file("blob", []byte("the image for linux/amd64")) // what child is the digest of
	verify := exec.Command(cosign, "verify-blob-attestation", "--key", file("ci.pub", ci.Key().PEM()), "--bundle", bundle,
		"--type", VerdictType, "--insecure-ignore-tlog", "--offline", blob)
	verify.Env = append(os.Environ(), "HOME="+folder)
	if out, err := verify.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
