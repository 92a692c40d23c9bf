#!/bin/sh
# Installs the registries, engines and tools that the end-to-end tests compare with, where they are
# missing (root, Debian). They are run by the tests alone, with folders and sockets of their own.
set -eu
missing=""
for part in docker-registry:docker-registry skopeo:skopeo umoci:umoci containerd:containerd ctr:containerd \
  runc:runc dockerd:docker.io podman:podman; do
  command -v "${part%%:*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${part%%:*}" ] || missing="$missing ${part#*:}"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "make e2e: not installed:$missing: tests that need them will be skipped" >&2
  exit 0
fi
echo "installing$missing"
# No service is started on this host: a policy that forbids it stands while packages are unpacked.
policy=/usr/sbin/policy-rc.d
made=""
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  made=yes
fi
trap '[ -z "$made" ] || rm -f "$policy"' EXIT
apt-get -qq update
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >/dev/null
