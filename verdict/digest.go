package verdict

import (
	"bytes"
	"encoding/json"

	"plimsoll.dev/plimsoll/image"
)

// DigestJSON names a value by the digest of its canonical JSON: struct members in the order of
// their declaration, map members sorted by name, no white space, no HTML escapes, bytes that are
// not UTF-8 replaced by U+FFFD. A value that was stored as JSON and read back into its type has
// the digest it had before.
//
// This is not RFC 8785, which sorts all members: facts are large, and reading them back without
// their types only to sort them takes several times as long as all else.
//
// A value that JSON cannot hold (a NaN, a channel) has no digest: the zero Digest, which no
// verifier accepts.
func DigestJSON(v any) image.Digest {
	canonical, err := CanonicalJSON(v)
	if err != nil {
		return image.Digest{}
	}
	return image.DigestOf(canonical)
}

// CanonicalJSON writes a value in the form that DigestJSON describes: what is signed has one spelling.
func CanonicalJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	if raw, isJSON := v.(json.RawMessage); isJSON { // a document: as the encoder would, without copying it twice
		b.Grow(len(raw))
		err := json.Compact(&b, raw)
		return unescape(b.Bytes()), err
	}
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return unescape(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil // Encode ends with a newline
}

// unescape writes out the characters that encoding/json escapes in one place and not in another:
// a byte that is not UTF-8 becomes \ufffd when written, and the character itself when read and
// written again; and MarshalJSON methods escape HTML whatever the encoder was told.
func unescape(encoded []byte) []byte {
	if bytes.IndexByte(encoded, '\\') < 0 {
		return encoded
	}
	plain := make([]byte, 0, len(encoded))
	for {
		at := bytes.IndexByte(encoded, '\\')
		if at < 0 || at+1 == len(encoded) {
			return append(plain, encoded...)
		}
		plain, encoded = append(plain, encoded[:at]...), encoded[at:]
		length := 2 // of the escape: \n, \", \\, ...
		if encoded[1] == 'u' {
			length = 6
		}
		escape := encoded[:min(length, len(encoded))]
		encoded = encoded[len(escape):]
		switch string(escape) {
		case `\ufffd`:
			plain = append(plain, "\ufffd"...)
		case `\u003c`:
			plain = append(plain, '<')
		case `\u003e`:
			plain = append(plain, '>')
		case `\u0026`:
			plain = append(plain, '&')
		default:
			plain = append(plain, escape...)
		}
	}
}
