#!/bin/sh
# Runs each fuzz target for $FUZZTIME, beginning with its committed corpus; one for each processor
# at a time.
#
# Go's fuzzer now and then reports its own time limit as a failure ("context deadline exceeded")
# without an input that fails. Such a run is said and repeated once; a run that found a failing
# input, or fails in any other way, never is.
set -eu
cd "$(dirname "$0")/.."

if [ $# = 2 ]; then # TARGET FOLDER: one of them
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  fuzz() {
    go test -run '^$' -fuzz "^$1\$" -fuzztime "${FUZZTIME:-2s}" -fuzzminimizetime 100x -parallel 1 "./$2" >"$log" 2>&1
  }
  fuzz "$1" "$2" && echo "$1 in $2" && exit 0
  if grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input' "$log"; then
    echo "$1: the fuzzer hit its own time limit; once more"
    fuzz "$1" "$2" && echo "$1 in $2" && exit 0
  fi
  cat "$log"
  exit 255 # ends xargs
fi

git ls-files -co --exclude-standard '*_test.go' | xargs grep -l '^func Fuzz' | sort |
  while read -r file; do
    sed -n "s|^func \(Fuzz[A-Za-z0-9_]*\)(.*|\1 $(dirname "$file")|p" "$file"
  done | xargs -P "$(nproc)" -L 1 "$0"
