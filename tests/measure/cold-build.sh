#!/usr/bin/env bash
# cold-build.sh ENVFORGE [ROUNDS]: recipes/bench-2.6.yaml against a plain Dockerfile of equal content, cold, alternating.
# Writes the table of docs/measurements.md. It empties the engine's build cache before every build: that is what cold means.
set -euo pipefail
envforge=$(realpath "$1") rounds=${2:-3}
cd "$(dirname "$(realpath "$0")")/../.."
export DOCKER_BUILDKIT=1
docker=${DOCKER:-/usr/bin/docker} bundle=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
work=$(mktemp -d)
cleanup() { "$docker" image rm -f envforge-measure:{base,plain,ours} >/dev/null 2>&1 || true; rm -rf "$work"; }
trap cleanup EXIT

cp recipes/bench-2.6.yaml "$work/bench.yaml"
"$envforge" lock "$work/bench.yaml" >/dev/null
"$envforge" render "$work/bench.yaml" -o "$work/ours" --frozen >/dev/null
mmdebstrap --quiet --variant=minbase bookworm - | "$docker" import - envforge-measure:base >/dev/null
read -r torch vision audio < <(python3 - "$work/bench.lock" <<'PY'
import json, sys
wheels = {w["name"]: w["version"] for p in json.load(open(sys.argv[1]))["platforms"].values() for w in p["wheels"]}
print(*(wheels[name].split("+")[0] for name in ("torch", "torchvision", "torchaudio")))
PY
)
mkdir "$work/plain"
cat >"$work/plain/Dockerfile" <<END
FROM envforge-measure:base
RUN apt-get update && apt-get install -y --no-install-recommends python3-pip && rm -rf /var/lib/apt/lists/*
RUN --mount=type=secret,id=ca_bundle if [ -s /run/secrets/ca_bundle ]; then export PIP_CERT=/run/secrets/ca_bundle; fi; \\
    pip install --no-cache-dir --break-system-packages torch==$torch torchvision==$vision torchaudio==$audio
END

seconds_of() {  # seconds_of NAME: one cold build, wall
  "$docker" builder prune -af >/dev/null
  local start; start=$(date +%s.%N)
  "$docker" build --quiet --no-cache --secret "id=ca_bundle,src=$bundle" -t "envforge-measure:$1" "$work/$1" >/dev/null
  awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f\n", b - a }'
  "$docker" image inspect -f '{{.Size}}' "envforge-measure:$1" >"$work/$1.size"
  "$docker" image rm -f "envforge-measure:$1" >/dev/null
}

python3 - "$work/bench.lock" >"$work/urls" <<'PY'
import gzip, json, re, sys, urllib.parse, urllib.request
for platform in json.load(open(sys.argv[1]))["platforms"].values():
    for wheel in platform["wheels"]:
        page = f"{wheel['index']}/{wheel['name']}/"
        text = urllib.request.urlopen(urllib.request.Request(page, headers={"Accept": "text/html"})).read()
        text = (gzip.decompress(text) if text[:2] == b"\x1f\x8b" else text).decode()
        print(urllib.parse.urljoin(page, re.search(r'href="([^"#]+)#sha256=' + wheel["sha256"], text).group(1)))
PY

downloads() {  # every wheel of the lock once, eight at a time: what the network alone takes
  local start; start=$(date +%s.%N)
  xargs -n 1 -P 8 curl -sSfL -o /dev/null <"$work/urls"
  awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f\n", b - a }'
}

for ((round = 1; round <= rounds; ++round)); do
  for name in ours plain; do
    seconds_of "$name" | tee -a "$work/$name.seconds" | sed "s/^/round $round, $name: /" >&2
  done
  downloads | tee -a "$work/downloads.seconds" | sed "s/^/round $round, downloads alone: /" >&2
done
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
ours=$(median "$work/ours.seconds") plain=$(median "$work/plain.seconds")
printf '| ours | plain | share | the wheels downloaded alone | size, ours | size, plain |\n| --- | --- | --- | --- | --- | --- |\n'
printf '| %s s | %s s | %s %% | %s s | %s | %s |\n' "$ours" "$plain" "$(awk -v a="$ours" -v b="$plain" 'BEGIN { printf "%.0f", 100 * a / b }')" \
  "$(median "$work/downloads.seconds")" "$(cat "$work/ours.size")" "$(cat "$work/plain.size")"
