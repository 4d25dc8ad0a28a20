#include <envforge/render/dockerfile.hpp>

#include <gtest/gtest.h>

namespace envforge::render {
namespace {

std::string body(std::vector<Instruction> instructions, const std::string& from = "scratch",
                 const std::string& digest = "") {
  const std::string text = print({"Header.", {{"A stage.", from, digest, "one", std::move(instructions), {}}}});
  const std::string start = "# Header.\n\n# A stage.\n";
  EXPECT_EQ(text.substr(0, start.size()), start);
  return text.substr(start.size());
}

TEST(PrintDockerfile, PinsABaseByDigest) {
  EXPECT_EQ(body({}, "debian", "sha256:ab"), "FROM debian@sha256:ab AS one\n");
}

TEST(PrintDockerfile, PutsEachMountAndCommandOnALineOfItsOwn) {
  const render::Run run{{TmpfsMount{"/run"}, BindMount{"debs", "/run/debs", ""}, BindMount{"/opt", "/opt", "app"},
                         CacheMount{"c", "/run/cache"}, SecretMount{"s", "/run/secrets/s"}},
                        {{{"echo", "a b"}, "/etc/x"}, {{"true"}, ""}}};
  EXPECT_EQ(body({{"Why.", run, {}}}), R"(FROM scratch AS one

# Why.
RUN --mount=type=tmpfs,target=/run \
    --mount=type=bind,source=debs,target=/run/debs \
    --mount=type=bind,from=app,source=/opt,target=/opt \
    --mount=type=cache,id=c,target=/run/cache,sharing=shared \
    --mount=type=secret,id=s,target=/run/secrets/s \
    echo 'a b' >> /etc/x \
    && true
)");
}

TEST(PrintDockerfile, WrapsLongCommandsBetweenWords) {
  render::Run run;
  run.commands.push_back({{}, ""});
  for (int i = 0; i < 30; ++i) run.commands[0].argv.push_back("word" + std::to_string(i) + "x");
  const std::string text = body({{"", run, {}}});
  std::size_t start = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    EXPECT_LE(end - start, 120U);
    start = end + 1;
  }
  EXPECT_NE(text.find(" \\\n        word"), std::string::npos);
}

TEST(PrintDockerfile, PrintsEveryInstruction) {
  EXPECT_EQ(body({{"", Add{"base.tar", "/"}, {}},
                  {"", Copy{"build", "", "/out/", "/"}, {}},
                  {"", Copy{"", "1000:1000", "copy/0/", "/workspace/"}, {}},
                  {"", Env{{{"A", "1"}, {"B", "x y"}}}, {}},
                  {"", Workdir{"/workspace"}, {}},
                  {"", Expose{8888}, {}},
                  {"", User{1000, 1001}, {}},
                  {"", Entrypoint{{"/usr/bin/tini", "--"}}, {}},
                  {"", Cmd{{"python"}}, {}},
                  {"", Label{{{"a.b", "c"}}}, {}}}),
            R"(FROM scratch AS one
ADD base.tar /
COPY --from=build /out/ /
COPY --chown=1000:1000 copy/0/ /workspace/
ENV A=1 \
    B="x y"
WORKDIR /workspace
EXPOSE 8888
USER 1000:1001
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["python"]
LABEL a.b=c
)");
}

TEST(PrintDockerfile, GivesTheReasonOfALintException) {
  EXPECT_EQ(body({{"What.", Workdir{"/a"}, LintException{"DL9999", "Because."}}}),
            "FROM scratch AS one\n\n# What.\n# Because.\n# hadolint ignore=DL9999\nWORKDIR /a\n");
}

TEST(PrintDockerfile, WrapsComments) {
  std::string words = "word";
  for (int i = 0; i < 60; ++i) words += " word";
  const std::string text = body({{words, Workdir{"/a"}, {}}});
  EXPECT_NE(text.find("word\n# word"), std::string::npos);
}

}  // namespace
}  // namespace envforge::render
