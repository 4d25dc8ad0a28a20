#include "audit/coverage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/code_reader.hpp"
#include "support/fake_image.hpp"

namespace envforge::validator::audit {
namespace {

using elf::GpuTarget;

LibraryCode library(const std::string& name, const std::vector<std::vector<tests::FatEntry>>& binaries) {
  std::string bytes;
  for (const auto& entries : binaries) {
    bytes += tests::fat_binary(entries);
    bytes.append((8 - bytes.size() % 8) % 8, '\0');
  }
  LibraryCode out;
  out.name = name;
  out.role = role_of(name);
  out.code = elf::read_fat_binaries(elf::Bytes(bytes));
  return out;
}

const GpuTarget kA100{8, 0, 0};
const GpuTarget kL4{8, 9, 0};
const GpuTarget kH100{9, 0, 0};
const GpuTarget kT4{7, 5, 0};
const GpuTarget kB200{10, 0, 0};

TEST(Coverage, IsBySassWhereTheSameMajorHasALowerMinor) {
  const LibraryCode one = library("libtorch_cuda.so", {{{true, 80}, {true, 90}}});
  EXPECT_EQ(coverage_of(one, kA100), Coverage::kSass);
  EXPECT_EQ(coverage_of(one, kL4), Coverage::kSass);
  EXPECT_EQ(coverage_of(one, kT4), Coverage::kNone);
  EXPECT_EQ(coverage_of(one, kB200), Coverage::kNone);
}

TEST(Coverage, IsByPtxWhereOnlyTheDriverCanCompile) {
  const LibraryCode one = library("libcublas.so.12", {{{true, 90}, {false, 90}}});
  EXPECT_EQ(coverage_of(one, kB200), Coverage::kPtx);
  EXPECT_EQ(coverage_of(one, kA100), Coverage::kNone);
}

TEST(Coverage, OfOneArchitectureSpecificEntryIsNoneForTheNextGpu) {
  const LibraryCode one = library("libtorch_cuda.so", {{{true, 90, 'a'}}});
  EXPECT_EQ(coverage_of(one, kH100), Coverage::kSass);
  EXPECT_EQ(coverage_of(one, kB200), Coverage::kNone);
}

TEST(Coverage, IsPartialWhereOnlyAFewFatBinariesHaveCode) {
  std::vector<std::vector<tests::FatEntry>> binaries(33, {{true, 80}});
  binaries[0].push_back({true, 75});
  EXPECT_EQ(coverage_of(library("libtorch_cuda_linalg.so", binaries), kT4), Coverage::kPartial);
  EXPECT_EQ(coverage_of(library("libtorch_cuda_linalg.so", binaries), kA100), Coverage::kSass);
}

TEST(Coverage, IsNotKnownForALibraryThatKeepsItsCodeElsewhere) {
  LibraryCode one = library("libcufft.so.11", {{{true, 52}}});
  EXPECT_FALSE(store_is_known("libcufft.so.11", 1000, one.code));
  EXPECT_FALSE(store_is_known("libanother.so", 200U << 20, one.code));
  EXPECT_TRUE(store_is_known("libmine.so", 1000, one.code));
  one.known = false;
  EXPECT_EQ(coverage_of(one, kH100), Coverage::kNotKnown);
}

TEST(Coverage, GapsAreListedForEachLibraryAndGpu) {
  const auto gaps = find_gaps({library("libnccl.so.2", {{{true, 80}}}), library("libcusparseLt.so.0", {{{true, 80}}})},
                              {kA100, kH100});
  ASSERT_EQ(gaps.size(), 2U);
  EXPECT_EQ(gaps[0].library, "libnccl.so.2");
  EXPECT_EQ(gaps[0].role, Role::kEveryUse);
  EXPECT_TRUE(gaps[0].gpu == kH100);
  EXPECT_EQ(gaps[1].role, Role::kOptional);
}

TEST(Coverage, AnExtensionOfAnotherPackageIsOneFeature) {
  EXPECT_EQ(role_of("flash_attn_2_cuda.cpython-311-x86_64-linux-gnu.so"), Role::kOneFeature);
  EXPECT_EQ(role_of("libtorch_cuda_linalg.so"), Role::kOneFeature);
  EXPECT_EQ(role_of("libcublasLt.so.12"), Role::kEveryUse);
  EXPECT_EQ(role_of("libcusparseLt.so.0"), Role::kOptional);
}

TEST(CodeReader, ReadsEachLibraryOnceAndPassesOverWhatIsNone) {
  tests::FakeImage image;
  tests::with_torch_26(image);
  const std::string nccl = std::string(tests::kFakeSite) + "/nvidia/nccl/lib/libnccl.so.2";
  image.link("/opt/venv/lib64", "lib");
  image.file("/opt/script.so", "/* GNU ld script */");
  const loader::Root root(image.root());
  const ReadCode code = read_code(root, {nccl, "/opt/venv/lib64/python3.11/site-packages/nvidia/nccl/lib/libnccl.so.2",
                                         "/opt/script.so", "/none.so"});
  EXPECT_EQ(code.looked_at, 1U);
  ASSERT_EQ(code.libraries.size(), 1U);
  EXPECT_EQ(describe_code(code.libraries[0].code), "sm_80 sm_90, no PTX");
}

}  // namespace
}  // namespace envforge::validator::audit
