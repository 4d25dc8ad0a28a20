#!/usr/bin/env bash
# lock-share.sh ENVFORGE RECIPE [RUNS]: what `envforge lock` adds to uv's own time, from the same runs: the uv on PATH is
# timed by a wrapper around it. Caches of both are warm (the first run is not counted). The recipe is copied, no file of
# the tree changes.
set -euo pipefail
envforge=$(realpath "$1") recipe=$(realpath "$2") runs=${3:-5}
uv=$(command -v uv)
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
cat >"$work/bin/uv" <<END
#!/bin/sh
start=\$(date +%s%N)
"$uv" "\$@"; status=\$?
echo "\$start \$(date +%s%N)" >>"$work/uv"
exit \$status
END
chmod +x "$work/bin/uv"
cp "$recipe" "$work/recipe.yaml"
for run in $(seq 0 "$runs"); do
  rm -f "$work/uv" "$work/recipe.lock"
  start=$(date +%s%N)
  PATH="$work/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$envforge" lock "$work/recipe.yaml" >/dev/null 2>"$work/err" || { cat "$work/err" >&2; exit 1; }
  all=$(($(date +%s%N) - start))
  # The time in which at least one uv ran: two of its calls overlap.
  [[ $run == 0 ]] || sort -n "$work/uv" | awk -v all="$all" '
    NR == 1 { from = $1; to = $2; next }
    $1 > to { uv += to - from; from = $1; to = $2; next }
    $2 > to { to = $2 }
    END { uv += to - from; printf "%.3f %.3f %d %.1f\n", all / 1e9, uv / 1e9, NR, 100 * (all - uv) / uv }'
done | sort -n -k4 | awk '{ print "lock " $1 " s, uv " $2 " s in " $3 " calls: " $4 " % more"; share[NR] = $4 } END { print "median: " share[int((NR + 1) / 2)] " % more" }'
