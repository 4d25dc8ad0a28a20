#include "audit/symbols.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_image.hpp"

namespace envforge::validator::audit {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::kFakeSite;

class Symbols : public testing::Test {
 protected:
  Symbols() {
    tests::with_torch_26(image_);
    library("/torch/lib/libtorch_cuda.so", "libtorch_cuda.so", {"ncclCommRegister", "ncclAllReduce", "cublasCreate_v2"},
            {},
            {"libcudart.so.12", "libcusparse.so.12", "libcublas.so.12", "libcublasLt.so.12", "libcudnn.so.9",
             "libnccl.so.2"});
    library("/nvidia/nccl/lib/libnccl.so.2", "libnccl.so.2", {}, {"ncclCommRegister", "ncclAllReduce"});
    library("/nvidia/cublas/lib/libcublas.so.12", "libcublas.so.12", {"cublasLtMatmul"}, {"cublasCreate_v2"},
            {"libcublasLt.so.12"});
    library("/nvidia/cublas/lib/libcublasLt.so.12", "libcublasLt.so.12", {}, {"cublasLtMatmul"});
    library("/nvidia/cusparse/lib/libcusparse.so.12", "libcusparse.so.12", {"__nvJitLinkComplete_12_4"}, {},
            {"libnvJitLink.so.12"});
    library("/nvidia/nvjitlink/lib/libnvJitLink.so.12", "libnvJitLink.so.12", {}, {"__nvJitLinkComplete_12_4"});
  }

  void library(const std::string& path, const std::string& soname, const std::vector<std::string>& wanted,
               const std::vector<std::string>& offered, const std::vector<std::string>& needed = {}) {
    const std::string rpath =
        "$ORIGIN/../../nvidia/cublas/lib:$ORIGIN/../../nvidia/cuda_runtime/lib:$ORIGIN/../../nvidia/cudnn/lib:"
        "$ORIGIN/../../nvidia/cusparse/lib:$ORIGIN/../../nvidia/nccl/lib:$ORIGIN/../../nvjitlink/lib:$ORIGIN";
    image_.file(kFakeSite + path,
                tests::elf_library({soname, needed, rpath, "", tests::symbol_sections(wanted, offered)}));
  }
  std::vector<std::string> found(const loader::Environment& environment = {}) {
    const loader::Root root(image_.root());
    std::vector<std::string> out;
    const auto inventory = std::get<Inventory>(take_inventory(root, environment, ""));
    for (const auto& one : find_missing_symbols(read_symbols(root, inventory)))
      out.push_back(one.what + " | " + one.mend);
    return out;
  }

  tests::FakeImage image_;
};

TEST_F(Symbols, AreAllThereInACleanImage) {
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Symbols, ThatAnOlderNcclLacksNameItsVersionItsPlaceAndWhatTakesItAway) {
  image_.remove(std::string(kFakeSite) + "/nvidia/nccl");
  image_.file("/opt/old/libnccl.so.2.18.5",
              tests::elf_library({"libnccl.so.2", {}, "", "", tests::symbol_sections({}, {"ncclAllReduce"})}));
  image_.link("/opt/old/libnccl.so.2", "libnccl.so.2.18.5");
  EXPECT_THAT(found({{"LD_LIBRARY_PATH", "/opt/old"}}),
              testing::ElementsAre(AllOf(HasSubstr("libtorch_cuda.so needs ncclCommRegister"),
                                         HasSubstr("libnccl.so.2 2.18.5 (/opt/old/libnccl.so.2.18.5, none, by "
                                                   "LD_LIBRARY_PATH) does not have"),
                                         HasSubstr("| take /opt/old out of LD_LIBRARY_PATH"))));
}

TEST_F(Symbols, OfNvJitLinkAreThoseOfTheReleaseThatCusparseWants) {
  library("/nvidia/nvjitlink/lib/libnvJitLink.so.12", "libnvJitLink.so.12", {}, {"__nvJitLinkComplete_12_1"});
  EXPECT_THAT(found(), testing::ElementsAre(HasSubstr("libcusparse.so.12 needs __nvJitLinkComplete_12_4")));
}

TEST_F(Symbols, OfTheCublasPairMustFit) {
  library("/nvidia/cublas/lib/libcublasLt.so.12", "libcublasLt.so.12", {}, {"cublasLtMatmulOfLater"});
  EXPECT_THAT(found(),
              testing::ElementsAre(HasSubstr("libcublas.so.12 needs cublasLtMatmul, which libcublasLt.so.12")));
}

TEST(SymbolFamily, IsToldByThePrefixAndTheCapitalAfterIt) {
  EXPECT_EQ(library_of_symbol("cublasLtMatmul"), "libcublasLt");
  EXPECT_EQ(library_of_symbol("cublasCreate_v2"), "libcublas");
  EXPECT_EQ(library_of_symbol("__nvJitLinkCreate_12_4"), "libnvJitLink");
  EXPECT_EQ(library_of_symbol("cudaMalloc"), "libcudart");
  EXPECT_EQ(library_of_symbol("cuMemAlloc_v2"), "") << "the driver's";
  EXPECT_EQ(library_of_symbol("ncclx"), "");
  EXPECT_EQ(library_of_symbol("_ZN3c104cuda"), "");
}

}  // namespace
}  // namespace envforge::validator::audit
