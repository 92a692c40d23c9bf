package image

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Digest is a SHA-256 content digest. The zero Digest means "not known" and prints as "".
// image-spec also registers sha512; no registry or builder in use writes it, so it is refused.
type Digest struct {
	sum   [sha256.Size]byte
	known bool
}

// DigestOf returns the digest of b.
func DigestOf(b []byte) Digest { return Digest{sha256.Sum256(b), true} }

// DigestFromSum wraps a SHA-256 sum.
func DigestFromSum(sum [sha256.Size]byte) Digest { return Digest{sum, true} }

// ParseDigest reads "sha256:" and 64 lower-case hexadecimal digits.
func ParseDigest(s string) (Digest, error) {
	algorithm, encoded, found := strings.Cut(s, ":")
	if !found || algorithm != "sha256" {
		return Digest{}, fmt.Errorf("digest %.80q: want sha256:<64 hexadecimal digits>", s)
	}
	var d Digest
	if len(encoded) != 2*sha256.Size || strings.ToLower(encoded) != encoded {
		return Digest{}, fmt.Errorf("digest %.80q: want 64 lower-case hexadecimal digits", s)
	}
	if _, err := hex.Decode(d.sum[:], []byte(encoded)); err != nil {
		return Digest{}, fmt.Errorf("digest %.80q: %w", s, err)
	}
	d.known = true
	return d, nil
}

// IsZero tells whether the digest is not known.
func (d Digest) IsZero() bool { return !d.known }

// Sum returns the raw SHA-256 sum.
func (d Digest) Sum() [sha256.Size]byte { return d.sum }

// Hex returns the 64 hexadecimal digits, "" if not known.
func (d Digest) Hex() string {
	if !d.known {
		return ""
	}
	return hex.EncodeToString(d.sum[:])
}

// String returns "sha256:<hex>", "" if not known.
func (d Digest) String() string {
	if !d.known {
		return ""
	}
	return "sha256:" + d.Hex()
}

// MarshalText implements encoding.TextMarshaler.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; an empty text is the zero Digest.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Digest{}
		return nil
	}
	parsed, err := ParseDigest(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
