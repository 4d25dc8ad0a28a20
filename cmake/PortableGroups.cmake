# What travels into images, built by zig as a project of its own (src/validator/portable):
# build/<preset>/validator/<architecture>/envforge-driver and envforge-group-*. Without zig they are left out, and so are the
# tests that need them.
find_program(ENVFORGE_PYTHON3 python3)
if(ENVFORGE_PYTHON3 AND NOT ENVFORGE_ZIG)
  execute_process(COMMAND "${ENVFORGE_PYTHON3}" -c "import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), 'zig'))"
    OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(ENVFORGE_ZIG "${found}" CACHE FILEPATH "The zig program" FORCE)
endif()
if(ENVFORGE_ZIG AND EXISTS "${ENVFORGE_ZIG}")
  set(zig_there ON)
else()
  set(zig_there OFF)
endif()
option(ENVFORGE_BUILD_GROUPS "Build the portable check groups (needs zig)" ${zig_there})
set(ENVFORGE_ARCHITECTURES "${CMAKE_HOST_SYSTEM_PROCESSOR}" CACHE STRING
  "What driver and portable groups are built for: x86_64;aarch64")

if(NOT ENVFORGE_BUILD_GROUPS)
  message(STATUS "The portable check groups are left out: `pip install ziglang`, then configure again, to build them")
  return()
endif()
if(NOT zig_there)
  message(FATAL_ERROR "ENVFORGE_BUILD_GROUPS needs zig: `pip install ziglang`, or set ENVFORGE_ZIG to its path")
endif()

include(ExternalProject)
include(CheckGroups)
# nlohmann alone, by a folder that holds nothing else: /usr/include would bring this system's libc headers along.
get_target_property(nlohmann_include nlohmann_json::nlohmann_json INTERFACE_INCLUDE_DIRECTORIES)
list(GET nlohmann_include 0 nlohmann_include)
set(third_party "${PROJECT_BINARY_DIR}/validator/third-party")
file(MAKE_DIRECTORY "${third_party}")
file(CREATE_LINK "${nlohmann_include}/nlohmann" "${third_party}/nlohmann" SYMBOLIC)
set(wrappers "${PROJECT_BINARY_DIR}/validator/zig")
foreach(tool IN ITEMS c++ ar ranlib)
  file(WRITE "${wrappers}/${tool}" "#!/bin/sh\nexec \"${ENVFORGE_ZIG}\" ${tool} \"$@\"\n")
  file(CHMOD "${wrappers}/${tool}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endforeach()

# envforge_portable(PART TARGET PROGRAMS...): the project once more, for one of zig's targets.
function(envforge_portable part target)
  string(REGEX REPLACE "-.*" "" architecture "${target}")
  string(REGEX REPLACE "-linux-gnu.*" "" folder "${target}")
  set(programs ${ARGN})
  list(TRANSFORM programs PREPEND "${PROJECT_BINARY_DIR}/validator/${architecture}/")
  ExternalProject_Add(envforge-${part}-${architecture}
    SOURCE_DIR "${PROJECT_SOURCE_DIR}/src/validator/portable"
    BINARY_DIR "${PROJECT_BINARY_DIR}/validator/build-${folder}"
    PREFIX "${PROJECT_BINARY_DIR}/validator/prefix-${folder}"
    CMAKE_GENERATOR Ninja
    CMAKE_ARGS
      -DCMAKE_TOOLCHAIN_FILE=${PROJECT_SOURCE_DIR}/cmake/zig-toolchain.cmake
      -DENVFORGE_ZIG_TARGET=${target} -DENVFORGE_ZIG_WRAPPERS=${wrappers}
      -DENVFORGE_THIRD_PARTY_INCLUDE=${third_party}
      -DENVFORGE_CHECK_TABLE_DIR=${PROJECT_BINARY_DIR}/src/protocol
      -DENVFORGE_PROGRAMS_DIR=${PROJECT_BINARY_DIR}/validator/${architecture}
      -DCMAKE_BUILD_TYPE=None
    BUILD_ALWAYS ON BUILD_BYPRODUCTS ${programs} INSTALL_COMMAND "" USES_TERMINAL_BUILD ON EXCLUDE_FROM_ALL OFF)
  add_dependencies(envforge-${part}-${architecture} envforge-check-table)
  add_dependencies(envforge-groups envforge-${part}-${architecture})
endfunction()

add_custom_target(envforge-groups)
set(groups ${ENVFORGE_PORTABLE_GROUPS})
list(TRANSFORM groups PREPEND "envforge-group-")
foreach(architecture IN LISTS ENVFORGE_ARCHITECTURES)
  envforge_portable(groups "${architecture}-linux-gnu.2.17" ${groups})
  envforge_portable(driver "${architecture}-linux-musl" envforge-driver)
endforeach()
