// Package e2e runs the plimsoll binary on real images and holds its answers against other
// people's word: the package managers' own lists, Alpine's own comparator, an independent slow
// matcher over the raw advisories, and what OSV.dev itself answered.
//
// Where syft and osv-scanner are on PATH, each difference to them must have a reason that is told in
// docs/accuracy.md.
//
// The same image is also had from every medium that is read: what skopeo and umoci write, Debian's
// docker-registry, go-containerregistry's registry, containerd, Docker and Podman, each started by
// the test with folders and a socket or loopback port of its own.
//
// And our own release is built twice, from a clone and from an archive, and compared.
//
// The tests need ../shared beside the checkout, the images that tools/images.sh builds from it,
// dist/plimsoll and, for the media, what tools/e2e-parts.sh installs. `make e2e` makes all of it first.
package e2e
