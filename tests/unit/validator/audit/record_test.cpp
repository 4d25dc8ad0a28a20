#include "audit/record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/owner.hpp"
#include "support/fake_image.hpp"

namespace envforge::validator::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Record : public testing::Test {
 protected:
  Record() {
    image_.wheel("/site", "nvidia-nccl-cu12", "2.21.5",
                 {{"nvidia/nccl/lib/libnccl.so.2", "library"}, {"nvidia/nccl/__init__.py", "text"}});
  }
  RecordFindings compare(std::chrono::milliseconds budget) {
    const loader::Root root(image_.root());
    const auto distributions = loader::read_distributions(root, "/site");
    return compare_record(root, {loader::read_record(root, distributions.front()), budget, 2, 7});
  }
  tests::FakeImage image_;
};

constexpr std::chrono::milliseconds kLong{60000};

TEST_F(Record, OfAnUntouchedWheelHoldsEveryFile) {
  const RecordFindings found = compare(kLong);
  EXPECT_THAT(found.differences, IsEmpty());
  EXPECT_EQ(found.sized, 2U);
  EXPECT_EQ(found.digested, 1U);
  EXPECT_EQ(found.digested_bytes, 7U);
}

TEST_F(Record, FindsAnotherContentOfTheSameSize) {
  image_.file("/site/nvidia/nccl/lib/libnccl.so.2", "librarz");
  EXPECT_THAT(compare(kLong).differences, ElementsAre(HasSubstr("libnccl.so.2 has the size but not the content")));
}

TEST_F(Record, FindsAnotherSizeAndAMissingFileWithoutReadingThem) {
  image_.file("/site/nvidia/nccl/__init__.py", "longer text");
  image_.remove("/site/nvidia/nccl/lib/libnccl.so.2");
  EXPECT_THAT(compare(std::chrono::milliseconds(0)).differences,
              ElementsAre(HasSubstr("__init__.py has 11 bytes, its wheel 4"), HasSubstr("libnccl.so.2 is missing")));
}

TEST_F(Record, SaysWhatItDidNotGetTo) {
  const RecordFindings found = compare(std::chrono::milliseconds(0));
  EXPECT_EQ(found.digested, 0U);
  EXPECT_EQ(found.to_digest, 1U);
  EXPECT_EQ(found.to_digest_bytes, 7U);
}

TEST(RecordOfTorch, IsThatOfTorchAndNvidiasWheels) {
  EXPECT_TRUE(is_of_torch("torch"));
  EXPECT_TRUE(is_of_torch("nvidia-cublas-cu12"));
  EXPECT_FALSE(is_of_torch("numpy"));
}

}  // namespace
}  // namespace envforge::validator::audit
