#!/bin/sh
# Runs each fuzz target for $FUZZTIME, beginning with its committed corpus.
#
# Go's fuzzer now and then reports its own time limit as a failure ("context deadline exceeded")
# without an input that fails. Such a run is said and repeated once; a run that found a failing
# input, or fails in any other way, never is.
set -eu
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT

fuzz() { # target folder
  go test -run '^$' -fuzz "^$1\$" -fuzztime "${FUZZTIME:-3s}" -fuzzminimizetime 100x "./$2" >"$log" 2>&1
}

for file in $(git ls-files -co --exclude-standard '*_test.go' | xargs grep -l '^func Fuzz' | sort); do
  folder=$(dirname "$file")
  for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
    echo "$target in $folder"
    fuzz "$target" "$folder" && continue
    if grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input' "$log"; then
      echo "$target: the fuzzer hit its own time limit; once more"
      fuzz "$target" "$folder" && continue
    fi
    cat "$log"
    exit 1
  done
done
