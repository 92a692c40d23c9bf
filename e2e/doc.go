// Package e2e runs the plimsoll binary on real images and holds its answers against other
// people's word: the package managers' own lists, Alpine's own comparator, an independent slow
// matcher over the raw advisories, and what OSV.dev itself answered.
//
// The tests need ../shared beside the checkout, the images that tools/images.sh builds from it,
// and dist/plimsoll. `make e2e` makes both first.
package e2e
