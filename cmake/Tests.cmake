find_package(GTest REQUIRED)
include(GoogleTest)

# envforge_test(NAME LABEL ... SOURCES ... LINK ...): one GoogleTest program; its cases become ctest entries when ctest
# runs (PRE_TEST), so that a build never executes them.
function(envforge_test name)
  cmake_parse_arguments(PARSE_ARGV 1 TEST "" "" "LABELS;SOURCES;LINK;PROPERTIES;DEFINITIONS")
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE ${TEST_LINK} GTest::gmock GTest::gtest GTest::gtest_main)
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(${name} PRIVATE
    ENVFORGE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ENVFORGE_BINARY_DIR="${PROJECT_BINARY_DIR}" ${TEST_DEFINITIONS})
  envforge_warnings(${name})
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${TEST_LABELS}" ${TEST_PROPERTIES})
endfunction()
