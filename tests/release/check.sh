#!/usr/bin/env bash
# Checks the one file that is released. ./dev release runs all parts on dist/, ctest on the build's own envforge.
#   check.sh ENVFORGE [PART...]     parts: static, size, user (default: all)
set -euo pipefail
program=$(realpath "$1"); shift
parts=("$@"); [[ ${#parts[@]} -gt 0 ]] || parts=(static size user)
source=$(dirname "$(dirname "$(dirname "$(realpath "$0")")")")
readonly LIMIT=$((4 * 1024 * 1024))
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

check_static() {
  local headers; headers=$(readelf --wide --program-headers --dynamic "$program")
  [[ $headers != *INTERP* ]] || fail "$program asks for a dynamic loader"
  [[ $headers != *NEEDED* ]] || fail "$program needs a library of the machine: $headers"
}

check_size() {
  strip -o "$work/stripped" "$program"
  local bytes; bytes=$(xz -6 --stdout "$work/stripped" | wc -c)
  printf 'envforge, its driver and groups: %s bytes after xz -6, at most %s\n' "$bytes" "$LIMIT"
  ((bytes < LIMIT)) || fail "too large to travel: $bytes bytes after xz -6, expected less than $LIMIT"
}

# Runs envforge as uid 1000, with no program on PATH: no engine, no sudo, no compiler, no uv, no apt.
as_user() {
  local status=0 become=()
  [[ $(id -u) != 0 ]] || become=(setpriv --reuid=1000 --regid=1000 --clear-groups)
  (cd "$work/home" && "${become[@]}" env -i HOME="$work/home" PATH=/nonexistent "$work/envforge" "$@") \
    >"$work/out" 2>"$work/err" </dev/null || status=$?
  printf '%s' "$status" >"$work/status"
}
expect() {  # expect STATUS TEXT ARGUMENT...: exits so, and says so
  local status=$1 text=$2; shift 2
  as_user "$@"
  [[ $(cat "$work/status") == "$status" ]] ||
    fail "envforge $*: exit $(cat "$work/status"), expected $status: $(cat "$work/out" "$work/err")"
  grep --quiet --fixed-strings -- "$text" "$work/out" "$work/err" || fail "envforge $* does not say '$text': $(cat "$work/out" "$work/err")"
}

check_user() {
  mkdir "$work/home"
  install -m 755 "$program" "$work/envforge"
  cp "$source"/tests/release/envforge.{yaml,lock} "$work/home"
  # The lock's uv, as an earlier run leaves it in the cache: what is tested needs no network either.
  local uv; uv=$work/home/.cache/envforge/tools/$(printf '4%.0s' {1..64})/uv
  mkdir -p "${uv%/*}"; echo uv >"$uv"
  chmod 755 "$work"; [[ $(id -u) != 0 ]] || chown -R 1000:1000 "$work/home"
  expect 0 "torch " lock envforge.yaml --no-packages
  expect 0 "torch " explain envforge.yaml
  expect 0 "" render envforge.yaml --frozen -o context
  grep --quiet '^FROM docker.io/library/debian@sha256:' "$work/home/context/Dockerfile" || fail "render wrote no Dockerfile"
  expect 0 "docker" doctor
  expect 6 "envforge render" build envforge.yaml --frozen
}

for part in "${parts[@]}"; do "check_$part"; done
