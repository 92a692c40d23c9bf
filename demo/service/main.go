// Command service is the program in the demo's images: small, and with a dependency that is old
// in the first image and new in the second (go.mod and fixed.mod).
package main

import (
	"fmt"
	"net/http"
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
			fmt.Println(err)
		}
	}
	fmt.Println(http.ListenAndServe(":8080", http.HandlerFunc(handler)))
}
