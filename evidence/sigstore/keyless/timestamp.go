package keyless

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"

	"github.com/digitorus/timestamp"
)

// timestamp returns an authority's answer, with a timestamp of a signature (RFC 3161, sections 2.4
// and 3.4). No nonce is asked for: the signature is a minute old, so no older answer can be of it.
func (s *signer) timestamp(ctx context.Context, address string, signature []byte) ([]byte, error) {
	sum := sha256.Sum256(signature)
	request, err := (&timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:]}).Marshal()
	if err != nil {
		return nil, err
	}
	q := question{of: "the timestamp authority", method: http.MethodPost, address: address,
		mediaType: "application/timestamp-query", body: request, wants: "application/timestamp-reply"}
	answer, err := s.client.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := checkTimestamp(answer, sum[:]); err != nil {
		return nil, fmt.Errorf("asking %s at %s: its answer: %w", q.of, hostOf(address), err)
	}
	return answer, nil
}

// checkTimestamp wants a timestamp of a hash. Whether it is to be believed is seen when the signature
// is verified.
func checkTimestamp(answer, hash []byte) error {
	t, err := timestamp.ParseResponse(answer)
	switch {
	case err != nil:
		return fmt.Errorf("%.*s", maxWords, err.Error())
	case t.HashAlgorithm != crypto.SHA256 || !bytes.Equal(t.HashedMessage, hash):
		return errors.New("it is a timestamp of something else")
	}
	return nil
}
