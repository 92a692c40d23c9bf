// Command registry is a registry in memory for the benchmarks, in a process of its own so that
// what it holds is not counted as theirs. It writes its address, and ends with its standard input.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"strings"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	referrers := flag.Bool("referrers", false, "list referrers")
	flag.Parse()
	server := httptest.NewServer(ggcr.New(ggcr.WithReferrersSupport(*referrers), ggcr.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	fmt.Println(strings.TrimPrefix(server.URL, "http://"))
	_, _ = io.Copy(io.Discard, os.Stdin)
}
