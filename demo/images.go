package main

import (
	"fmt"
	"os"
	"path/filepath"

	"plimsoll.dev/plimsoll/image"
	"plimsoll.dev/plimsoll/internal/assemble"
)

// recipe says what an image is made of.
type recipe struct {
	// system is debian or alpine.
	system string
	// tag is v1 or v2: the system's packages before or after its updates.
	tag string
	// module is the module file that the service is built with; see buildService.
	module string
	// user is who the service runs as; "" is root.
	user string
	// leftovers tells whether the service was built in the image itself, so that files of the
	// build lie in it still.
	leftovers bool
}

// name is the folder of the image's layout.
func (r recipe) name() string { return r.system + "-" + r.tag }

// write assembles the image around the service's program and writes it as an OCI layout into a
// folder of its own in dir. What lay there goes.
func (r recipe) write(dir string, program []byte) error {
	folder := filepath.Join(dir, r.name())
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("clearing the last image: %w", err)
	}
	img, err := r.assemble(program)
	if err != nil {
		return fmt.Errorf("assembling image %s: %w", r.name(), err)
	}
	return assemble.WriteLayout(folder, r.tag, img)
}

// assemble makes the image: one layer of the system, one of the application.
func (r recipe) assemble(program []byte) (assemble.Image, error) {
	img := assemble.Image{
		Platform: image.DefaultPlatform(),
		Config: image.Config{
			User:         r.user,
			Env:          []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
			Entrypoint:   []string{"/usr/local/bin/service"},
			ExposedPorts: []string{"8080/tcp"},
			Labels:       map[string]string{"org.opencontainers.image.title": "service on " + r.system},
		},
		CreatedBy: []string{"ADD " + r.system + " root file system", "COPY service /usr/local/bin/"},
	}
	for _, files := range [][]assemble.File{r.base(img.Platform.Architecture), r.application(program)} {
		layer, err := assemble.Layer(files, assemble.Gzip)
		if err != nil {
			return assemble.Image{}, err
		}
		img.Layers = append(img.Layers, layer)
	}
	return img, nil
}

// base is the system's layer.
func (r recipe) base(architecture string) []assemble.File {
	if r.system == "alpine" {
		return alpine(r.tag, architecture)
	}
	return debian(r.tag, architecture)
}

// application is the service's layer.
func (r recipe) application(program []byte) []assemble.File {
	files := []assemble.File{{Path: "usr/local/bin/service", Mode: 0o755, Body: program}}
	if r.leftovers {
		files = append(files, assemble.File{Path: "app/package-lock.json", Body: []byte(packageLock)})
	}
	return files
}

// pick chooses what a tag has.
func pick(tag, v1, v2 string) string {
	if tag == "v1" {
		return v1
	}
	return v2
}
