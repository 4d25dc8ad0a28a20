# The floors, stated once. A line is "area: the areas it may use". Targets link from this table, and the test
# lint.layers checks every #include line of src/ and include/ against it.
set(ENVFORGE_LAYERS
  "support:"
  "versions: support"
  "protocol: support"
  "toml: support"
  "process: support"
  "validator: protocol process support"
  "documents: toml versions support"
  "compat: versions support"
  "engine: process support"
  "packages: toml versions process support"
  "bases: packages process support"
  "resolve: documents compat versions support"
  "render: documents versions support"
  "report: documents protocol support"
  "app: resolve render report documents compat engine packages bases versions protocol process support"
  "cli: app resolve render report documents compat engine packages bases versions protocol process support")

# The folders of src/validator that a host area may include: whose a file is (`inspect --pid`) and which GPU code a library
# carries (`data check --wheel`), by the same rules as for the group audit; two readers would come to disagree. They call
# no CUDA, read files only and need `support` alone. An entry is "area:folder".
set(ENVFORGE_SHARED_WITH_HOST "app:loader" "app:elf")

# These are also compiled by zig and, inside an image, by its own g++ (old ABI for torch before 2.7).
set(ENVFORGE_CXX17_AREAS support protocol process)

# envforge_layer(AREA OUT): the areas that AREA may use.
function(envforge_layer area out)
  foreach(line IN LISTS ENVFORGE_LAYERS)
    if(line MATCHES "^${area}:(.*)$")
      string(STRIP "${CMAKE_MATCH_1}" uses)
      string(REPLACE " " ";" uses "${uses}")
      set(${out} "${uses}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "cmake/Layers.cmake does not know the area '${area}'")
endfunction()

# envforge_area(NAME SOURCES ... [THIRD_PARTY ...]): one folder = one target = one namespace.
# Third-party libraries are private to the area, nlohmann_json (a header of the floor support) excepted.
function(envforge_area name)
  cmake_parse_arguments(PARSE_ARGV 1 AREA "" "" "SOURCES;THIRD_PARTY")
  add_library(envforge_${name} STATIC ${AREA_SOURCES})
  add_library(envforge::${name} ALIAS envforge_${name})
  target_include_directories(envforge_${name} PUBLIC "${PROJECT_SOURCE_DIR}/include"
    PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  envforge_layer(${name} uses)
  foreach(area IN LISTS uses)
    target_link_libraries(envforge_${name} PUBLIC envforge::${area})
  endforeach()
  target_link_libraries(envforge_${name} PUBLIC nlohmann_json::nlohmann_json PRIVATE ${AREA_THIRD_PARTY})
  if(name IN_LIST ENVFORGE_CXX17_AREAS)
    set_target_properties(envforge_${name} PROPERTIES CXX_STANDARD 17)
  endif()
  envforge_warnings(envforge_${name})
endfunction()
