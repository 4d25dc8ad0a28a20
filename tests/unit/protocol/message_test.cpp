#include <envforge/protocol/message.hpp>

#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

namespace envforge::protocol {
namespace {

TEST(Message, EveryKindReadsBackAsOneLine) {
  const Problem gemm{"gemm", {{"m", 64}, {"n", 32}, {"k", 16}}, {1, "bf16", 3}, {2, "bf16", 0}, "fp32", 2048};
  CheckResult result;
  result.id = "cublas.gemm-exact";
  result.verdict = Verdict::kPass;
  const std::vector<Message> messages = {Hello{kProtocolVersion, "cublas", {{"cublas.gemm-exact", true}}},
                                         Ready{},
                                         Started{"cublas.gemm-exact"},
                                         Doing{"cublasGemmEx\nwith a newline"},
                                         Computed{"cublas.gemm-exact", gemm},
                                         Elements{{0, 0xffffffffffffffffULL}},
                                         Result{result},
                                         LoadedLibrary{"libcublas.so.12", "/x", "12.4", "none", "system"},
                                         MachineInfo{},
                                         Bye{},
                                         Go{},
                                         Ask{{7, 2047}},
                                         Enough{}};
  ASSERT_EQ(messages.size(), std::variant_size_v<Message>);
  for (const auto& message : messages) {
    const std::string line = to_line(message);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const Message back = message_from_line(line);
    EXPECT_EQ(back.index(), message.index());
    EXPECT_EQ(to_line(back), line);
  }
}

TEST(Message, GarbageIsAProtocolErrorThatNamesTheChannel) {
  for (const char* line : {"PASS", "{}", "{\"type\":\"won\"}", "{\"type\":\"bye\",\"extra\":1}", "",
                           "{\"type\":\"elements\",\"bits\":[-1]}"}) {
    try {
      message_from_line(line);
      ADD_FAILURE() << line;
    } catch (const support::Error& error) {
      EXPECT_EQ(error.code(), support::ErrorCode::kProtocol) << line;
    }
  }
}

TEST(Progress, IsToldApartFromWhatAnythingElseWrites) {
  const Progress progress{"result", "cublas", "cublas.gemm-exact", "GPU-1", "pass", 2.5};
  const auto back = progress_from_line(to_line(progress));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->check, "cublas.gemm-exact");
  EXPECT_EQ(back->seconds, 2.5);
  for (const char* line : {"", "WARNING: something", "{\"a\":1}", "{\"envforge\":\"progress\"}", "{"}) {
    EXPECT_FALSE(progress_from_line(line).has_value()) << line;
  }
}

}  // namespace
}  // namespace envforge::protocol
