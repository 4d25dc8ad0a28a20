#!/usr/bin/env bash
# Runs a command against a Docker engine of its own, over TCP on the loopback address: a remote engine, as far as envforge
# can tell. The engine has its own folders, socket and containerd, and is ended, by its process id, with the command. Both
# run in a network namespace of their own: an engine without a bridge removes docker0, also another engine's.
#   with-engine.sh [--bin DIR] COMMAND [ARG...]
# --bin DIR takes dockerd, containerd, runc and docker from DIR. The command finds the engine in ENVFORGE_TEST_DOCKER_HOST and
# the client in ENVFORGE_TEST_DOCKER. Exit 77: no engine can be started here, and the last line says why.
set -euo pipefail
if [[ ${1:-} != --inside ]]; then
  command -v unshare >/dev/null && command -v ip >/dev/null && [[ $(id -u) == 0 ]] && unshare --net true 2>/dev/null ||
    { echo "SKIPPED: a network namespace needs root, unshare (util-linux) and ip (iproute2)"
      [[ ,${ENVFORGE_REQUIRE:-}, == *,engine,* ]] && exit 1; exit 77; }
  OUTER_NETWORK=$(readlink /proc/self/ns/net) exec unshare --net -- "$0" --inside "$@"
fi
shift
[[ $(readlink /proc/self/ns/net) != "${OUTER_NETWORK:?}" ]] || { echo "not in a namespace of its own" >&2; exit 1; }
ip link set lo up
bin=
if [[ ${1:-} == --bin ]]; then bin=$2; shift 2; fi
[[ $# -gt 0 ]] || { sed -n '2,8s/^# //p' "$0" >&2; exit 2; }
[[ -z $bin ]] || PATH=$bin:$PATH
# ENVFORGE_REQUIRE=engine makes the skip a failure, as in tests/support/require.hpp.
skip() { echo "SKIPPED: $1"; [[ ,${ENVFORGE_REQUIRE:-}, == *,engine,* ]] && exit 1; exit 77; }
command -v dockerd >/dev/null || PATH=$PATH:/usr/sbin
command -v dockerd >/dev/null || skip "there is no dockerd on PATH"

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
port=2375
start "$port"
version=
for _ in $(seq 150); do
  kill -0 "$pid" 2>/dev/null || break
  version=$(answers "$port") && break
  sleep 0.2
done
if [[ -z $version ]]; then
  tail -5 "$state/log"
  skip "dockerd did not start"
fi
client=$(command -v docker)
[[ -n $bin ]] || client=
echo "engine $version at tcp://127.0.0.1:$port"
status=0
ENVFORGE_TEST_DOCKER=$client ENVFORGE_TEST_DOCKER_HOST=tcp://127.0.0.1:$port "$@" || status=$?
exit "$status"
