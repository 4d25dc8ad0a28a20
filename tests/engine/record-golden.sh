#!/usr/bin/env bash
# Records what a docker client and its engine really print, for tests/unit/engine: one folder for each version.
#   [ENVFORGE_TEST_DOCKER=PATH] [ENVFORGE_TEST_DOCKER_HOST=URL] record-golden.sh tests/golden/engine/docker-26.1
# What would name the recording machine is left out of `docker info`.
set -euo pipefail
out=$(realpath -m "${1:?usage: record-golden.sh FOLDER}")
client=${ENVFORGE_TEST_DOCKER:-docker}
export DOCKER_BUILDKIT=1
d() { "$client" ${ENVFORGE_TEST_DOCKER_HOST:+--host "$ENVFORGE_TEST_DOCKER_HOST"} "$@"; }
work=$(mktemp -d)
name=envforge-golden/image
trap 'd rm -f envforge-golden >/dev/null 2>&1; d rmi "$name:v1" >/dev/null 2>&1; rm -rf "$work"' EXIT
mkdir -p "$out"
printf '#include <cstdio>\n#include <cstdlib>\nint main(int n, char** v) { for (int i = 1; i <= n; ++i) std::printf("line %%d\\n", i); return n > 2 ? std::atoi(v[1]) : 0; }\n' > "$work/p.cpp"
g++ -Os -s -static "$work/p.cpp" -o "$work/program"
printf small > "$work/small"
touch -d @0 "$work/small"
printf 'FROM scratch AS plain\nCOPY small /small\nLABEL a=b\nENV C=d\nCOPY small /small\nFROM plain AS base\nUSER 1000\nENTRYPOINT ["/p"]\nCMD ["x", "y"]\nFROM plain AS bad\nCOPY program /p\nRUN ["/p"]\nRUN ["/p", "3", "x"]\n' > "$work/Dockerfile"
d build --no-cache --network none --progress=plain --target base -t "$name:v1" "$work" > "$out/build.txt" 2>&1
d build --network none --progress=plain --target base -t "$name:v1" "$work" > "$out/build-cached.txt" 2>&1
d build --no-cache --network none --progress=plain --target bad "$work" > "$out/build-failing.txt" 2>&1 || true
d version --format '{{json .}}' | python3 -c 'import json, sys
v = json.load(sys.stdin)
for side in v.values(): side.pop("KernelVersion", None); side.pop("Components", None)
print(json.dumps(v))' > "$out/version.json"
d info --format '{{json .}}' | python3 -c 'import json, sys
i = json.load(sys.stdin)
i["Runtimes"] = {name: {} for name in i["Runtimes"]}
i["DockerRootDir"] = "/var/lib/docker"
for plugin in i["ClientInfo"]["Plugins"]: plugin.pop("Path", None)
keys = ("DockerRootDir", "Driver", "Runtimes", "CDISpecDirs", "ClientInfo")
print(json.dumps({k: i[k] for k in keys if k in i}))' > "$out/info.json"
d image inspect --format '{{json .}}' "$name:v1" | python3 -c 'import json, sys
image = json.load(sys.stdin)
image.pop("GraphDriver", None)
print(json.dumps(image))' > "$out/image.json"
d history --no-trunc --human=false --format '{{json .}}' "$name:v1" > "$out/history.txt"
d save -o "$out/saved.tar" "$name:v1"
d create --network none --name envforge-golden "$name:v1" > /dev/null
d inspect --format '{{json .State}}' envforge-golden > "$out/state-created.json"
d start -a envforge-golden > /dev/null 2>&1 || true
d inspect --format '{{json .State}}' envforge-golden > "$out/state-not-started.json"
