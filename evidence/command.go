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

// The limits of a signing command.
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
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	arguments := append(append([]string{}, c.line[1:]...), mode)
	process := exec.CommandContext(ctx, c.line[0], arguments...)
	const afterKill = 2 * time.Second // its children may hold our pipes
	process.WaitDelay = afterKill
	process.Stdin = bytes.NewReader(input)
	output, complaint := &bounded{most: commandOutput}, &bounded{most: commandErrors}
	process.Stdout, process.Stderr = output, complaint
	err := process.Run()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("running %s %s: it did not end in %s, or was called off: %w", c.line[0], mode, commandTime, ctx.Err())
	case err != nil:
		return nil, fmt.Errorf("running %s %s: %w%s", c.line[0], mode, err, complaint.words())
	case output.more:
		return nil, fmt.Errorf("running %s %s: it wrote more than %d bytes", c.line[0], mode, commandOutput)
	}
	return output.kept, nil
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
	if text = strings.Join(strings.Fields(text), " "); text == "" {
		return ""
	}
	return ": " + text
}
