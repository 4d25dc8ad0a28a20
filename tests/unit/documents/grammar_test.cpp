// The grammars as tables: what must be let through and what must not. The hostile recipes test them in place.
#include "grammar.hpp"

#include <gtest/gtest.h>

#include "text_safety.hpp"

namespace envforge::documents {
namespace {

using Check = Checked (*)(std::string_view);
using Words = std::vector<std::string>;

void expect(Check check, const Words& good, const Words& bad) {
  for (const auto& word : good) {
    const auto refused = check(word);
    EXPECT_FALSE(refused.has_value()) << "refused: " << word << ": " << refused->message;
  }
  for (const auto& word : bad) EXPECT_TRUE(check(word).has_value()) << "let through: " << word;
}

TEST(Grammar, OfImageNamesIsThatOfOci) {
  expect(check_image_name,
         {"a", "pytorch-cuda", "a.b_c__d---e", "team/sub/image", "localhost/a", "localhost:5000/a",
          "registry.example.com:5000/team/a"},
         {"", "A", "a/", "/a", "a//b", "-a", "a-", "a..b", "a___b", "a.-b", "a:tag", "a@sha256:0",
          "UPPER.example.com/A", "host:port/a", "a b", "a\n", "a$b"});
}

TEST(Grammar, OfImageReferencesTakesTagAndDigest) {
  const std::string digest = "@sha256:" + std::string(64, '0');
  expect(
      check_image_reference,
      {"debian", "debian:12-slim", "localhost:5000/debian", "localhost:5000/debian:12" + digest, "a/b" + digest},
      {"", "a:", "a@sha256:0", "a@md5:" + std::string(64, '0'), "a:-b", "a:" + std::string(129, 'b'), "--pull", "a b"});
}

TEST(Grammar, OfTagsRefusesLatestAsAWordOnly) {
  expect(check_tag, {"v2.6", "2.6.0-cuda12.4-debian12", "_x", "latests", "greatest"},
         {"", ".a", "-a", "latest", "LATEST", "v2-latest", "latest.1", "a_latest", "a:b", std::string(129, 'a')});
}

TEST(Grammar, OfDebianPackagesIsThatOfPolicy) {
  expect(check_apt,
         {"git", "g++", "libstdc++6", "python3.11", "0ad", "git=1:2.39.5-0+deb12u2", "libc6=2.36-9+deb12u10",
          "x11-apps=7.7+9~bpo1"},
         {"", "a", "Git", "git-", "-git", "git=", "git=a1", "git=1 2", "git/sid", "git:amd64", "git=1:2:3;", "git\n",
          "a_b"});
}

TEST(Grammar, OfBasesIsADistributionWithItsVersion) {
  expect(check_base, {"debian:12", "ubuntu:24.04", "rockylinux:9", "alpine:3.19", "python:3.12-slim"},
         {"", "debian", "debian:", ":12", "debian:latest", "Debian:12", "debian:12-", "debian:12 ", "debian:12;x",
          "nvidia/cuda:12", "debian:12_x", "debian:12-" + std::string(40, 'a')});
}

TEST(Grammar, OfRequirementsIsPep508WithoutUrls) {
  expect(check_requirement,
         {"pandas",
          "Pandas",
          "a",
          "zope.interface",
          "jupyterlab>=4",
          "jupyterlab >= 4 , < 5",
          "x==1.*",
          "x!=1.0.*",
          "x~=1.4.2",
          "x===1.0",
          "x(>=1,<2)",
          "x (==2!1.0)",
          "uvicorn[standard]",
          "uvicorn[ standard , foo ] >=0.1",
          "x[]",
          "x; python_version >= '3.10'",
          "x>=1 ; (os_name == \"posix\" or sys_platform != 'win32') and python_version not in '3.8 3.9'",
          "x; extra == 'a/b'",
          "x==v1.0",
          "torchmetrics",
          "pytorch-lightning",
          "torch-geometric"},
         {"",
          "-e .",
          "--pre",
          "x @ https://x",
          "x@https://x",
          "https://x/y.whl",
          "git+ssh://x",
          "./x",
          "x/y",
          "x.whl",
          "x.tar.gz",
          "~x",
          "x y",
          "x>=",
          "x>=1,",
          "x=1",
          "x>>1",
          "x==1.*.2",
          "x>=1.*",
          "x[",
          "x[a",
          "x(>=1",
          "x;",
          "x; python_version",
          "x; foo == 'a'",
          "x; os_name == 'a' xor os_name == 'b'",
          "x; os_name == 'a",
          "x$(id)",
          "x`id`",
          "x; os_name == 'a' | id"});
  expect(check_pip_entry, {"pandas", "torchmetrics", "pytorch-lightning", "torch-geometric"},
         {"x y", "torch", "torch>=2", "Torch", "torch[opt]", "torchvision==0.21", "TORCHAUDIO",
          "torch ; os_name == 'posix'"});
}

TEST(Grammar, OfWheelsByTheirAddressNeedsTheHashAndTheProjectsOwnFile) {
  const std::string hash = "#sha256=" + std::string(64, 'a');
  const std::string url = "https://wheels.example.com/x/own_lib-1.0-py3-none-any.whl";
  expect(
      check_requirement,
      {"own-lib @ " + url + hash, "Own.Lib[extra] @ " + url + hash, "own_lib@" + url + hash,
       "own-lib @ " + url + hash + " ; python_version >= '3.10'",
       "own-lib @ http://127.0.0.1:8080/own_lib-1.0-py3-none-any.whl" + hash},
      {"own-lib @ " + url, "own-lib @ " + url + "#sha256=" + std::string(63, 'a'),
       "own-lib @ " + url + "#sha256=" + std::string(64, 'A'), "own-lib @ " + url + "#md5=" + std::string(64, 'a'),
       "other @ " + url + hash, "own-lib @ http://wheels.example.com/own_lib-1.0-py3-none-any.whl" + hash,
       "own-lib @ https://user:secret@wheels.example.com/own_lib-1.0-py3-none-any.whl" + hash,
       "own-lib @ https://wheels.example.com/own_lib-1.0.tar.gz" + hash,
       "own-lib @ https://wheels.example.com/$(id)/own_lib-1.0-py3-none-any.whl" + hash,
       "own-lib @ https://wheels.example.com/own_lib-1.0-py3-none-any.whl?x=1" + hash,
       "own-lib @ file:///own_lib-1.0-py3-none-any.whl" + hash, "own-lib @ " + url + hash + " --no-deps",
       "own-lib @ " + url + hash + " ; python_version", "own-lib @ git+https://x/y@main", "git+ssh://git@x/y@0123abc"});
}

TEST(Grammar, OfPathsKeepsThemInTheirPlace) {
  expect([](std::string_view path) { return check_relative_path(path, "from"); },
         {"src", ".", "./src", "a/b.c", ".config", "a+b@c,d=e%f", "..a/b"},
         {"", "/a", "..", "../a", "a/..", "a/../b", "~/a", "-a", "a/-b", "a b", "a*", "a?", "a$b", "a//b", "a\\b",
          "a\"b"});
  expect([](std::string_view path) { return check_image_path(path, "to"); },
         {"/workspace", "/opt/app", "/home/me/x", "/data/.cache", "/etcetera", "/opt/venvs"},
         {"", "a", "/", "//a", "/etc", "/etc/x", "/usr/local", "/opt/venv", "/opt/venv/x", "/a/../etc", "/./etc",
          "/a/./b", "/a/.", "/proc/self", "/a b", "/$HOME", "/-a"});
  expect([](std::string_view path) { return check_host_path(path, "dir"); }, {"/", "/srv/our wheels", "/srv/é"},
         {"", "srv", "~/x", "/a,b", "/a\"b", "/a\nb"});
}

TEST(Grammar, OfVolumesRefusesWhatGivesPowerOverTheHost) {
  expect(check_volume,
         {"./data:/data", ".:/work", "/srv/sets:/sets:ro", "cache:/cache:rw", "/home/me:/home/me", "/var/data:/data",
          "./a/b:/opt/x"},
         {"",
          "/data",
          "a",
          "/:/x",
          "/etc:/x",
          "/run/x:/x",
          "/var/run/docker.sock:/x",
          "/srv/a.sock:/x",
          "./a.sock:/x",
          "/proc:/x",
          "/dev/nvidia0:/x",
          "/root:/x",
          "../a:/x",
          "./../a:/x",
          "~:/x",
          "a:b",
          "./a:/usr",
          "./a:/",
          "./a:/x:z",
          "./a:/x:ro:ro",
          "data/x:/x",
          "-v:/x",
          "/a/../etc:/x"});
}

TEST(Grammar, OfPortMappingsTakesAddresses) {
  expect(check_port_mapping, {"8888:8888", "127.0.0.1:8888:9999", "0.0.0.0:1024:65535", "[::1]:8888:8888"},
         {"", "8888", "80:8888", "8888:80", "8888:65536", "1.2.3:8888:8888", "256.1.1.1:8888:8888", ":8888:8888",
          "a:8888:8888", "8888:8888/tcp", "8888-8890:8888-8890"});
}

TEST(Grammar, OfSizesSaysWhatEachUnitMeans) {
  const auto bytes = [](std::string_view text) {
    std::uint64_t out = 0;
    return parse_size(text, out) ? 0 : out;
  };
  EXPECT_EQ(bytes("16g"), 17179869184U);
  EXPECT_EQ(bytes("16GiB"), 17179869184U);
  EXPECT_EQ(bytes("16GB"), 16000000000U);
  EXPECT_EQ(bytes("1.5kB"), 1500U);
  EXPECT_EQ(bytes("512m"), 536870912U);
  EXPECT_EQ(bytes("7b"), 7U);
  for (const char* wrong : {"", "g", "16", "16 g", "16gb", "16Gb", "16x", "-1g", "1e3g", "1..5g", "1.g", ".5g", "0g",
                            "99999999999t", "1g\n"})
    EXPECT_EQ(bytes(wrong), 0U) << wrong;
}

TEST(Grammar, OfVariablesRefusesLoadersOursAndSecrets) {
  expect(check_variable_name,
         {"NCCL_DEBUG", "_x", "TOKENIZERS_PARALLELISM", "HF_HOME", "MYPATH", "KEYS", "TOKEN_LIMIT", "PYTHONPATH"},
         {"", "1A", "A-B", "A B", "A=B", "LD_PRELOAD", "LD_LIBRARY_PATH", "PATH", "NVIDIA_VISIBLE_DEVICES",
          "ENVFORGE_X", "HF_TOKEN", "TOKEN", "WANDB_API_KEY", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD"});
}

TEST(Grammar, OfABuildsVariablesRefusesAlsoWhatItsPromisesRestOn) {
  expect(
      check_build_variable_name,
      {"FLASH_ATTENTION_FORCE_BUILD", "FORCE_CUDA", "MAX_JOBS_PER_FILE", "NVCC_THREADS", "CC", "LDFLAGS", "MY_PYTHON"},
      {"", "1A", "A=B", "TORCH_CUDA_ARCH_LIST", "MAX_JOBS", "CXXFLAGS", "CUDA_HOME", "SOURCE_DATE_EPOCH", "PATH",
       "HOME", "LD_PRELOAD", "LD_BIND_NOW", "PYTHONPATH", "PYTHONHASHSEED", "UV_INDEX", "ENVFORGE_X", "HF_TOKEN"});
  const auto arches = check_build_variable_name("TORCH_CUDA_ARCH_LIST");
  EXPECT_NE(arches->message.find("follows from the target"), std::string::npos) << arches->message;
  EXPECT_NE(arches->hint.find("`pools`"), std::string::npos) << arches->hint;
  const auto secret = check_build_variable_name("HF_TOKEN");
  EXPECT_EQ(secret->hint.find("docker run"), std::string::npos) << "a build is not run: " << secret->hint;
}

TEST(Grammar, OfUrlsTakesPlainHttpFromThisMachineOnly) {
  expect(
      [](std::string_view url) { return check_url(url, "index"); },
      {"https://pypi.org/simple", "https://x.example:8443/a/b_c-d~e", "http://127.0.0.1:8099/simple",
       "http://localhost/x", "http://[::1]:80/x"},
      {"", "pypi.org", "ftp://x/", "file:///etc", "http://x.example/", "http://127.0.0.1.evil.example/",
       "http://localhost.evil.example/", "https://u:p@x/", "https://", "https:///x", "https://x/a b", "https://x/$(id)",
       "https://x/?a=b", "https://x/#a", "https://x/../y", "https://x:port/", "https://-x/", "http://u@127.0.0.1/"});
  expect([](std::string_view url) { return check_mirror_url(url, "mirror"); }, {"http://deb.debian.org/debian"},
         {"http://u:p@x/"});
  expect([](std::string_view url) { return check_index_url(url, "index"); }, {"https://u:p%40@x/y"},
         {"http://u:p@x/y", "https://u p@x/"});
  expect(check_docker_host, {"unix:///run/docker.sock", "tcp://10.0.0.1:2376", "ssh://me@host:22", "tcp://[::1]:2375"},
         {"", "/run/docker.sock", "unix://run", "http://x", "tcp://-x", "ssh://-oProxyCommand=id", "tcp://a b"});
  EXPECT_EQ(masked("https://user:secret@host/path"), "https://***@host/path");
  EXPECT_EQ(masked("https://host/path"), "https://host/path");
  for (const char* requirement : {"x @ https://user:secret@host/x.whl", "x @ git+https://user:secret@host/x@main"})
    EXPECT_EQ(check_requirement(requirement).value().message.find("secret"), std::string::npos) << requirement;
}

TEST(Grammar, OfDatesRefusesDaysThatDoNotExist) {
  expect(check_exclude_newer, {"2026-11-01", "2026-11-01T23:59:59Z"},
         {"", "2026-13-01", "2026-00-01", "2026-11-32", "2026-11-31", "2026-02-29", "2026-11-01T24:00:00Z",
          "2026-11-01T00:00:00", "2026-11-01T00:00:00+01:00", "2026-1-1", "now"});
}

TEST(Grammar, OfGpusAndDriversTakesWhatNvidiaSmiPrints) {
  expect(check_gpu,
         {"A100", "RTX 5090", "Tesla V100-SXM2-32GB", "NVIDIA GeForce GTX 1660 Ti", "sm_90", "9.0",
          "NVIDIA RTX PRO 6000 Blackwell (Server Edition)"},
         {"", " A100", "A100 ", "A100;id", "A100\n", "-A100", "$A", std::string(65, 'A')});
  expect(check_driver, {"550.90.07", "535.183.06", "470.82", "550", "R550"},
         {"", "R", "55", "R5500", "r550", "R550.90", "550.", "550.90.07.1", "55.90", "550.90-server", "latest"});
}

TEST(Grammar, OfUsersIsThatOfPosix) {
  expect(check_user_name, {"aiuser", "_svc", "a-b_c1"},
         {"", "root", "daemon", "www-data", "1a", "-a", "A", "a b", "a:b", "a$", std::string(33, 'a')});
  for (const long uid : {100L, 1000L, 60000L}) EXPECT_FALSE(check_uid(uid).has_value()) << uid;
  for (const long uid : {-1L, 0L, 1L, 99L, 60001L, 65534L, 4294967296L}) EXPECT_TRUE(check_uid(uid).has_value()) << uid;
}

TEST(Grammar, OfWheelFilesIsThatOfTheirNames) {
  expect(check_wheel_filename,
         {"torch-2.6.0-cp311-cp311-manylinux1_x86_64.whl", "x-1.0-1-py3-none-any.whl",
          "torch-2.6.0+cu118-cp311-cp311-linux_x86_64.whl"},
         {"", "x.whl", "x-1.0.tar.gz", "../x-1-py3-none-any.whl", "a/x-1-py3-none-any.whl", "-x-1-py3-none-any.whl",
          "x-1-py3-none-any.whl\n"});
}

TEST(TextSafety, FindsTheFirstCharacterThatIsNotWhatItShows) {
  EXPECT_FALSE(find_unsafe("plain, é, 漢字, 😀", TextKind::kLine).has_value());
  EXPECT_FALSE(find_unsafe("a\tb\r\nc", TextKind::kDocument).has_value());
  EXPECT_EQ(find_unsafe("a\tb", TextKind::kLine)->name, "U+0009 (a tab)");
  EXPECT_EQ(find_unsafe("ab\xE2\x80\xAE", TextKind::kDocument)->offset, 2U);
  const std::vector<std::string> bad{std::string("a\0", 2),
                                     "\x1b[2J",
                                     "\x7f",
                                     "\xc2\x9b",
                                     "\xc2\xad",
                                     "\xe2\x80\x8b",
                                     "\xe2\x80\xa8",
                                     "\xe2\x81\xa6",
                                     "\xef\xbb\xbf",
                                     "\xf3\xa0\x80\x81",
                                     "\xff",
                                     "\xc0\xaf",
                                     "\xe0\x80\xaf",
                                     "\xed\xa0\x80",
                                     "\xf4\x90\x80\x80",
                                     "\xe2\x80",
                                     "\xc3"};
  for (const auto& text : bad)
    EXPECT_TRUE(find_unsafe(text, TextKind::kDocument).has_value()) << ::testing::PrintToString(text);
}

}  // namespace
}  // namespace envforge::documents
