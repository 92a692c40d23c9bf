package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/policy"
)

// stater makes statements about one image.
type stater struct {
	analysis *analysis
	maker    evidence.Maker
	vex      []json.RawMessage // OpenVEX documents
	also     []image.Digest    // that stand for this image and others that were evaluated: its index
}

// statements states one kind of thing: one statement, or one for each VEX document.
func (s *stater) statements(kind string) ([]evidence.Statement, error) {
	switch kind {
	case "verdict":
		made, err := evidence.VSA(*s.analysis.report.Verdict, s.maker, s.also...)
		return []evidence.Statement{made}, err
	case "openvex":
		var made []evidence.Statement
		for _, document := range s.vex {
			statement, err := evidence.NewStatement(evidence.OpenVEXType, document, s.subjects()...)
			if err != nil {
				return nil, err
			}
			made = append(made, statement)
		}
		return made, nil
	case "vulns":
		made, err := s.vulnerabilities()
		return []evidence.Statement{made}, err
	case "manifest":
		made, err := evidence.NewStatement(evidence.ManifestType, json.RawMessage(s.analysis.manifest), s.subjects()...)
		return []evidence.Statement{made}, err
	case "sbom-spdx":
		made, err := s.bill(evidence.SPDXType, "spdx")
		return []evidence.Statement{made}, err
	default:
		made, err := s.bill(evidence.CycloneDXType, "cyclonedx")
		return []evidence.Statement{made}, err
	}
}

func (s *stater) subjects() []evidence.Subject {
	target := s.analysis.report.Target
	subjects := []evidence.Subject{evidence.SubjectOf(target.Repository, target.Digest)}
	for _, digest := range s.also {
		subjects = append(subjects, evidence.SubjectOf(target.Repository, digest))
	}
	return subjects
}

// digests are those of the subjects.
func (s *stater) digests() []image.Digest {
	return append([]image.Digest{s.analysis.report.Target.Digest}, s.also...)
}

// scannedAt is when the image was looked at: a bill that is signed later is not younger.
func (s *stater) scannedAt() time.Time {
	if at := s.analysis.report.ScannedAt; !at.IsZero() {
		return at
	}
	return s.analysis.report.EvaluatedAt
}

func (s *stater) bill(predicateType, format string) (evidence.Statement, error) {
	write, err := sbomFormat(format)
	if err != nil {
		return evidence.Statement{}, err
	}
	var document bytes.Buffer
	if err := write(&document, s.analysis.facts, s.scannedAt()); err != nil {
		return evidence.Statement{}, err
	}
	return evidence.NewStatement(predicateType, json.RawMessage(document.Bytes()), s.subjects()...)
}

func (s *stater) vulnerabilities() (evidence.Statement, error) {
	r := &s.analysis.report
	if r.Database == nil {
		return evidence.Statement{}, errors.New("no advisories were looked up for the report, so it says nothing of vulnerabilities: scan again")
	}
	var asOf time.Time // of the source that was checked longest ago
	for _, source := range r.Database.Sources {
		if asOf.IsZero() || source.AsOf.Before(asOf) {
			asOf = source.AsOf
		}
	}
	at := s.scannedAt().UTC().Format(time.RFC3339)
	scanner := evidence.Scanner{
		URI: s.maker.ID, Version: s.maker.Version,
		DB: evidence.ScannerDB{Version: r.Database.Digest.String(), LastUpdate: asOf.UTC().Format(time.RFC3339)},
	}
	return evidence.VulnerabilitiesOf(r.Findings, scanner, evidence.ScanTime{ScanStartedOn: at, ScanFinishedOn: at}).Statement(s.subjects()...)
}

// readOpenVEX reads the VEX documents that will be signed as they are.
func readOpenVEX(paths []string) ([]json.RawMessage, error) {
	var documents []json.RawMessage
	for _, path := range paths {
		_, content, err := readVEX(path)
		if err != nil {
			return nil, err
		}
		var head struct {
			Context string `json:"@context"`
		}
		if err := json.Unmarshal(content, &head); err != nil || !strings.HasPrefix(head.Context, "https://openvex.dev/ns") {
			return nil, fmt.Errorf("%s is no OpenVEX document, and --predicate openvex signs no others: write it anew, or leave it out", path)
		}
		documents = append(documents, content)
	}
	return documents, nil
}

// makerOf says who makes a verdict. A policy is told where to find only if that is one place.
func makerOf(id string, policies []string, engine string) evidence.Maker {
	by := evidence.Maker{ID: id, Version: engine}
	if len(policies) == 1 && strings.HasPrefix(policies[0], ociScheme) {
		by.PolicyURI = policies[0]
	}
	return by
}

// unchanged holds a stored report against the digests that its verdict names: it does not sign
// for what was changed since. That the verdict follows from them reproduce tells.
func unchanged(path string, document *scanned) error {
	recorded := document.stored.Verdict
	a, err := recordedAnalysis(document)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	a.decide(&line{policies: policy.Starter(), as: nameOf(recorded.Inputs.Subject)})
	was, is := recorded.Inputs, a.report.Verdict.Inputs
	changed := cmp.Or(
		differs(was.Subject != is.Subject, "subject"), differs(was.Facts != is.Facts, "facts"),
		differs(was.Findings != is.Findings, "findings"), differs(was.Database != is.Database, "database"), differs(was.Evidence != is.Evidence, "evidence"))
	if changed != "" {
		return fmt.Errorf("%s was changed after it was made: its %s differ from what its verdict names; check the image again", path, changed)
	}
	return nil
}

// differs is a name if something differs, else empty.
func differs(so bool, name string) string {
	if so {
		return name
	}
	return ""
}
