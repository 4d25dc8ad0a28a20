# What every group is made of besides its own folder of checks. Read by the main build, by the portable build
# (src/validator/portable) and by the build of the torch group inside an image; so it must not need the rest of the project.
# A group compiles all of this again: its flags (compiler, C++ standard, ABI) are its own.
set(ENVFORGE_GROUP_SOURCES
  src/support/canonical_json.cpp
  src/support/environment.cpp
  src/support/error.cpp
  src/support/error_code.cpp
  src/support/json_reader.cpp
  src/support/suggest.cpp
  src/support/text.cpp
  src/protocol/check_path.cpp
  src/protocol/message.cpp
  src/protocol/report.cpp
  src/protocol/report_json.cpp
  src/protocol/request.cpp
  src/validator/harness/channel.cpp
  src/validator/harness/context.cpp
  src/validator/harness/control.cpp
  src/validator/harness/group_main.cpp
  src/validator/harness/helper_process.cpp
  src/validator/harness/registry.cpp
  src/validator/harness/run_group.cpp
  src/validator/harness/timing.cpp
  src/validator/numbers/fourier.cpp
  src/validator/numbers/problem.cpp)

# Who owns a library, which rule chose it, what code is in it: for every group that tells which libraries it found. The
# group audit consists of ENVFORGE_AUDIT_SOURCES besides. checks/torch/build.sh reads these lists too: one path a line.
set(ENVFORGE_LOADER_SOURCES
  src/validator/elf/device_code.cpp
  src/validator/elf/elf_file.cpp
  src/validator/elf/gpu_target.cpp
  src/validator/elf/mapped_file.cpp
  src/validator/loader/distribution.cpp
  src/validator/loader/ld_cache.cpp
  src/validator/loader/maps.cpp
  src/validator/loader/owner.cpp
  src/validator/loader/preload_table.cpp
  src/validator/loader/python_environment.cpp
  src/validator/loader/root.cpp
  src/validator/loader/search.cpp
  src/validator/loader/torch_process.cpp
  src/support/sha256.cpp
  src/support/sha256_compress.cpp)
set(ENVFORGE_AUDIT_SOURCES
  src/validator/audit/code_reader.cpp
  src/validator/audit/conflicts.cpp
  src/validator/audit/coverage.cpp
  src/validator/audit/installed.cpp
  src/validator/audit/inventory.cpp
  src/validator/audit/record.cpp
  src/validator/audit/symbols.cpp
  src/validator/elf/dynamic_symbols.cpp)

# The rules that the group container consists of besides its checks.
set(ENVFORGE_CONTAINER_SOURCES
  src/validator/container/environment_rules.cpp
  src/validator/container/limits.cpp
  src/validator/container/nvidia_smi.cpp
  src/validator/container/search_path.cpp)

# What the groups that compute on a GPU are made of besides; with the text of our kernels, see src/validator/portable.
set(ENVFORGE_GPU_SOURCES
  src/validator/gpu/clock_watch.cpp
  src/validator/gpu/collective.cpp
  src/validator/gpu/cublas_api.cpp
  src/validator/gpu/cublaslt_api.cpp
  src/validator/gpu/cuda_api.cpp
  src/validator/gpu/cudnn_api.cpp
  src/validator/gpu/cudnn_graph.cpp
  src/validator/gpu/cudnn_layers.cpp
  src/validator/gpu/cufft_api.cpp
  src/validator/gpu/device.cpp
  src/validator/gpu/displaced.cpp
  src/validator/gpu/identity.cpp
  src/validator/gpu/image_libraries.cpp
  src/validator/gpu/kernels.cpp
  src/validator/gpu/links.cpp
  src/validator/gpu/nccl_api.cpp
  src/validator/gpu/nccl_log.cpp
  src/validator/gpu/nvml_api.cpp
  src/validator/gpu/nvrtc_api.cpp
  src/validator/gpu/rates.cpp
  src/validator/gpu/session.cpp
  src/validator/gpu/shared_library.cpp
  src/validator/gpu/host_turn.cpp
  src/validator/gpu/sm_clock.cpp
  src/validator/gpu/speed.cpp
  src/validator/gpu/stream.cpp
  src/validator/gpu/thresholds.cpp
  src/validator/gpu/xids.cpp)

# The driver; besides, it has the groups' sources without the harness, and all of protocol.
set(ENVFORGE_DRIVER_SOURCES
  src/validator/driver/attribution.cpp
  src/validator/driver/conversation.cpp
  src/validator/driver/group_process.cpp
  src/validator/driver/guard.cpp
  src/validator/driver/plan.cpp
  src/validator/driver/rounds.cpp
  src/validator/driver/run_report.cpp
  src/validator/driver/samples.cpp
  src/validator/driver/session.cpp
  src/validator/driver/torch_facts.cpp)
set(ENVFORGE_DRIVER_SHARED_SOURCES ${ENVFORGE_GROUP_SOURCES} ${ENVFORGE_LOADER_SOURCES})
list(FILTER ENVFORGE_DRIVER_SHARED_SOURCES EXCLUDE REGEX "/(harness|protocol)/")

# The groups that one program for every image can be: they find what they need with dlopen.
set(ENVFORGE_PORTABLE_GROUPS container nvml cuda peer cublas cufft cudnn nccl audit python)

# What starts programs of the image: the group container its nvidia-smi, the group python its interpreter.
set(ENVFORGE_PROCESS_SOURCES
  src/process/describe.cpp
  src/process/launch.cpp
  src/process/output.cpp
  src/process/posix_process.cpp
  src/support/files.cpp)
set(ENVFORGE_SCRIPT_SOURCES
  src/validator/scripts/explain.cpp
  src/validator/scripts/script.cpp
  ${ENVFORGE_PROCESS_SOURCES})

# envforge_check_group(GROUP ROOT [SOURCES ...]): the program envforge-group-<GROUP>, from every file of checks/<GROUP> below
# ROOT, from SOURCES and from a library target `envforge_group_common`. No static library lies between the checks and the
# program: one would silently drop their registration.
function(envforge_check_group group root)
  cmake_parse_arguments(PARSE_ARGV 2 GROUP "" "" "SOURCES")
  file(GLOB checks CONFIGURE_DEPENDS "${root}/src/validator/checks/${group}/*.cpp")
  add_executable(envforge-group-${group} ${checks} ${GROUP_SOURCES})
  target_link_libraries(envforge-group-${group} PRIVATE envforge_group_common)
endfunction()
