// The table of errors. The enumerator's value is the number of its id (EF3001); the first digit is the exit code
// (9xxx is 70). Every code has one row in src/support/error_code.cpp and one section in docs/errors.md, tested.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <envforge/support/exit_code.hpp>

namespace envforge::support {

enum class ErrorCode : int {
  // 2xxx usage
  kUsage = 2001,
  // 30xx recipe, and the other YAML documents (fleet file, site configuration)
  kRecipeUnreadable = 3001,
  kRecipeSyntax = 3002,
  kDocumentLimit = 3003,
  kYamlFeature = 3004,
  kDuplicateKey = 3005,
  kUnknownKey = 3006,
  kMissingKey = 3007,
  kWrongType = 3008,
  kWrongUnit = 3009,
  kWrongValue = 3010,
  kBadName = 3011,
  kUnsafeText = 3012,
  kUnsafePath = 3013,
  kBadRequirement = 3014,
  kWrongSchema = 3015,
  kCompanionFile = 3016,
  kRefusedTag = 3017,
  kRefusedUser = 3018,
  kRefusedVariable = 3019,
  kRefusedVolume = 3020,
  kGpuUnknown = 3070,
  kGpuAmbiguous = 3071,
  // 31xx lock
  kLockMalformed = 3101,
  kLockTooNew = 3102,
  kLockDigest = 3103,
  kLockMissing = 3110,
  kLockStale = 3111,
  kCopySource = 3112,
  kWheelAbsent = 3113,
  kBuildSource = 3114,
  kBuiltWheelAbsent = 3115,
  // 32xx compatibility data
  kDataMalformed = 3201,
  kDataReference = 3202,
  kDataTooNew = 3203,
  kDataOlder = 3204,
  // 33xx site configuration
  kConfigVariable = 3301,
  // 34xx report
  kReportMalformed = 3401,
  kReportTooNew = 3402,
  // 35xx render
  kUnprintableValue = 3501,
  // 40xx version sets, 41xx Python packages, 42xx Debian packages
  kNoVersionSet = 4001,
  kPythonConflict = 4101,
  kNoCudaCompiler = 4102,
  kRequirementHash = 4103,
  kDebConflict = 4201,
  // 50xx engine, 51xx build, 52xx fetching, 53xx validator
  kEngineGone = 5001,
  kEngineFailed = 5002,
  kSavedImage = 5003,
  kBuildFailed = 5101,
  kCheckStage = 5102,
  kInstalledDiffers = 5103,
  kImageTooLarge = 5104,
  kPushFailed = 5105,
  kWheelBuild = 5106,
  kBuiltWheelDiffers = 5107,
  kDeadline = 5124,
  kInterrupted = 5130,
  kUvFailed = 5201,
  kWheelFetch = 5202,
  kDebMirror = 5203,
  kDebGone = 5204,
  kDebDigest = 5205,
  kDebTool = 5206,
  kBaseBuild = 5207,
  kIndexUnreachable = 5208,
  kPythonFetch = 5221,
  kPythonDigest = 5222,
  kPythonArchive = 5223,
  kProtocol = 5301,
  kImageAbsent = 5310,
  kContainerStart = 5311,
  kValidatorBroken = 5312,
  // 60xx this machine lacks something
  kProgramMissing = 6001,
  kFileUnreadable = 6002,
  kFileWrite = 6003,
  kNoEngine = 6010,
  kEnginePermission = 6011,
  kNoBuildKit = 6012,
  kNoGpu = 6020,
  kNoGpuInjection = 6021,
  kGpuInUse = 6022,
  kDiskFull = 6023,
  kValidatorMissing = 6024,
  // 70xx trust
  kReportNotTrusted = 7001,
  kDataNotTrusted = 7002,
  // 9xxx our own bugs
  kInternal = 9001,
  kMalformedJson = 9002,
};

struct ErrorRow {
  ErrorCode code;
  std::string_view slug;   // stable, kebab-case
  std::string_view title;  // one line, no full stop
  std::string_view hint;   // the default next step; a thrower may give a more specific one
};

/// The row of `code`; every code has one (tested).
const ErrorRow& error_row(ErrorCode code);
/// All rows, by number.
const std::vector<ErrorRow>& error_rows();
/// "EF3001".
std::string error_id(ErrorCode code);
/// The first digit of the id; 9xxx is kBug. kDeadline and kInterrupted have exit codes of their own (124, 130).
ExitCode exit_code(ErrorCode code);

}  // namespace envforge::support
