package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/strictjson"
	"plimsoll.dev/plimsoll/verdict"
)

// oldStatementType is that of in-toto 0.1: what BuildKit and older cosigns write around the same
// members. It is read, never written.
const oldStatementType = "https://in-toto.io/Statement/v0.1"

// The limits of a statement besides its size.
const (
	// maxSubjects bounds the subjects: an image, its index and its children are some dozens.
	maxSubjects = 1024
	// maxDepth and maxObjects bound the predicate: a bill of materials has an object for each
	// file, in some ten levels.
	maxDepth   = 64
	maxObjects = 1 << 20
	maxTypeURI = 1 << 10
)

// SubjectOf names content by its digest. The name is for people and proves nothing.
func SubjectOf(name string, digest image.Digest) Subject {
	return Subject{Name: name, Digest: map[string]string{"sha256": digest.Hex()}}
}

// NewStatement says something about subjects. The predicate is anything that is a JSON object;
// it is written canonically.
func NewStatement(predicateType string, predicate any, subjects ...Subject) (Statement, error) {
	raw, err := verdict.CanonicalJSON(predicate)
	if err != nil {
		return Statement{}, fmt.Errorf("writing the predicate %.80q: %w", predicateType, err)
	}
	s := Statement{Type: StatementType, Subject: subjects, PredicateType: predicateType, Predicate: raw}
	if err := s.check(); err != nil {
		return Statement{}, fmt.Errorf("making a statement of type %.80q: %w", predicateType, err)
	}
	return s, nil
}

// Encode writes a statement in the one form that is signed: see verdict.DigestJSON. The members of
// the predicate keep their order.
func Encode(s Statement) ([]byte, error) {
	encoded, err := encode(s)
	if err != nil {
		return nil, fmt.Errorf("writing a statement: %w", err)
	}
	return encoded, nil
}

func encode(s Statement) ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	encoded, err := verdict.CanonicalJSON(s)
	if err != nil {
		return nil, err
	}
	if len(encoded) > MaxStatement {
		return nil, fmt.Errorf("it has %d bytes, more than %d; attach a summary and name the whole by its digest", len(encoded), MaxStatement)
	}
	return encoded, readable(encoded, strictjson.CheckWritten) // the predicate may be a document of others
}

// readable refuses what two readers could read in two ways.
func readable(data []byte, check func([]byte, strictjson.Limits) error) error {
	if !utf8.Valid(data) {
		return errors.New("it is not UTF-8 text")
	}
	return check(data, strictjson.Limits{Depth: maxDepth, Objects: maxObjects})
}

// ParseStatement reads a statement strictly: a member that stands twice anywhere in it, a digest
// that is none, a predicate that is no object are refused; members that in-toto does not know are
// passed over. Nothing is verified.
func ParseStatement(data []byte) (Statement, error) {
	s, err := parseStatement(data)
	if err != nil {
		return Statement{}, fmt.Errorf("reading an in-toto statement: %w", err)
	}
	return s, nil
}

func parseStatement(data []byte) (Statement, error) {
	if len(data) > MaxStatement {
		return Statement{}, fmt.Errorf("it has %d bytes, more than the %d that are read", len(data), MaxStatement)
	}
	if err := readable(data, strictjson.Check); err != nil {
		return Statement{}, err
	}
	var s Statement
	if err := json.Unmarshal(data, &s); err != nil {
		return Statement{}, err
	}
	return s, s.check()
}

// About tells whether one of the subjects is the content with the digest. An index and the images
// that it lists have digests of their own: a statement about one is not about the other.
func (s Statement) About(digest image.Digest) bool {
	return !digest.IsZero() && slices.ContainsFunc(s.Subject, func(subject Subject) bool {
		return subject.Digest["sha256"] == digest.Hex()
	})
}

func (s Statement) check() error {
	switch {
	case s.Type != StatementType && s.Type != oldStatementType:
		return fmt.Errorf("its _type is %.80q; want %s", s.Type, StatementType)
	case s.PredicateType == "" || len(s.PredicateType) > maxTypeURI:
		return fmt.Errorf("its predicateType has %d characters; want 1 to %d", len(s.PredicateType), maxTypeURI)
	case len(s.Subject) == 0:
		return errors.New("it has no subject: it is about nothing")
	case len(s.Subject) > maxSubjects:
		return fmt.Errorf("it has %d subjects, more than %d", len(s.Subject), maxSubjects)
	case len(s.Predicate) == 0 || s.Predicate[0] != '{':
		return errors.New("its predicate is no JSON object")
	}
	for i, subject := range s.Subject {
		if err := subject.check(); err != nil {
			return fmt.Errorf("subject %d: %w", i+1, err)
		}
	}
	return nil
}

func (s Subject) check() error {
	if len(s.Digest) == 0 {
		return errors.New("it has no digest")
	}
	for algorithm, digits := range s.Digest {
		if algorithm == "sha256" {
			if _, err := image.ParseDigest("sha256:" + digits); err != nil {
				return err
			}
		}
		if algorithm == "" || digits == "" || strings.Trim(digits, "0123456789abcdef") != "" {
			return fmt.Errorf("%.40q is no digest; want lower-case hexadecimal digits", algorithm+":"+digits)
		}
	}
	return nil
}
