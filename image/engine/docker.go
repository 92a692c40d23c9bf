package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// docker finds the daemon as Docker's own command does: DOCKER_HOST, else the context that
// DOCKER_CONTEXT or the configuration names, else the socket of the system, else of the user.
func docker(options Options) (*exporter, error) {
	where, err := dockerAddress(options)
	if err != nil {
		return nil, err
	}
	return &exporter{
		product: "Docker", address: where, client: newClient(where),
		inspect: [2]string{"/images/", "/json"},
		export:  [2]string{"/images/", "/get"},
		asleep:  "start the daemon, or say where it is with DOCKER_HOST",
		pull:    "pull or build it first",
	}, nil
}

func dockerAddress(options Options) (address, error) {
	folder := options.Getenv("DOCKER_CONFIG")
	if folder == "" {
		folder = filepath.Join(options.Getenv("HOME"), ".docker")
	}
	if host := options.Getenv("DOCKER_HOST"); host != "" {
		certificates := options.Getenv("DOCKER_CERT_PATH")
		if certificates == "" && options.Getenv("DOCKER_TLS_VERIFY") != "" {
			certificates = folder
		}
		return parseAddress(host, "DOCKER_HOST", certificates, options.Offline)
	}
	context := options.Getenv("DOCKER_CONTEXT")
	if context == "" {
		context = currentContext(folder)
	}
	if context != "" && context != "default" {
		return contextAddress(folder, context, options.Offline)
	}
	home, runtime := options.Getenv("HOME"), options.Getenv("XDG_RUNTIME_DIR")
	paths := []string{"/var/run/docker.sock"}
	if runtime != "" {
		paths = append(paths, filepath.Join(runtime, "docker.sock")) // rootless
	}
	if home != "" { // Docker Desktop, by version
		paths = append(paths, filepath.Join(home, ".docker/run/docker.sock"), filepath.Join(home, ".docker/desktop/docker.sock"))
	}
	return address{socket: firstSocket(paths...)}, nil
}

// currentContext is the one that `docker context use` has chosen, "" if none or not known.
func currentContext(folder string) string {
	var config struct {
		CurrentContext string `json:"currentContext"`
	}
	content, err := readSmall(filepath.Join(folder, "config.json"))
	if err != nil || json.Unmarshal(content, &config) != nil {
		return ""
	}
	return config.CurrentContext
}

// contextAddress reads a context where Docker's command keeps it: below the digest of its name
// (docker/cli, cli/context/store).
func contextAddress(folder, name string, offline bool) (address, error) {
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	content, err := readSmall(filepath.Join(folder, "contexts", "meta", id, "meta.json"))
	if err != nil {
		return address{}, fmt.Errorf("context %.100q of Docker cannot be read: %w: choose another with docker context use, or set DOCKER_HOST", name, err)
	}
	var meta struct {
		Endpoints map[string]struct{ Host string }
	}
	if err := json.Unmarshal(content, &meta); err != nil || meta.Endpoints["docker"].Host == "" {
		return address{}, fmt.Errorf("context %.100q of Docker names no daemon: choose another with docker context use, or set DOCKER_HOST", name)
	}
	certificates := filepath.Join(folder, "contexts", "tls", id, "docker")
	if _, err := os.Stat(certificates); err != nil {
		certificates = ""
	}
	return parseAddress(meta.Endpoints["docker"].Host, fmt.Sprintf("context %.100q of Docker", name), certificates, offline)
}
