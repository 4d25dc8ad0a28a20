# The sources of the validator's torch group as a folder of their own, nlohmann's headers among them: what enters a build
# context so that a stage of the image can compile the group (src/validator/checks/torch/build.sh). Global properties:
# ENVFORGE_torch_group, the files; ENVFORGE_torch_group_FOLDER, the folder that they lie in.
include(CheckGroups)

set(torch_group_folder "${PROJECT_BINARY_DIR}/validator/torch-group")
set(torch_group_headers "")
foreach(folder IN ITEMS include/envforge/support include/envforge/protocol src/support src/protocol src/validator/harness
    src/validator/numbers src/validator/elf src/validator/loader src/validator/checks/torch)
  file(GLOB headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/${folder}/*.hpp")
  list(APPEND torch_group_headers ${headers})
endforeach()
file(GLOB torch_group_checks CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
  "${PROJECT_SOURCE_DIR}/src/validator/checks/torch/*.cpp")

file(REMOVE_RECURSE "${torch_group_folder}")  # a header that is gone must not live on in it
set(torch_group_files "")
foreach(path IN LISTS torch_group_headers torch_group_checks ENVFORGE_GROUP_SOURCES ENVFORGE_LOADER_SOURCES
    ITEMS cmake/CheckGroups.cmake src/validator/checks/torch/build.sh)
  configure_file("${PROJECT_SOURCE_DIR}/${path}" "${torch_group_folder}/${path}" COPYONLY)
  list(APPEND torch_group_files "${torch_group_folder}/${path}")
endforeach()

get_target_property(nlohmann_include nlohmann_json::nlohmann_json INTERFACE_INCLUDE_DIRECTORIES)
list(GET nlohmann_include 0 nlohmann_include)
file(GLOB_RECURSE nlohmann_headers RELATIVE "${nlohmann_include}" "${nlohmann_include}/nlohmann/*.hpp")
foreach(path IN LISTS nlohmann_headers)
  configure_file("${nlohmann_include}/${path}" "${torch_group_folder}/third_party/${path}" COPYONLY)
  list(APPEND torch_group_files "${torch_group_folder}/third_party/${path}")
endforeach()

set_property(GLOBAL PROPERTY ENVFORGE_torch_group "${torch_group_files}")
set_property(GLOBAL PROPERTY ENVFORGE_torch_group_FOLDER "${torch_group_folder}")
