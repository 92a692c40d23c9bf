#!/bin/sh
# Builds the real test images with ../shared/tools/make-images.sh (root, Debian) and prints the
# folder they lie in. They are kept in the user's cache folder under the hash of the scripts.
set -eu
cd "$(dirname "$0")/.."
script=../shared/tools/make-images.sh
if [ ! -e "$script" ]; then
  echo "no ../shared beside this checkout: tests on built images will be skipped" >&2
  exit 0
fi
base="${XDG_CACHE_HOME:-$HOME/.cache}/plimsoll-test"
hash=$(cat "$script" ../shared/tools/oci_layout.py | sha256sum | cut -c1-16)
dir="$base/images-$hash"
wanted="debian-slim debian-old debian-python node-app go-app java-app big"
for image in $wanted; do
  if [ ! -e "$dir/$image/layers.json" ]; then
    mkdir -p "$dir"
    # shellcheck disable=SC2086
    bash "$script" --cache "$base/download" "$dir" $wanted
    break
  fi
done
echo "$dir"
