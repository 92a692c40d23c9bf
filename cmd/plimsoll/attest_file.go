package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"plimsoll.dev/plimsoll/advisory/db"
	"plimsoll.dev/plimsoll/advisory/vex"
	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/image/registry"
	"plimsoll.dev/plimsoll/policy"
	"plimsoll.dev/plimsoll/ship"
)

// attestFile signs a file, or a policy in a registry.
func (p *program) attestFile(ctx context.Context, targets []string, a *attesting) error {
	kind := a.predicates[0]
	switch {
	case len(targets) != 1:
		return usageError{fmt.Errorf("--predicate %s signs one file at a time, and %d are named", kind.name, len(targets))}
	case a.flags.to != "":
		return usageError{fmt.Errorf("--predicate %s: a file's signature lies beside the file: leave --to out (a policy in a registry is named oci://NAME@sha256:DIGEST)", kind.name)}
	}
	subjects, err := p.fileSubjects(ctx, targets[0], kind, a.flags.target.remote)
	if err != nil {
		return err
	}
	if a.signer, err = p.beginSigner(ctx, a.flags, func(error) {})(); err != nil {
		return err
	}
	now, _, err := p.evaluatedAt()
	if err != nil {
		return err
	}
	statement, err := evidence.FileStatement(kind.types[0], now, subjects...)
	if err != nil {
		return err
	}
	content, err := evidence.SignStatement(ctx, a.signer, statement)
	if err != nil {
		return err
	}
	reference, inRegistry := strings.CutPrefix(targets[0], ociScheme)
	if inRegistry {
		return p.attachToArtifact(ctx, reference, a, ship.Bundle{Content: content, PredicateType: statement.PredicateType, Created: now})
	}
	return p.write(func(w io.Writer) error {
		_, err := w.Write(joinBundles([][]byte{content}))
		return err
	})
}

// fileSubjects is what a statement about a file is about. What cannot be read as what it is said to
// be is not signed.
func (p *program) fileSubjects(ctx context.Context, path string, kind predicate, remote remoteFlags) ([]evidence.Subject, error) {
	reference, inRegistry := strings.CutPrefix(path, ociScheme)
	if inRegistry && kind.types[0] != evidence.PolicyType {
		return nil, usageError{fmt.Errorf("%s: of what is in registries only policies are signed so: give a file", path)}
	}
	subject, content, err := p.fileSubject(ctx, path, kind, remote)
	if err != nil || !inRegistry {
		return []evidence.Subject{subject}, err
	}
	_, identifier, _ := strings.Cut(reference, "@")
	manifest, err := image.ParseDigest(identifier)
	return []evidence.Subject{evidence.SubjectOf(reference, manifest), evidence.SubjectOf(reference, image.DigestOf(content))}, err
}

// fileSubject reads a file as what it is said to be.
func (p *program) fileSubject(ctx context.Context, path string, kind predicate, remote remoteFlags) (subject evidence.Subject, content []byte, err error) {
	switch kind.types[0] {
	case evidence.DatabaseType:
		database, err := db.Open(path)
		if err != nil {
			return evidence.Subject{}, nil, err
		}
		return evidence.SubjectOf(filepath.Base(path), database.Digest()), nil, errors.Join(database.Check(), database.Close())
	case evidence.PolicyType:
		if content, err = p.readPolicy(ctx, path, remote); err == nil {
			_, err = policy.Parse(path, content)
		}
	case evidence.WaiversType:
		if content, err = readLimited(path, policy.MaxSize); err == nil {
			_, err = policy.ParseWaivers(path, content)
		}
	default:
		if content, err = readLimited(path, vex.MaxSize); err == nil {
			_, err = vex.Decode(path, content)
		}
	}
	return evidence.SubjectOf(filepath.Base(path), image.DigestOf(content)), content, err
}

// attachToArtifact attaches a signature to an artifact that is named by digest.
func (p *program) attachToArtifact(ctx context.Context, reference string, a *attesting, bundle ship.Bundle) (err error) {
	name, identifier, err := registry.Split(reference)
	if err != nil {
		return usageError{err}
	}
	digest, err := image.ParseDigest(identifier)
	if err != nil {
		return usageError{err}
	}
	remote := a.flags.target.remote
	remote.insecure = false // as when it is read
	repository, err := p.openRepository(ctx, name, registry.Write, remote)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, repository.Close()) }()
	attached, err := ship.Attach(ctx, repository, []image.Digest{digest}, []ship.Bundle{bundle})
	if err != nil {
		return err
	}
	rows := []attachedRow{{bundle.PredicateType, attached[0].Subject, attached[0].Manifest, attached[0].Tag}}
	return p.writeAttached(resolvedName{repository: name, digest: digest}, rows, a.flags.format)
}

// joinBundles writes bundles one a line.
func joinBundles(bundles [][]byte) []byte {
	var lines bytes.Buffer
	for _, content := range bundles {
		if json.Compact(&lines, content) == nil {
			lines.WriteByte('\n')
		}
	}
	return lines.Bytes()
}

// digestOfFile is that of a file's bytes, however long it is.
func digestOfFile(path string) (image.Digest, error) {
	file, err := os.Open(path)
	if err != nil {
		return image.Digest{}, err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return image.Digest{}, err
	}
	return image.DigestFromSum([sha256.Size]byte(hash.Sum(nil))), nil
}

// readBeside reads the bundles beside a file, or those that the flags name.
func readBeside(path string, digest image.Digest, flags verifyFlags) (resolvedName, gathered, error) {
	there := resolvedName{repository: path, digest: digest, children: []child{{digest: digest}}}
	if flags.platform != "" || flags.stage != "" {
		return there, gathered{}, usageError{fmt.Errorf("%s is a file, which has neither platforms nor stages: leave --platform and --stage out", path)}
	}
	bundles := flags.bundles
	if len(bundles) == 0 {
		bundles = []string{path + bundleSuffix}
		if _, err := os.Stat(bundles[0]); errors.Is(err, fs.ErrNotExist) {
			return there, gathered{complete: true}, nil // nobody has signed it
		}
	}
	all, err := readBundles(bundles, digest)
	return there, all, err
}

// readSignatures reads the signatures of a file, or of a policy in a registry, for verify.
func (p *program) readSignatures(ctx context.Context, path string, kind predicate, flags verifyFlags) (there resolvedName, all gathered, err error) {
	subjects, err := p.fileSubjects(ctx, path, kind, flags.remote)
	if err != nil {
		return there, all, err
	}
	digest, err := image.ParseDigest("sha256:" + subjects[0].Digest["sha256"])
	if err != nil {
		return there, all, err
	}
	reference, inRegistry := strings.CutPrefix(path, ociScheme)
	if !inRegistry || len(flags.bundles) > 0 {
		return readBeside(path, digest, flags)
	}
	there = resolvedName{digest: digest, children: []child{{digest: digest}}}
	there.repository, _, _ = strings.Cut(reference, "@")
	remote := flags.remote
	remote.insecure = false
	repository, err := p.openRepository(ctx, there.repository, registry.Read, remote)
	if err != nil {
		return there, all, err
	}
	defer func() { err = errors.Join(err, repository.Close()) }()
	reading, err := ship.Read(ctx, repository, ship.Subject{Digest: digest})
	return there, gathered{reading.Evidence, reading.Unread, reading.Problems, reading.Complete()}, err
}
