#!/bin/sh
# Formatting, vet, linters (tools/go.mod), module files and the invariants of the repository.
set -eu
cd "$(dirname "$0")/.."
fail() { echo "make check: $1" >&2; exit 1; }

unformatted=$(gofmt -l $(git ls-files -co --exclude-standard '*.go'))
[ -z "$unformatted" ] || fail "not formatted: $unformatted (run gofmt -w)"
go vet ./...
go tool -modfile=tools/go.mod staticcheck ./...
go tool -modfile=tools/go.mod errcheck -exclude tools/errcheck.txt -ignoretests ./...
go mod verify >/dev/null || fail "a module in the module cache was altered"
go mod tidy -diff || fail "go.mod or go.sum is not tidy (run go mod tidy)"
go test -count=1 ./internal/invariants
echo "make check: passed"
