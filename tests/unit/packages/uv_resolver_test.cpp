#include <envforge/packages/uv_resolver.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

#include "support/fake_process.hpp"

namespace envforge::packages {
namespace {

using envforge::testing::ScriptedProcessRunner;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::UnorderedElementsAre;

PythonRequest debian12() {
  PythonRequest request;
  request.python_version = "3.11";
  request.platform = "linux/amd64";
  request.glibc = "2.36";
  request.requirements = {"numpy"};
  return request;
}

support::Error error_of(ScriptedProcessRunner& runner, const UvSettings& settings) {
  try {
    UvResolver(runner, settings).resolve(debian12());
  } catch (const support::Error& error) {
    return error;
  }
  return support::Error(support::ErrorCode::kInternal, "no error");
}

TEST(UvResolver, WithoutUvSaysHowToGetIt) {
  ScriptedProcessRunner runner;
  const support::Error error = error_of(runner, {"/cache", "", {}});
  EXPECT_EQ(error.code(), support::ErrorCode::kProgramMissing);
  EXPECT_THAT(error.hint(), HasSubstr("pip install --user uv"));
}

TEST(UvResolver, NothingOfTheCallersEnvironmentReachesUv) {
  ScriptedProcessRunner runner;
  runner.on({"pip", "compile"},
            ScriptedProcessRunner::exited(1, "", "error: No solution found when resolving dependencies\n"));
  PythonRequest request = debian12();
  request.ca_bundle = "/ca.crt";
  request.proxies = {{"HTTPS_PROXY", "http://proxy:3128"}};
  UvResolver(runner, {"/cache", "/opt/uv", {}}).resolve(request);
  ASSERT_TRUE(runner.calls.at(0).environment);
  EXPECT_THAT(*runner.calls[0].environment,
              UnorderedElementsAre(Key("PATH"), Key("HOME"), Key("SSL_CERT_FILE"), Key("HTTPS_PROXY"),
                                   Key("UV_HTTP_TIMEOUT"), Key("UV_HTTP_CONNECT_TIMEOUT"), Key("UV_HTTP_RETRIES")));
  EXPECT_EQ(runner.calls[0].argv[0], "/opt/uv");
}

TEST(UvResolver, WithoutAnyPythonSaysWhatToInstall) {
  ScriptedProcessRunner runner;
  runner.on({"pip", "compile"},
            ScriptedProcessRunner::exited(2, "", "error: No interpreter found for Python 3.11 in search path\n"));
  const support::Error error = error_of(runner, {"/cache", "/opt/uv", {}});
  EXPECT_EQ(error.code(), support::ErrorCode::kProgramMissing);
  EXPECT_THAT(error.hint(), HasSubstr("python3"));
}

TEST(UvResolver, AnInterruptionIsToldAsOne) {
  ScriptedProcessRunner runner;
  runner.on({"pip", "compile"}, ScriptedProcessRunner::ended(process::Outcome::Kind::kInterrupted));
  EXPECT_EQ(error_of(runner, {"/cache", "/opt/uv", {}}).code(), support::ErrorCode::kInterrupted);
}

TEST(UvResolver, AUvThatIsTooOldIsNamed) {
  ScriptedProcessRunner runner;
  runner.on({"pip", "compile"},
            ScriptedProcessRunner::exited(2, "", "error: unexpected argument '--exclude-newer-package' found\n"));
  const support::Error error = error_of(runner, {"/cache", "/opt/uv", {}});
  EXPECT_EQ(error.code(), support::ErrorCode::kUvFailed);
  EXPECT_THAT(error.notes().back(), HasSubstr("too old"));
}

TEST(UvResolver, WhatUvSaidStandsInTheErrorWhenItIsNoAnswer) {
  ScriptedProcessRunner runner;
  runner.on({"pip", "compile"}, ScriptedProcessRunner::exited(101, "", "thread 'main' panicked\n"));
  const support::Error error = error_of(runner, {"/cache", "/opt/uv", {}});
  EXPECT_EQ(error.code(), support::ErrorCode::kUvFailed);
  EXPECT_THAT(error.notes(), ::testing::ElementsAre("thread 'main' panicked"));
}

TEST(UvResolver, ADeadlineIsAnIndexThatDoesNotAnswer) {
  ScriptedProcessRunner runner;
  runner.on({"pip", "compile"}, ScriptedProcessRunner::ended(process::Outcome::Kind::kDeadline));
  const auto answer = UvResolver(runner, {"/cache", "/opt/uv", std::chrono::seconds(7)}).resolve(debian12());
  EXPECT_EQ(std::get<PythonConflict>(answer).kind, PythonConflict::Kind::kIndexUnreachable);
  EXPECT_THAT(std::get<PythonConflict>(answer).lines.at(0), HasSubstr("7 s"));
}

}  // namespace
}  // namespace envforge::packages
