#!/bin/sh
# Holds the bill of materials of dist/plimsoll against release/policy.yaml: with the starter database
# that it carries, in a home of its own, so that neither the network nor the user's own database and
# settings have a say; after the policy's own tests. Fails if we would not let ourselves pass.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d dist/self-XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir "$work/plimsoll"
cp dist/plimsoll "$work/plimsoll/"
exceptions="--vex release/openvex.json"
[ ! -e release/waivers.yaml ] || exceptions="$exceptions --waivers release/waivers.yaml"
plimsoll() {
  env -i PATH="$PATH" HOME="$PWD/$work" dist/plimsoll "$@" --offline --quiet
}
plimsoll policy test release/policy.test.yaml --output "$work/tests.txt" || {
  cat "$work/tests.txt" >&2
  echo "make self: release/policy.yaml is not what its tests say" >&2
  exit 3
}
plimsoll sbom "dir:$work/plimsoll" --output "$work/plimsoll.cdx.json"
# shellcheck disable=SC2086
plimsoll check "sbom:$work/plimsoll.cdx.json" --policy release/policy.yaml $exceptions --output "$work/report.txt" || {
  status=$?
  cat "$work/report.txt" >&2
  echo "make self: plimsoll does not pass its own policy: upgrade what offends, or see release/policy.yaml" >&2
  exit "$status"
}
echo "make self: passed"
