#include "loader/owner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_image.hpp"

namespace envforge::validator::loader {
namespace {

using tests::kFakeSite;

TEST(Distribution, IsReadFromItsMetadataUpToTheDescription) {
  tests::FakeImage image;
  image.wheel("/site", "Nvidia_Cublas.cu12", "12.4.5.8", {{"a/liba.so", "abc"}}, {"nvidia-nccl-cu12==2.21.5"});
  const Root root(image.root());
  const auto found = read_distributions(root, "/site");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].name, "nvidia-cublas-cu12");
  EXPECT_EQ(found[0].version, "12.4.5.8");
  ASSERT_EQ(found[0].needs.size(), 1U);
  EXPECT_EQ(found[0].needs[0].name, "nvidia-nccl-cu12");
  EXPECT_EQ(found[0].needs[0].exact, "2.21.5");
}

TEST(Distribution, ReadsPinsInEveryFormThatWheelsWrite) {
  tests::FakeImage image;
  image.wheel("/site", "torch", "1.0", {},
              {"cuda-toolkit[cublas,nvrtc]==13.2.2", "nvidia-nccl-cu12 (==2.21.5) ", "sympy (>=1.13.1,!=2)", "jinja2",
               "nvidia-cublas==13.4.1.3.*", "cuda-bindings<14,>=13.0.3"});
  const Root root(image.root());
  std::vector<std::string> pins;
  const auto distributions = read_distributions(root, "/site");
  for (const Requirement& one : distributions.front().needs) pins.push_back(one.name + " " + one.exact);
  EXPECT_THAT(pins, testing::ElementsAre("cuda-toolkit 13.2.2", "nvidia-nccl-cu12 2.21.5", "sympy ", "jinja2 ",
                                         "nvidia-cublas 13.4.1.3.*", "cuda-bindings "));
}

TEST(Distribution, RecordGivesPathSizeAndDigest) {
  tests::FakeImage image;
  image.wheel("/site", "one", "1.0", {{"a/liba.so", "abc"}});
  image.file("/site/one-1.0.dist-info/RECORD",
             "a/liba.so,sha256=ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0,3\n"
             "\"b/with, comma.so\",,\n../../bin/tool,sha256=short,12\n\n,,\n");
  const Root root(image.root());
  const auto record = read_record(root, read_distributions(root, "/site").front());
  ASSERT_EQ(record.size(), 3U);
  EXPECT_EQ(record[0].path, "/site/a/liba.so");
  EXPECT_EQ(record[0].sha256, support::sha256_hex("abc"));
  EXPECT_EQ(record[0].size, 3U);
  EXPECT_EQ(record[1].path, "/site/b/with, comma.so");
  EXPECT_FALSE(record[1].size.has_value());
  EXPECT_EQ(record[2].path, "/bin/tool");
  EXPECT_EQ(record[2].sha256, "");
}

TEST(Owner, IsTheWheelAlsoThroughALinkedLib64) {
  tests::FakeImage image;
  tests::with_torch_26(image);
  image.link("/opt/venv/lib64", "lib");
  const Root root(image.root());
  Owners owners(root, {kFakeSite}, {});
  EXPECT_EQ(to_string(owners.of("/opt/venv/lib64/python3.11/site-packages/nvidia/nccl/lib/libnccl.so.2")),
            "pip nvidia-nccl-cu12 2.21.5");
}

TEST(Owner, IsTheDebianPackageAlsoWhenUsrIsMerged) {
  tests::FakeImage image;
  image.folder("/usr/lib/x86_64-linux-gnu");
  image.link("/lib", "usr/lib");
  image.file("/usr/lib/x86_64-linux-gnu/libnccl.so.2.18.5");
  image.link("/usr/lib/x86_64-linux-gnu/libnccl.so.2", "libnccl.so.2.18.5");
  image.file("/var/lib/dpkg/info/libnccl2:amd64.list",
             "/.\n/lib/x86_64-linux-gnu/libnccl.so.2.18.5\n/lib/x86_64-linux-gnu/libnccl.so.2\n");
  image.file("/var/lib/dpkg/status", "Package: libnccl2\nStatus: install ok installed\nVersion: 2.18.5-1+cuda12.2\n\n");
  const Root root(image.root());
  Owners owners(root, {}, {});
  EXPECT_EQ(to_string(owners.of("/lib/x86_64-linux-gnu/libnccl.so.2")), "apt libnccl2 2.18.5-1+cuda12.2");
}

TEST(Owner, IsTheCondaPackage) {
  tests::FakeImage image;
  image.file("/opt/conda/lib/libcudart.so.12.4.127");
  image.file("/opt/conda/conda-meta/cuda-cudart.json",
             R"({"name":"cuda-cudart","version":"12.4.127","files":["lib/libcudart.so.12.4.127"]})");
  image.file("/opt/conda/conda-meta/broken.json", "{");
  const Root root(image.root());
  Owners owners(root, {}, {"/opt/conda"});
  EXPECT_EQ(to_string(owners.of("/opt/conda/lib/libcudart.so.12.4.127")), "conda cuda-cudart 12.4.127");
}

TEST(Owner, OfAFileThatNobodyInstalledIsNone) {
  tests::FakeImage image;
  image.file("/usr/local/lib/libnccl.so.2.18.5");
  image.link("/usr/local/lib/libnccl.so.2", "libnccl.so.2.18.5");
  const Root root(image.root());
  Owners owners(root, {}, {});
  const Owner owner = owners.of("/usr/local/lib/libnccl.so.2");
  EXPECT_EQ(to_string(owner), "none");
  EXPECT_EQ(library_version(root, "/usr/local/lib/libnccl.so.2", owner), "2.18.5");
}

TEST(Owner, IsNotKnownWhereAnRpmDatabaseIsNotRead) {
  tests::FakeImage image;
  image.folder("/var/lib/rpm");
  image.file("/usr/lib64/libnccl.so.2");
  const Root root(image.root());
  const Owner owner = Owners(root, {}, {}).of("/usr/lib64/libnccl.so.2");
  EXPECT_EQ(to_string(owner), "not known");
  EXPECT_EQ(library_version(root, "/usr/lib64/libnccl.so.2", owner), "");
}

TEST(Owner, TwoWheelsThatClaimOneFileAreBothNamed) {
  tests::FakeImage image;
  image.wheel("/site", "nvidia-nccl-cu12", "2.21.5", {{"nvidia/nccl/lib/libnccl.so.2", "old"}});
  image.wheel("/site", "nvidia-nccl-cu13", "2.30.7", {{"nvidia/nccl/lib/libnccl.so.2", "new"}});
  const Root root(image.root());
  EXPECT_EQ(Owners(root, {"/site"}, {}).claims("/site/nvidia/nccl/lib/libnccl.so.2").size(), 2U);
}

}  // namespace
}  // namespace envforge::validator::loader
