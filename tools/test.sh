#!/bin/sh
# Runs every test once with the race detector, then each fuzz target for a few seconds.
# The race detector needs cgo and so a C compiler; nothing else here does.
set -eu
cd "$(dirname "$0")/.."
if ! command -v "${CC:-cc}" >/dev/null && ! command -v gcc >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing a C compiler for the race detector"
    apt-get -qq update && apt-get -qq install -y --no-install-recommends gcc libc6-dev >/dev/null
  else
    echo "make test: the race detector needs a C compiler: install gcc and run it again" >&2
    exit 1
  fi
fi
# Some formats are held against the package manager itself: rpm (with sqlite and Berkeley DB),
# pacman, RubyGems; and evidence against Debian's registry. Without it their tests skip, but in CI they fail.
for program in rpm rpmbuild db5.3_load python3 pacman ruby docker-registry; do
  if ! command -v "$program" >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing rpm, Berkeley DB's tools, python3, pacman and ruby for the tests of package databases, and docker-registry"
    apt-get -qq update && apt-get -qq install -y --no-install-recommends \
      rpm db5.3-util python3 pacman-package-manager ruby docker-registry >/dev/null
    break
  fi
done
# Signatures are held against cosign, which is optional: it takes minutes to build, so only CI tries.
PATH="$PATH:$(go env GOPATH)/bin"
if [ "${CI:-}" = true ] && ! command -v cosign >/dev/null; then
  echo "installing cosign for the tests of signatures"
  go install github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3 || {
    echo "make test: cosign could not be installed; the tests that need it are skipped" >&2
    export PLIMSOLL_NO_COSIGN=1
  }
fi
# gotestsum says at the end what failed and what was skipped, and why.
# The end-to-end tests need built images and have a command of their own: make e2e.
# shellcheck disable=SC2046
CGO_ENABLED=1 go tool -modfile=tools/go.mod gotestsum --format pkgname -- \
  -race -timeout 15m $(go list ./... | grep -v '/e2e')
# The oracle of the package formats is a module of its own.
(cd inventory/extract/oracle && go test ./...)
FUZZTIME="${FUZZTIME:-2s}" tools/fuzz.sh
