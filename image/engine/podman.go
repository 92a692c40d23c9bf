package engine

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// podman finds Podman's service: CONTAINER_HOST, else the socket of the user, else of the system;
// for root the other way round. Its own API is asked, not the one that imitates Docker's: that
// one takes short names for Docker's registry (containers.conf, compat_api_enforce_docker_hub).
func podman(options Options) (*exporter, error) {
	where, err := podmanAddress(options)
	if err != nil {
		return nil, err
	}
	const images = "/v4.0.0/libpod/images/"
	return &exporter{
		product: "Podman", address: where, client: newClient(where),
		inspect: [2]string{images, "/json"},
		export:  [2]string{images, "/get"},
		query:   url.Values{"format": {"docker-archive"}},
		asleep:  "start its service with systemctl --user start podman.socket, or save the image with podman save and scan the file",
		pull:    "pull or build it first",
	}, nil
}

func podmanAddress(options Options) (address, error) {
	if host := options.Getenv("CONTAINER_HOST"); host != "" {
		return parseAddress(host, "CONTAINER_HOST", "", options.Offline)
	}
	runtime := options.Getenv("XDG_RUNTIME_DIR")
	if runtime == "" {
		runtime = fmt.Sprintf("/run/user/%d", os.Getuid())
	}
	user, system := filepath.Join(runtime, "podman/podman.sock"), "/run/podman/podman.sock"
	if os.Getuid() == 0 {
		return address{socket: firstSocket(system, user)}, nil
	}
	return address{socket: firstSocket(user, system)}, nil
}
