#!/bin/sh
# build.sh VENV SOURCES OUT [NLOHMANN]: compiles the torch group against the torch in VENV, or against VENV itself where
# that is a folder `torch`, and writes OUT/envforge-group-torch. Runs where that torch is (a stage of the image's
# Dockerfile) with a C++ compiler and POSIX tools only. SOURCES is the top of the source tree; NLOHMANN the folder that holds nlohmann/ (default: SOURCES/third_party
# if it is there, else the system's).
set -eu
venv=$1 sources=$2 out=$3 nlohmann=${4:-}
cxx=${CXX:-g++}
fail() { echo "build.sh: $1" >&2; exit 1; }

torch=
for folder in "$venv"/lib/python3*/site-packages/torch; do
  [ -f "$folder/version.py" ] && torch=$folder
done
[ -f "$venv/version.py" ] && torch=$venv
[ -n "$torch" ] || fail "no torch below $venv/lib/python3*/site-packages"
[ -d "$torch/include/ATen" ] || fail "$torch has no headers"

version=$(sed -n "s/^__version__ = '\([^']*\)'.*/\1/p" "$torch/version.py")
minor=$(echo "$version" | cut -d. -f2)
major=$(echo "$version" | cut -d. -f1)
# The C++ library's ABI: exported by torch's CMake file up to 2.7, the new one in every later wheel.
abi=1
grep -q '_GLIBCXX_USE_CXX11_ABI=0' "$torch/share/cmake/Torch/TorchConfig.cmake" && abi=0
# torch's headers need C++20 from 2.12 on.
standard=17
if [ "$major" -gt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -ge 12 ]; }; then standard=20; fi
cuda=
[ -f "$torch/lib/libtorch_cuda.so" ] && cuda="-Wl,--no-as-needed -ltorch_cuda -Wl,--as-needed"
if [ -z "$nlohmann" ] && [ -d "$sources/third_party/nlohmann" ]; then nlohmann=$sources/third_party; fi

objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT
# A C++ library linked into this program would be a second one beside torch's: its streams and torch's crash at torch's
# first warning (seen with cuDNN's LSTM on an H200, where the machine's CXX linked it statically).
printf '#include <iostream>\nint main() { std::cout << 1; }\n' > "$objects/probe.cpp"
"$cxx" "$objects/probe.cpp" -o "$objects/probe" || fail "$cxx makes no C++ program"
grep -q 'libstdc++\.so' "$objects/probe" ||
  fail "$cxx does not link libstdc++.so, which torch uses: set CXX to a g++ that does"

# The list of what every group, and this one besides, is made of stands once: in cmake/CheckGroups.cmake.
listed=$(sed -n '/^set(ENVFORGE_\(GROUP\|LOADER\)_SOURCES/,/)/p' "$sources/cmake/CheckGroups.cmake" |
  grep -o 'src/[a-z0-9_/]*\.cpp') || fail "cmake/CheckGroups.cmake lists no sources"
checks=$(cd "$sources" && ls src/validator/checks/torch/*.cpp)

jobs=$(nproc 2>/dev/null || echo 1)
echo "torch $version in $torch: C++$standard, _GLIBCXX_USE_CXX11_ABI=$abi, $("$cxx" --version | head -n 1), $jobs jobs"

# The checks first: they take the longest.
cd "$sources"
export cxx standard abi torch objects nlohmann
printf '%s\n' $checks $listed | xargs -P "$jobs" -n 1 sh -c '
  object=$objects/$(echo "$1" | tr / _).o
  flags="-O1"
  case $1 in
    src/validator/checks/torch/*) flags="-O1 -isystem $torch/include -isystem $torch/include/torch/csrc/api/include" ;;
    src/support/sha256*.cpp | src/validator/numbers/*) flags="-O2" ;;
  esac
  exec "$cxx" -std=c++$standard -D_GLIBCXX_USE_CXX11_ABI=$abi $flags -Iinclude -Isrc/validator ${nlohmann:+-isystem "$nlohmann"} -c "$1" -o "$object"
' sh || fail "a source did not compile"

mkdir -p "$out"
# Where an environment has a C++ library of its own (conda), Python finds it in the environment's lib.
environment=
case $torch in /usr/lib/*) ;; *) environment="-Wl,-rpath,$(dirname "$(dirname "$(dirname "$torch")")")" ;; esac
# RPATH, not RUNPATH: an LD_LIBRARY_PATH of the image must not decide which torch this program tests.
"$cxx" "$objects"/*.o -o "$out/envforge-group-torch" -L"$torch/lib" $cuda -ltorch -ltorch_cpu -lc10 -lpthread -ldl \
  -Wl,--disable-new-dtags -Wl,-rpath,"$torch/lib" $environment -Wl,--allow-shlib-undefined || fail "linking failed"
strip "$out/envforge-group-torch" 2>/dev/null || true
echo "wrote $out/envforge-group-torch: $(wc -c < "$out/envforge-group-torch") bytes"
