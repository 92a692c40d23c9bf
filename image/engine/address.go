package engine

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// address is where an engine listens.
type address struct {
	socket string      // the path of a Unix socket, else
	remote string      // HOST:PORT
	tls    *tls.Config // nil: in the clear
}

// String names the address for errors.
func (a address) String() string {
	if a.socket != "" {
		return a.socket
	}
	return a.remote
}

func (a address) scheme() string {
	if a.tls != nil {
		return "https"
	}
	return "http"
}

// host is what stands in URLs: an engine behind a socket has none.
func (a address) host() string {
	if a.socket != "" {
		return "engine"
	}
	return a.remote
}

// parseAddress reads unix://PATH, tcp://HOST:PORT and http[s]://HOST:PORT. source names the
// setting in errors; certificates is the folder of the key and certificates for TLS, or empty.
func parseAddress(text, source, certificates string, offline bool) (address, error) {
	if path, ok := strings.CutPrefix(text, "unix://"); ok && path != "" {
		return address{socket: path}, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "tcp" && u.Scheme != "http" && u.Scheme != "https" {
		scheme, _, _ := strings.Cut(text, ":")
		return address{}, fmt.Errorf("%s names an engine at %.40q, and only unix:// and tcp:// are known: save the image to a file there, and scan that", source, scheme+"://...")
	}
	if offline {
		return address{}, fmt.Errorf("%s names an engine on the network, at %s, and --offline forbids that", source, u.Host)
	}
	a := address{remote: u.Host}
	if u.Port() == "" {
		a.remote += ":2375" // Docker's, without TLS
	}
	if certificates == "" && u.Scheme != "https" {
		return a, nil
	}
	a.tls, err = readCertificates(certificates)
	if err != nil {
		return address{}, fmt.Errorf("%s: %w", source, err)
	}
	return a, nil
}

// readCertificates reads a folder as Docker lays it out: ca.pem, and cert.pem with key.pem. The
// engine's certificate is always verified, with DOCKER_TLS_VERIFY or without.
func readCertificates(folder string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if folder == "" {
		return config, nil
	}
	authority, err := readSmall(filepath.Join(folder, "ca.pem"))
	switch {
	case os.IsNotExist(err): // then the system's are believed
	case err != nil:
		return nil, err
	default:
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(authority) {
			return nil, fmt.Errorf("%s holds no certificate in PEM form", filepath.Join(folder, "ca.pem"))
		}
	}
	certificate, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	if _, err := os.Stat(certificate); os.IsNotExist(err) {
		return config, nil
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate for the engine: %w", err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

// readSmall reads a file of settings: none is longer than a megabyte.
func readSmall(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, 1<<20))
}

// firstSocket returns the first path that is there, else the first path.
func firstSocket(paths ...string) string {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.Mode().Type() == os.ModeSocket {
			return path
		}
	}
	return paths[0]
}
