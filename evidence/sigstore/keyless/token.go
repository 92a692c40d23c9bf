package keyless

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"

	"plimsoll.dev/plimsoll/evidence"
)

// maxToken is the largest identity token in bytes; providers' have one or two thousand.
const maxToken = 64 << 10

// GitHubActions in place of a file is the identity of the job of GitHub Actions (or of Forgejo's)
// that this runs in.
const GitHubActions = "github-actions"

// audience is whom a token is for: Fulcio asks for this one, and takes none that is for others.
const audience = "sigstore"

// Token returns an OpenID Connect token of who signs. It is asked for each signature: tokens live
// for minutes.
type Token func(context.Context) (string, error)

// OpenToken returns the token that a user named:
//
//	FILE            a file that holds it
//	env:NAME        an environment variable that does (env://NAME too)
//	exec:PATH ARGS  a command that writes it to standard output; it is run without a shell
//	github-actions  the job's own, which GitHub Actions gives to jobs that may ask for it
//
// A token itself is refused, as others see command lines. The authorities are those that GitHub's
// service may have its TLS certificate from; nil for the system's.
func OpenToken(where string, secrets evidence.Secrets, authorities *x509.CertPool) (Token, error) {
	environment := secrets.Environment
	if environment == nil {
		environment = func(string) (string, bool) { return "", false }
	}
	switch {
	case where == "":
		return nil, errors.New("no identity token is named; want FILE, env:NAME, exec:PATH ARGS or " + GitHubActions)
	case strings.HasPrefix(where, "eyJ") && isToken(strings.TrimSpace(where)): // {" in base64, and no name of a file
		return nil, errors.New("this is an identity token itself, which others could see; name what holds it: FILE, env:NAME, exec:PATH ARGS or " + GitHubActions)
	case where == GitHubActions:
		return fromGitHub(environment, newClient(authorities)), nil
	}
	if name, ok := strings.CutPrefix(where, "env:"); ok {
		return fromEnvironment(strings.TrimPrefix(name, "//"), environment), nil
	}
	if line, ok := strings.CutPrefix(where, "exec:"); ok {
		return fromCommand(strings.Fields(line))
	}
	return fromFile(where), nil
}

func fromEnvironment(name string, environment func(string) (string, bool)) Token {
	return func(context.Context) (string, error) {
		value, _ := environment(name)
		return checkToken(value, "the environment variable "+name)
	}
}

// fromFile reads the file for each signature: such files are renewed.
func fromFile(path string) Token {
	return func(context.Context) (string, error) {
		file, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("reading the identity token: %w", err)
		}
		defer file.Close()
		content, err := io.ReadAll(io.LimitReader(file, maxToken+1))
		if err != nil {
			return "", fmt.Errorf("reading the identity token: %w", err)
		}
		return checkToken(string(content), path)
	}
}

func fromCommand(line []string) (Token, error) {
	if len(line) == 0 {
		return nil, errors.New("name the command that writes the identity token: exec:PATH ARGS")
	}
	return func(ctx context.Context) (string, error) {
		output, _, err := evidence.RunCommand(ctx, line, nil)
		if err != nil { // what it complains of may hold the token
			return "", fmt.Errorf("running %s for the identity token: %w; run it by itself to see why", line[0], err)
		}
		return checkToken(string(output), "what "+line[0]+" wrote")
	}, nil
}

// fromGitHub asks GitHub for the job's token, with the address and the right to ask that it gives to
// jobs with the permission "id-token: write" (GitHub's documentation on OpenID Connect in Actions).
func fromGitHub(environment func(string) (string, bool), client client) Token {
	return func(ctx context.Context) (string, error) {
		address, _ := environment("ACTIONS_ID_TOKEN_REQUEST_URL")
		right, _ := environment("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
		if address == "" || right == "" {
			return "", errors.New(`this is no job of GitHub Actions that may have an identity token; give the job "permissions: {id-token: write}"`)
		}
		u, err := url.Parse(address)
		if err == nil {
			err = checkAddress(address)
		}
		if err != nil || strings.ContainsFunc(right, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return "", errors.New("ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not as GitHub Actions sets them; leave them alone")
		}
		query := u.Query()
		query.Set("audience", audience)
		u.RawQuery = query.Encode()
		q := question{of: "GitHub Actions, for the job's identity token,", method: http.MethodGet, address: u.String(), wants: jsonType, token: right}
		answer, err := client.ask(ctx, q)
		if err != nil {
			return "", err
		}
		var token struct {
			Value string `json:"value"`
		}
		if err := json.Unmarshal(answer, &token); err != nil {
			return "", errors.New("what GitHub Actions answers is no identity token")
		}
		return checkToken(token.Value, "what GitHub Actions answers")
	}
}

// isToken tells whether a text has the form of a signed JSON Web Token (RFC 7515, section 7.1).
func isToken(text string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`).MatchString(text)
}

// checkToken wants a JSON Web Token, and never shows what is there.
func checkToken(text, source string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", fmt.Errorf("there is no identity token in %s", source)
	case len(text) > maxToken || !isToken(text):
		return "", fmt.Errorf("what is in %s is no identity token; want an OpenID Connect token (three parts with dots between)", source)
	}
	return text, nil
}
