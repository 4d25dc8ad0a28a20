# Everything comes from the distribution; docs/architecture.md gives each one's reason and its one place in the code.
find_package(nlohmann_json 3.10 REQUIRED)   # support, documents, protocol
find_package(yaml-cpp REQUIRED)             # documents: the YAML readers
find_package(CLI11 REQUIRED)                # cli
find_package(spdlog REQUIRED)               # cli: logging
find_package(Threads REQUIRED)              # process
find_package(ZLIB REQUIRED)                 # packages: the members of wheels

# Debian's packages point at the shared libraries; a static envforge needs the archives that lie beside them.
find_library(ENVFORGE_YAML_CPP_ARCHIVE NAMES libyaml-cpp.a)
find_library(ENVFORGE_ZLIB_ARCHIVE NAMES libz.a)
if(ENVFORGE_YAML_CPP_ARCHIVE AND ENVFORGE_ZLIB_ARCHIVE AND NOT ENVFORGE_SANITIZE)
  set(archive_there ON)
else()
  set(archive_there OFF)
endif()
option(ENVFORGE_STATIC "Link envforge as one static file (needs libyaml-cpp.a and libz.a; no sanitizer can)" ${archive_there})
add_library(envforge_yaml_cpp INTERFACE)
add_library(envforge_zlib INTERFACE)
if(ENVFORGE_STATIC)
  target_link_libraries(envforge_yaml_cpp INTERFACE "${ENVFORGE_YAML_CPP_ARCHIVE}")
  target_link_libraries(envforge_zlib INTERFACE "${ENVFORGE_ZLIB_ARCHIVE}")
else()
  target_link_libraries(envforge_yaml_cpp INTERFACE yaml-cpp)
  target_link_libraries(envforge_zlib INTERFACE ZLIB::ZLIB)
endif()
