#include <gtest/gtest.h>

#include <envforge/versions/marker.hpp>

namespace envforge::versions {
namespace {

// On linux/amd64 with Python 3.11, of which the patch is not known.
Truth holds(const std::string& text, const std::string& platform = "linux/amd64", const std::string& python = "3.11") {
  const auto marker = Marker::parse(text);
  EXPECT_TRUE(marker) << text;
  return marker ? marker->holds(image_marker_values(platform, python)) : Truth::kUnknown;
}

TEST(Marker, HoldsByTheVersionOfPython) {
  for (const char* text :
       {"python_version >= '3.9'", "python_version < \"3.12\"", "python_version == '3.11'", "python_version=='3.*'",
        "'3.11' <= python_version", "python_version ~= '3.8'", "python_version in '3.10 3.11'",
        "python_version not in '3.9,3.10'", "python_version != '3.11.4'", "python_full_version >= '3.11.0'",
        "python_full_version == '3.11.*'", "python_full_version < '3.12.1'", "python_version > '3.9'",
        "implementation_version >= '3.8'", "python_version === '3.11'"})
    EXPECT_EQ(holds(text), Truth::kYes) << text;
  for (const char* text :
       {"python_version < '3.9'", "python_version == '3.1'", "python_full_version < '3.11'",
        "python_full_version > '3.12.4'", "'3.12' <= python_version", "python_version in '3.9 3.10'"})
    EXPECT_EQ(holds(text), Truth::kNo) << text;
  EXPECT_EQ(holds("python_version == '3.14'", "linux/amd64", "3.14t"), Truth::kYes);
}

TEST(Marker, HoldsByThePlatformOfTheImage) {
  for (const char* text :
       {"sys_platform == 'linux'", "platform_system != \"Windows\"", "platform_machine == 'x86_64'",
        "os_name == 'posix' and implementation_name == 'cpython'", "'linux' in sys_platform",
        "sys_platform in 'linux darwin'", "platform_python_implementation == 'CPython'", "extra != 'gpu'"})
    EXPECT_EQ(holds(text), Truth::kYes) << text;
  for (const char* text : {"sys_platform == 'win32'", "platform_machine == 'aarch64'", "extra == 'gpu'",
                           "platform_system == 'Darwin'", "sys_platform not in 'linux darwin'"})
    EXPECT_EQ(holds(text), Truth::kNo) << text;
  EXPECT_EQ(holds("platform_machine == 'aarch64'", "linux/arm64"), Truth::kYes);
}

TEST(Marker, JoinsComparisonsAndBeforeOr) {
  EXPECT_EQ(holds("sys_platform == 'linux' or sys_platform == 'win32' and python_version < '3'"), Truth::kYes);
  EXPECT_EQ(holds("(sys_platform == 'linux' or sys_platform == 'win32') and python_version < '3'"), Truth::kNo);
  EXPECT_EQ(holds("((python_version >= '3.8')) and (platform_machine != 'aarch64')"), Truth::kYes);
}

TEST(Marker, IsNotKnownWhereItsAnswerDependsOnWhatIsNot) {
  for (const char* text :
       {"platform_release >= '5'", "python_full_version >= '3.11.4'", "'a' == 'a'", "python_full_version == '3.11.2'",
        "python_version in '3.110'", "sys_platform > 'a'", "platform_release == 'x' and sys_platform == 'linux'",
        "'3' in python_version", "python_full_version in '3.11.2'", "python_version >= 'three'"})
    EXPECT_EQ(holds(text), Truth::kUnknown) << text;
  EXPECT_EQ(holds("platform_release == 'x' or sys_platform == 'linux'"), Truth::kYes);
  EXPECT_EQ(holds("platform_release == 'x' and sys_platform == 'win32'"), Truth::kNo);
  EXPECT_EQ(holds("python_version >= '3.9'", "linux/amd64", ""), Truth::kUnknown);
  EXPECT_EQ(holds("platform_machine == 'x86_64'", ""), Truth::kUnknown);
}

TEST(Marker, IsNoneWithoutItsGrammar) {
  for (const char* text :
       {"", "python_version", "python_version >= 3.9", "python >= '3'", "os_name == 'nt' and", "(os_name == 'nt'",
        "os_name == 'nt')", "os_name = 'nt'", "os_name == 'n\\t'", "os_name not 'nt'",
        "os_name == 'nt' nor extra == 'x'", "os_name == 'nt'; extra == 'x'", "(((((((((os_name == 'nt')))))))))"})
    EXPECT_FALSE(Marker::parse(text)) << text;
  EXPECT_TRUE(Marker::parse("((((((((os_name == 'nt'))))))))"));
  EXPECT_EQ(Marker::parse(" os_name=='nt' ")->text(), "os_name=='nt'");
}

}  // namespace
}  // namespace envforge::versions
