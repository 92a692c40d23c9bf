package keyless_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll.dev/plimsoll/evidence"
	"plimsoll.dev/plimsoll/evidence/sigstore/keyless"
	"plimsoll.dev/plimsoll/evidence/sigstore/sigstoretest"
)

// asGitHub gives tokens as GitHub Actions does, to whoever has the right to ask.
func asGitHub(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Authorization") != "Bearer right":
		http.Error(w, "not you: "+r.Header.Get("Authorization"), http.StatusUnauthorized)
	case r.Method != http.MethodGet || r.URL.Query().Get("audience") != "sigstore" || r.URL.Query().Get("api-version") != "2.0":
		http.Error(w, "no such token", http.StatusBadRequest)
	default:
		fmt.Fprintf(w, `{"count": 1, "value": %q}`, sigstoretest.Token())
	}
}

// A token comes from where it is said to be, and what is there instead is shown to nobody.
func TestOpenToken(t *testing.T) {
	github := httptest.NewServer(http.HandlerFunc(asGitHub))
	t.Cleanup(github.Close)
	environment := map[string]string{"TOKEN": sigstoretest.Token() + "\n", "SECRET": "hunter2"}
	secrets := evidence.Secrets{Environment: func(name string) (string, bool) {
		value, found := environment[name]
		return value, found
	}}
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("token", sigstoretest.Token()+"\n")
	failing := write("failing", "#!/bin/sh\necho hunter2 >&2\nexit 1\n")
	ask := func(address, right string) map[string]string {
		return map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": address, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": right}
	}
	for _, c := range []struct {
		name, where string
		more        map[string]string
		want        string // a part of the error, empty for none
	}{
		{"a file", file, nil, ""},
		{"the environment", "env:TOKEN", nil, ""},
		{"the environment, as an address", "env://TOKEN", nil, ""},
		{"a command", "exec:cat " + file, nil, ""},
		{"GitHub Actions", keyless.GitHubActions, ask(github.URL+"/token?api-version=2.0", "right"), ""},

		{"nothing", "", nil, "no identity token is named"},
		{"a token itself", sigstoretest.Token(), nil, "others could see"},
		{"no file", file + "x", nil, "no such file"},
		{"a file of something else", write("other", "hunter2"), nil, "is no identity token"},
		{"a file that is too large", write("large", "a.b."+strings.Repeat("c", 64<<10)), nil, "is no identity token"},
		{"a file of a token over two lines", write("lines", "a.b.\nc"), nil, "is no identity token"},
		{"no variable", "env:NOTHING", nil, "no identity token in the environment variable NOTHING"},
		{"a variable of something else", "env:SECRET", nil, "is no identity token"},
		{"no command", "exec:", nil, "name the command"},
		{"a command that is not there", "exec:/no/such/program", nil, "/no/such/program"},
		{"a command that fails", "exec:" + failing, nil, "run it by itself"},
		{"a silent command", "exec:true", nil, "no identity token in what true wrote"},
		{"no job of GitHub Actions", keyless.GitHubActions, nil, "id-token: write"},
		{"GitHub Actions refuses", keyless.GitHubActions, ask(github.URL+"/token?api-version=2.0", "hunter2"), "401"},
		{"GitHub Actions answers garbage", keyless.GitHubActions, ask(github.URL+"/token", "right"), "400"},
		{"GitHub Actions at an address that is not https", keyless.GitHubActions, ask("http://token.example/hunter2", "right"), "leave them alone"},
		{"a right that is no header", keyless.GitHubActions, ask(github.URL, "hunter2\r\nx: y"), "leave them alone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, value := range c.more {
				environment[name] = value
			}
			token, err := keyless.OpenToken(c.where, secrets, nil)
			got := ""
			if err == nil {
				got, err = token(t.Context())
			}
			for name := range c.more {
				delete(environment, name)
			}
			switch {
			case c.want == "" && (err != nil || got != sigstoretest.Token()):
				t.Errorf("%q, %v", got, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), sigstoretest.Token())):
				t.Errorf("%q, error %v, want %q", got, err, c.want)
			}
		})
	}
}
