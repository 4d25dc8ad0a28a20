#!/usr/bin/env bash
# push-bytes.sh IMAGE SECOND: pushes two built images to a registry of its own on the loopback address and tells how many
# compressed bytes the second one added. Needs Debian's docker-registry.
set -euo pipefail
docker=${DOCKER:-/usr/bin/docker} port=${PORT:-5917}
work=$(mktemp -d)
registry=
cleanup() {
  "$docker" image rm "127.0.0.1:$port/measure:first" "127.0.0.1:$port/measure:second" >/dev/null 2>&1 || true
  [[ -z $registry ]] || { kill "$registry" 2>/dev/null || true; wait "$registry" 2>/dev/null || true; }
  rm -rf "$work"
}
trap cleanup EXIT
cat >"$work/config.yml" <<END
version: 0.1
storage: {filesystem: {rootdirectory: $work/storage}}
http: {addr: "127.0.0.1:$port"}
END
docker-registry serve "$work/config.yml" >"$work/log" 2>&1 &
registry=$!
for _ in $(seq 50); do curl -sf "http://127.0.0.1:$port/v2/" >/dev/null && break; sleep 0.1; done

push() {  # push IMAGE NAME: bytes of the blobs that the registry holds afterwards
  "$docker" tag "$1" "127.0.0.1:$port/measure:$2"
  "$docker" push --quiet "127.0.0.1:$port/measure:$2" >/dev/null
  find "$work/storage" -path '*/blobs/*' -name data -printf '%s\n' | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}
first=$(push "$1" first)
both=$(push "$2" second)
awk -v a="$first" -v b="$both" 'BEGIN { printf "first %.0f bytes, the second added %.0f: %.1f %%\n", a, b - a, 100 * (b - a) / a }'
