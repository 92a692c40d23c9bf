package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
	"unicode"

	"plimsoll.dev/plimsoll/evidence/dsse"
)

// The limits of a command.
const (
	commandTime   = 30 * time.Second // a person may have to touch a token
	commandOutput = 64 << 10         // a public key or a signature has some hundred bytes
	commandErrors = 2 << 10          // of what it writes to standard error, into our error
)

// command is a key behind a command.
type command struct {
	line []string
	key  dsse.Key
}

// OpenCommand signs with a command, for keys that live in a token, an agent or a service. It is
// run without a shell, with one more argument:
//
//	PATH ARGS… public-key   writes the public key in PEM to standard output
//	PATH ARGS… sign         reads what is to be signed from standard input: DSSE's encoding of type
//	                        and payload, not a digest of it; writes the signature as raw bytes: for
//	                        ECDSA of its SHA-256, in ASN.1 DER; for Ed25519 of the bytes themselves
//
// A status other than 0 is a failure, and what it wrote to standard error goes into ours. It has
// 30 seconds.
func OpenCommand(ctx context.Context, line []string) (dsse.Signer, error) {
	if len(line) == 0 {
		return nil, errors.New("name the command that signs: exec:PATH ARGS")
	}
	c := command{line: line}
	text, err := c.run(ctx, "public-key", nil)
	if err != nil {
		return nil, err
	}
	if c.key, err = dsse.ParseKey(text); err != nil {
		return nil, fmt.Errorf("what %s public-key wrote: %w", line[0], err)
	}
	return c, nil
}

func (c command) Key() dsse.Key { return c.key }

func (c command) SignMessage(ctx context.Context, message []byte) ([]byte, error) {
	return c.run(ctx, "sign", message)
}

func (c command) run(ctx context.Context, mode string, input []byte) ([]byte, error) {
	output, complaint, err := RunCommand(ctx, append(append([]string{}, c.line...), mode), input)
	if err != nil {
		if complaint != "" {
			complaint = ": " + complaint
		}
		return nil, fmt.Errorf("running %s %s: %w%s", c.line[0], mode, err, complaint)
	}
	return output, nil
}

// RunCommand runs a command that a user named for a secret, without a shell and within the limits,
// and returns what it wrote to standard output; and the beginning of what it wrote to standard error,
// for whoever knows that it holds no secret.
func RunCommand(ctx context.Context, line []string, input []byte) (written []byte, complaint string, err error) {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	process := exec.CommandContext(ctx, line[0], line[1:]...)
	const afterKill = 2 * time.Second // its children may hold our pipes
	process.WaitDelay = afterKill
	process.Stdin = bytes.NewReader(input)
	output, complaints := &bounded{most: commandOutput}, &bounded{most: commandErrors}
	process.Stdout, process.Stderr = output, complaints
	err = process.Run()
	switch {
	case ctx.Err() != nil:
		return nil, complaints.words(), fmt.Errorf("it did not end in %s, or was called off: %w", commandTime, ctx.Err())
	case err != nil:
		return nil, complaints.words(), err
	case output.more:
		return nil, complaints.words(), fmt.Errorf("it wrote more than %d bytes", commandOutput)
	}
	return output.kept, complaints.words(), nil
}

// bounded keeps the first bytes that are written to it and takes the rest.
type bounded struct {
	most int
	kept []byte
	more bool
}

func (b *bounded) Write(p []byte) (int, error) {
	room := b.most - len(b.kept)
	if len(p) > room {
		b.more = true
	}
	b.kept = append(b.kept, p[:min(len(p), room)]...)
	return len(p), nil
}

// words is what was written, fit for one line of an error.
func (b *bounded) words() string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, string(b.kept))
	return strings.Join(strings.Fields(text), " ")
}
