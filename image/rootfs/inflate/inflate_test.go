package inflate

import (
	"bytes"
	standard "compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func gzipOf(t testing.TB, plain string) string {
	t.Helper()
	var buffer bytes.Buffer
	w := standard.NewWriter(&buffer)
	if _, err := io.WriteString(w, plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.String()
}

func zstdOf(t testing.TB, plain string, options ...zstd.EOption) string {
	t.Helper()
	encoder, err := zstd.NewWriter(nil, options...)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoder.EncodeAll([]byte(plain), nil))
}

const (
	text      = "what a layer holds, holds, holds, holds"
	skippable = "\x5a\x2a\x4d\x18\x04\x00\x00\x00skip"
)

func TestNewReader(t *testing.T) {
	gz, zs := gzipOf(t, text), zstdOf(t, text)
	// A frame that declares a window of twice MaxWindow (RFC 8878, 3.1.1.1.2: 18<<3).
	wide := "\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00"
	for _, test := range []struct {
		name, stored, want string
		format             Format
		fails              string
	}{
		{name: "nothing", format: Plain},
		{name: "plain", stored: text, want: text, format: Plain},
		{name: "shorter than any mark", stored: "\x1f", want: "\x1f", format: Plain},
		{name: "gzip", stored: gz, want: text, format: Gzip},
		{name: "gzip of nothing", stored: gzipOf(t, ""), format: Gzip},
		{name: "gzip, three members", stored: gz + gzipOf(t, "") + gz, want: text + text, format: Gzip},
		{name: "gzip, zero padding", stored: gz + strings.Repeat("\x00", 100_000), want: text, format: Gzip},
		{name: "gzip, trailing bytes", stored: gz + "trailing", format: Gzip, fails: ErrTrailing.Error()},
		{name: "gzip, trailing bytes after padding", stored: gz + "\x00\x00x", format: Gzip, fails: ErrTrailing.Error()},
		{name: "gzip, another format after it", stored: gz + zs, format: Gzip, fails: ErrTrailing.Error()},
		{name: "gzip, second member cut in its header", stored: gz + gz[:5], format: Gzip, fails: "unexpected EOF"},
		{name: "gzip, wrong checksum", stored: gz[:len(gz)-8] + "\x00\x00\x00\x00" + gz[len(gz)-4:], format: Gzip, fails: "checksum"},
		{name: "zstd", stored: zs, want: text, format: Zstd},
		{name: "zstd, two frames", stored: zs + zs, want: text + text, format: Zstd},
		{name: "zstd, skippable frames", stored: skippable + zs + skippable, want: text, format: Zstd},
		{name: "zstd, trailing bytes", stored: zs + "trailing", format: Zstd, fails: "zstd: "},
		{name: "zstd, window too large", stored: wide, format: Zstd, fails: "window"},
		{name: "xz", stored: "\xfd7zXZ\x00....", fails: "xz"},
		{name: "bzip2", stored: "BZh91AY&SY", fails: "bzip2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			source := strings.NewReader(test.stored)
			got, format, err := readAll(source)
			if format != test.format {
				t.Errorf("format: got %s, want %s", format, test.format)
			}
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("got %v, want %q in it", err, test.fails)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
			if source.Len() > 0 {
				t.Errorf("%d bytes of the source are unread", source.Len())
			}
		})
	}
}

func readAll(source io.Reader) (string, Format, error) {
	r, format, err := NewReader(source)
	if err != nil {
		return "", format, err
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	return string(got), format, err
}

// Cut at any place, a compressed stream is an error: never a shorter text.
func TestCut(t *testing.T) {
	long := strings.Repeat(text, 1000) + "end"
	for name, stored := range map[string]string{"gzip": gzipOf(t, long), "zstd": zstdOf(t, long), "zstd with a checksum": zstdOf(t, long, zstd.WithEncoderCRC(true))} {
		for i := 4; i < len(stored); i++ {
			if got, _, err := readAll(strings.NewReader(stored[:i])); err == nil {
				t.Fatalf("%s cut at %d of %d: got %d bytes and no error", name, i, len(stored), len(got))
			}
		}
	}
}

// An error of the source comes through as it is.
func TestSourceFails(t *testing.T) {
	sentinel := errors.New("the disk is on fire")
	for _, stored := range []string{"", text, gzipOf(t, text)[:20], zstdOf(t, text)[:20]} {
		source := io.MultiReader(strings.NewReader(stored), failing{sentinel})
		if _, _, err := readAll(source); !errors.Is(err, sentinel) {
			t.Errorf("after %d bytes: got %v", len(stored), err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Property: any bytes give a text or an error, never a panic. A gzip stream that is accepted has
// the text that compress/gzip finds in it, and one that compress/gzip accepts is accepted, unless
// a header has reserved bits set, which RFC 1952 says to refuse and compress/gzip does not.
func FuzzNewReader(f *testing.F) {
	for _, seed := range []string{text, gzipOf(f, text), gzipOf(f, text) + gzipOf(f, ""), gzipOf(f, text) + "\x00\x00", zstdOf(f, text), skippable + zstdOf(f, text)} {
		f.Add([]byte(seed))
	}
	const most = 4 << 20
	f.Fuzz(func(t *testing.T, data []byte) {
		r, format, err := NewReader(bytes.NewReader(data))
		if err != nil {
			if z, err := standard.NewReader(bytes.NewReader(data)); format == Gzip && err == nil && data[3]&0xe0 == 0 {
				_ = z.Close()
				t.Error("compress/gzip takes this header")
			}
			return
		}
		defer r.Close()
		got, err := io.ReadAll(io.LimitReader(r, most))
		switch {
		case format == Plain && (err != nil || !bytes.Equal(got, data[:min(len(data), most)])):
			t.Errorf("plain: got %d bytes, %v", len(got), err)
		case format == Gzip && len(got) < most:
			z, headerErr := standard.NewReader(bytes.NewReader(bytes.TrimRight(data, "\x00")))
			if headerErr != nil {
				return
			}
			want, wantErr := io.ReadAll(z)
			exact, _ := standard.NewReader(bytes.NewReader(data))
			if _, exactErr := io.ReadAll(exact); exactErr == nil && err != nil && !errors.Is(err, standard.ErrHeader) {
				t.Errorf("got %v, compress/gzip none", err)
			}
			if err == nil && wantErr == nil && !bytes.Equal(got, want) {
				t.Errorf("got %d bytes, compress/gzip has %d others", len(got), len(want))
			}
		}
	})
}
