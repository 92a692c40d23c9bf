#!/bin/sh
# Downloads the Debian packages whose programs e2e recognises (some 130 MB; Debian 12, apt) and
# prints the folder they lie in. They are kept in the user's cache folder under the hash of this
# script, so a change to the list downloads anew.
set -eu
cd "$(dirname "$0")/.."
skip() { echo "$1: the test on programs out of Debian packages will be skipped" >&2; exit 0; }

packages="apache2-bin bash busybox-static curl erlang-base git gpg haproxy libcurl4 liblua5.4-0
libnode108 libpython3.11 libruby3.1 libsqlite3-0 libssl3 mariadb-server-core memcached nginx
openjdk-17-jre-headless openssh-server openssl perl-base pgbouncer php8.2-cli postgresql-15
python3.11-minimal redis-tools slapd varnish wordpress"

base="${XDG_CACHE_HOME:-$HOME/.cache}/plimsoll-test"
dir="$base/programs-$(sha256sum tools/programs.sh | cut -c1-16)"
if [ ! -e "$dir" ]; then
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || skip "this is no Debian system"
  grep -q '^VERSION_CODENAME=bookworm' /etc/os-release || skip "this is not Debian 12"
  [ "$(id -u)" = 0 ] || skip "apt needs root"
  mkdir -p "$base"
  work=$(mktemp -d "$base/programs-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  # shellcheck disable=SC2086
  (cd "$work" && apt-get -qq update && apt-get -qq -o APT::Sandbox::User=root download $packages) >&2
  chmod 755 "$work"
  mv "$work" "$dir"
fi
echo "$dir"
