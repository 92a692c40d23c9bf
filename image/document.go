package image

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Bounds of the JSON documents of an image. Registries refuse manifests over 4 MiB
// (distribution-spec, "Pushing Manifests"); the largest configurations seen are well below 1 MiB.
const (
	// MaxDocument is the length in bytes beyond which a manifest, index or configuration is
	// not read.
	MaxDocument = 16 << 20
	// maxDepth is how deep objects and lists may be nested: four levels are in use.
	maxDepth = 64
	// maxTokens bounds what a small document may grow into when it is decoded.
	maxTokens = 200_000
)

// ReadBlob reads a document that d describes, and verifies its length and digest. what names it
// in errors, such as "manifest". A content that differs is a *DigestError, a length a *LengthError.
func ReadBlob(r io.Reader, d Descriptor, what string) ([]byte, error) {
	if d.Size > MaxDocument {
		return nil, tooLong(what, d.Size)
	}
	content, err := ReadDocument(r, what)
	if err != nil {
		return nil, err
	}
	if got := DigestOf(content); got != d.Digest {
		return nil, &DigestError{What: what, Want: d.Digest, Got: got}
	}
	if d.Size != int64(len(content)) {
		return nil, &LengthError{What: what, Digest: d.Digest, Want: d.Size, Got: int64(len(content))}
	}
	return content, nil
}

// LengthError reports content whose descriptor lies about its length.
type LengthError struct {
	What      string
	Digest    Digest
	Want, Got int64 // in bytes
}

func (e *LengthError) Error() string {
	return fmt.Sprintf("%s %s has %d bytes, but its descriptor says %d: the image is damaged; fetch it again", e.What, e.Digest, e.Got, e.Want)
}

// ReadDocument reads a document that no descriptor names, such as index.json.
func ReadDocument(r io.Reader, what string) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, MaxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", what, err)
	}
	if len(content) > MaxDocument {
		return nil, tooLong(what, int64(len(content)))
	}
	return content, nil
}

func tooLong(what string, size int64) error {
	return fmt.Errorf("%s has %d bytes or more, and none of an image is longer than %d: this is not a container image", what, size, MaxDocument)
}

// Decode decodes one of an image's JSON documents into target. Unknown fields are ignored, as
// image-spec demands. Refused is what two readers may understand differently (several documents,
// a name that appears twice in an object, also in another case, since encoding/json ignores
// case) and what grows out of proportion.
func Decode(content []byte, what string, target any) error {
	if err := checkJSON(content); err != nil {
		return fmt.Errorf("%s is not valid: %w; fetch the image again", what, err)
	}
	if err := json.Unmarshal(content, target); err != nil {
		return fmt.Errorf("%s is not valid: %w; fetch the image again", what, err)
	}
	return nil
}

// object is one open object or list while a document is walked.
type object struct {
	names map[string]bool // nil for a list
	// free marks an object whose names are the user's own, where case matters.
	free    bool
	isValue bool // the next token is a value, not a name
	name    string
}

func checkJSON(content []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var open []object
	for tokens := 0; ; tokens++ {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			if tokens == 0 || len(open) > 0 {
				return errors.New("the JSON text ends early")
			}
			return nil
		}
		if err != nil {
			return err
		}
		if tokens > maxTokens {
			return fmt.Errorf("it has more than %d JSON values", maxTokens)
		}
		if open, err = step(open, token, tokens == 0); err != nil {
			return err
		}
	}
}

// step takes one token into account.
func step(open []object, token json.Token, first bool) ([]object, error) {
	if len(open) == 0 {
		if !first {
			return nil, errors.New("more text follows the JSON document")
		}
		switch token {
		case json.Delim('{'):
			return append(open, object{names: map[string]bool{}}), nil
		case json.Delim('['):
			return append(open, object{}), nil
		}
		return nil, errors.New("it is neither a JSON object nor a list")
	}
	if token == json.Delim('}') || token == json.Delim(']') {
		open = open[:len(open)-1]
		return open, nil
	}
	top := &open[len(open)-1]
	if top.names != nil && !top.isValue {
		return open, top.take(token)
	}
	top.isValue = false
	if token != json.Delim('{') && token != json.Delim('[') {
		return open, nil
	}
	if len(open) == maxDepth {
		return nil, fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	next := object{}
	if token == json.Delim('{') {
		next.names = map[string]bool{}
		next.free = strings.EqualFold(top.name, "labels") || strings.EqualFold(top.name, "annotations")
	}
	return append(open, next), nil
}

// take notes the next name of an object.
func (o *object) take(token json.Token) error {
	name, isString := token.(string)
	if !isString {
		return errors.New("an object has a name that is no string")
	}
	o.name, o.isValue = name, true
	if !o.free {
		name = strings.Map(fold, name)
	}
	if o.names[name] {
		return fmt.Errorf("the name %.80q appears twice in one object", o.name)
	}
	o.names[name] = true
	return nil
}

// fold maps all runes that encoding/json takes for one another to the same one: not only "K" and
// "k", but also the Kelvin sign.
func fold(r rune) rune {
	for {
		next := unicode.SimpleFold(r)
		if next <= r {
			return next // the orbit ends where it began, at its smallest rune
		}
		r = next
	}
}
