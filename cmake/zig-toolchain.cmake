# Portable programs for any Linux with glibc 2.17 or newer, with the C++ runtime linked in: zig as the compiler.
# -DENVFORGE_ZIG="python3;-m;ziglang" and -DENVFORGE_ZIG_TARGET=x86_64-linux-gnu.2.17 (or aarch64-...) come from the caller.
set(CMAKE_SYSTEM_NAME Linux)
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR "${ENVFORGE_ZIG_TARGET}")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ENVFORGE_ZIG_TARGET ENVFORGE_ZIG_WRAPPERS)
# One program each, because CMake wants a compiler to be one file.
set(CMAKE_CXX_COMPILER "${ENVFORGE_ZIG_WRAPPERS}/c++")
set(CMAKE_AR "${ENVFORGE_ZIG_WRAPPERS}/ar")
set(CMAKE_RANLIB "${ENVFORGE_ZIG_WRAPPERS}/ranlib")
set(CMAKE_CXX_COMPILER_TARGET "${ENVFORGE_ZIG_TARGET}")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
