package dsse

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The ways in which an envelope is refused; test with errors.Is.
var (
	// ErrPayloadType: the payload is not of the type that was asked for. Whoever signs many kinds
	// of thing with one key must not have one taken for another.
	ErrPayloadType = errors.New("the payload is of another type")
	// ErrUnsigned: no key that was given signed it.
	ErrUnsigned = errors.New("none of the trusted keys signed it")
	// ErrKeyTime: a key signed it that does not count at the time.
	ErrKeyTime = errors.New("the key that signed it is outside its validity")
)

// Sign makes an envelope, with one signature by each signer.
func Sign(ctx context.Context, payloadType string, payload []byte, signers ...Signer) (Envelope, error) {
	e := Envelope{PayloadType: payloadType, Payload: payload}
	message := PAE(payloadType, payload)
	for _, s := range signers {
		signature, err := s.SignMessage(ctx, message)
		if err != nil {
			return Envelope{}, fmt.Errorf("signing with key %.12s: %w", s.Key().ID(), err)
		}
		if !s.Key().VerifyMessage(message, signature) {
			return Envelope{}, fmt.Errorf("what key %.12s made is not its signature of the message; check that private and public key belong together", s.Key().ID())
		}
		e.Signatures = append(e.Signatures, Signature{KeyID: s.Key().ID(), Sig: signature})
	}
	return e, e.check()
}

// Verify returns which of the keys signed the envelope and count at the time, each once, in their
// order. The payload must be of the type that the caller expects. None is an error: there is no
// result that says "verified by nobody".
func Verify(e Envelope, payloadType string, keys []Key, now time.Time) ([]Key, error) {
	signed, err := verify(e, payloadType, keys, now)
	if err != nil {
		return nil, fmt.Errorf("verifying a DSSE envelope: %w", err)
	}
	return signed, nil
}

func verify(e Envelope, payloadType string, keys []Key, now time.Time) ([]Key, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	switch {
	case e.PayloadType != payloadType:
		return nil, fmt.Errorf("%w: %.80q, want %.80q", ErrPayloadType, e.PayloadType, payloadType)
	case len(keys) > MaxKeys:
		return nil, fmt.Errorf("%d keys were given, more than the %d that are tried; choose", len(keys), MaxKeys)
	case now.IsZero():
		return nil, errors.New("no time was given; keys count at a time")
	}
	message := PAE(e.PayloadType, e.Payload)
	made := make([]bool, len(keys))
	for _, s := range e.Signatures {
		if i := madeBy(message, s, keys); i >= 0 {
			made[i] = true
		}
	}
	var signed []Key
	outside := ""
	for i, k := range keys {
		switch {
		case made[i] && k.Counts(now):
			signed = append(signed, k)
		case made[i]:
			outside = fmt.Sprintf("key %.12s counts %s, and it is %s", k.id, window(k), now.UTC().Format(time.RFC3339))
		}
	}
	switch {
	case len(signed) > 0:
		return signed, nil
	case outside != "":
		return nil, fmt.Errorf("%w: %s", ErrKeyTime, outside)
	default:
		return nil, fmt.Errorf("%w (%d signatures, %d keys)", ErrUnsigned, len(e.Signatures), len(keys))
	}
}

// madeBy returns the index of the key that made a signature, -1 if none did. A key id that is one
// of the keys' has only that one tried; tools write other ids than ours, so with any other all
// are.
func madeBy(message []byte, s Signature, keys []Key) int {
	for i, k := range keys {
		if s.KeyID != "" && s.KeyID == k.id {
			if k.VerifyMessage(message, s.Sig) {
				return i
			}
			return -1
		}
	}
	for i, k := range keys {
		if k.VerifyMessage(message, s.Sig) {
			return i
		}
	}
	return -1
}

func window(k Key) string {
	switch {
	case k.NotBefore.IsZero():
		return "until " + k.NotAfter.UTC().Format(time.RFC3339)
	case k.NotAfter.IsZero():
		return "from " + k.NotBefore.UTC().Format(time.RFC3339)
	default:
		return "from " + k.NotBefore.UTC().Format(time.RFC3339) + " until " + k.NotAfter.UTC().Format(time.RFC3339)
	}
}
