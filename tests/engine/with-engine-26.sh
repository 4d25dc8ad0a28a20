#!/usr/bin/env bash
# Runs a command (by default the engine contract) against Debian 13's engine 26.1 with its client and buildx, on a Debian 12
# or 13. The packages are fetched from the configured mirror and unpacked beside the system; nothing is installed.
#   with-engine-26.sh [BUILD_DIR [COMMAND [ARG...]]]        BUILD_DIR is a build folder, by default build/dev
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-build/dev}"); shift || true
root=$build/engine-26
bin=$root/bin
if [[ ! -x $bin/dockerd ]]; then
  work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
  mirror=$(apt-get indextargets --format '$(SITE)' | awk '/\/debian\/?$/ && !m {m = $0} END {print m}')
  : "${mirror:?no Debian mirror found in the apt sources}"
  mkdir -p "$work"/{lists/partial,cache/archives/partial,deb,root}
  # containerd and runc of Debian 12 run on either glibc and serve this engine.
  for suite in bookworm trixie; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
  done > "$work/sources.list"
  apt_aside() {
    apt-get -qq -o APT::Sandbox::User=root -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=- \
      -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" "$@"
  }
  apt_aside update
  (cd "$work/deb" && apt_aside download docker.io/trixie docker-cli/trixie docker-buildx/trixie containerd/bookworm runc/bookworm)
  for deb in "$work"/deb/*.deb; do dpkg -x "$deb" "$work/root"; done
  mkdir -p "$bin" "$root/config/cli-plugins"
  find "$work/root/usr/bin" "$work/root/usr/sbin" -type f -exec cp {} "$bin/" \;
  cp "$work/root/usr/libexec/docker/cli-plugins/docker-buildx" "$root/config/cli-plugins/"
  rm -rf "$work"; trap - EXIT
fi
[[ $# -gt 0 ]] || set -- "$build/tests/contract/docker_cli_contract_test"
# The client looks for its plugins in its own configuration first.
DOCKER_CONFIG=$root/config exec tests/engine/with-engine.sh --bin "$bin" "$@"
