#!/usr/bin/env bash
# Runs a command against a Docker engine of its own, over TCP on the loopback address: a remote engine, as far as envforge
# can tell. The engine has its own folders, socket and containerd, and is ended, by its process id, with the command.
#   with-engine.sh [--bin DIR] COMMAND [ARG...]
# --bin DIR takes dockerd, containerd, runc and docker from DIR. The command finds the engine in ENVFORGE_TEST_DOCKER_HOST and
# the client in ENVFORGE_TEST_DOCKER. Exit 77: no engine can be started here, and the last line says why.
set -euo pipefail
bin=
if [[ ${1:-} == --bin ]]; then bin=$2; shift 2; fi
[[ $# -gt 0 ]] || { sed -n '2,7s/^# //p' "$0" >&2; exit 2; }
[[ -z $bin ]] || PATH=$bin:$PATH
# ENVFORGE_REQUIRE=engine makes the skip a failure, as in tests/support/require.hpp.
skip() { echo "SKIPPED: $1"; [[ ,${ENVFORGE_REQUIRE:-}, == *,engine,* ]] && exit 1; exit 77; }
command -v dockerd >/dev/null || PATH=$PATH:/usr/sbin
command -v dockerd >/dev/null || skip "there is no dockerd on PATH"
[[ $(id -u) == 0 ]] || skip "starting an engine needs root"

state=$(mktemp -d "${TMPDIR:-/tmp}/envforge-engine-XXXXXX")
pid=
finish() {
  if [[ -n $pid ]]; then
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  fi
  # What the engine mounted (a graph driver, namespaces) goes with it; rm must not walk through a mount.
  awk -v at="$state/" 'index($2, at) == 1 {print $2}' /proc/mounts | sort -r | while read -r mount; do umount -l "$mount" || true; done
  rm -rf --one-file-system "$state"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start() {
  dockerd --host "tcp://127.0.0.1:$1" --tls=false --data-root "$state/data" --exec-root "$state/exec" \
    --pidfile "$state/pid" --config-file "$state/none.json" --bridge none --iptables=false --ip-forward=false \
    --ip-masq=false --userland-proxy=false --containerd-namespace envforge-test \
    --containerd-plugins-namespace envforge-test-plugins > "$state/log" 2>&1 < /dev/null &
  pid=$!
}
answers() { docker --host "tcp://127.0.0.1:$1" version --format '{{.Server.Version}}' 2>/dev/null; }

echo '{}' > "$state/none.json"
port=
for _ in 1 2 3; do
  port=$((20000 + RANDOM % 20000))
  start "$port"
  for _ in $(seq 150); do
    kill -0 "$pid" 2>/dev/null || break
    version=$(answers "$port") && break 2
    sleep 0.2
  done
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  pid=
done
if [[ -z $pid ]]; then
  tail -5 "$state/log"
  skip "dockerd did not start"
fi
client=$(command -v docker)
[[ -n $bin ]] || client=
echo "engine $version at tcp://127.0.0.1:$port"
status=0
ENVFORGE_TEST_DOCKER=$client ENVFORGE_TEST_DOCKER_HOST=tcp://127.0.0.1:$port "$@" || status=$?
exit "$status"
