// Command service is the program in the demo's images: small, and with a dependency that each
// module file has in another version: old (go.mod), without what is known to be exploited
// (halfway.mod), current (fixed.mod). After a change: go mod tidy -modfile=FILE.
package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"

	"golang.org/x/net/html"
)

func main() {
	handler := func(w http.ResponseWriter, r *http.Request) {
		node, err := html.Parse(strings.NewReader("<p>" + html.EscapeString(r.URL.Path)))
		if err == nil {
			err = html.Render(w, node)
		}
		if err != nil {
			http.Error(w, "this page cannot be shown", http.StatusInternalServerError)
		}
	}
	fmt.Fprintln(os.Stderr, http.ListenAndServe(":8080", http.HandlerFunc(handler)))
	os.Exit(1)
}
