#include <envforge/packages/curl_file_source.hpp>

#include <filesystem>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

namespace envforge::packages {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ErrorCode;

constexpr const char* kLargest = "1073741824";  // bytes; archives of Python have 20 to 120 MB

Error fetch_error(const FileRequest& request, const process::Outcome& outcome) {
  Error error(ErrorCode::kPythonFetch,
              request.what + " cannot be fetched from " + request.url + ": curl " + process::describe(outcome));
  for (const std::string& line : support::split(support::trim(outcome.err), '\n')) error.note(support::printable(line));
  return error;
}

}  // namespace

std::string CurlFileSource::fetch(const FileRequest& request, const std::string& cache_dir) {
  const fs::path kept = fs::path(cache_dir) / request.sha256;
  std::error_code error;
  if (fs::exists(kept, error) && support::sha256_file_hex(kept.string()) == request.sha256) return kept.string();
  const auto programs = runner_.find_programs("curl");
  if (programs.empty())
    throw Error(ErrorCode::kProgramMissing, "curl, which fetches " + request.what + ", is not on PATH", std::nullopt,
                "install curl, or fetch the archive yourself and name the file as `url` under `pythons`");
  fs::create_directories(cache_dir, error);
  if (error) throw Error(ErrorCode::kFileWrite, "cannot create " + cache_dir + ": " + error.message());
  const support::TempDir arrivals("arriving-", cache_dir);  // a whole file enters the cache by a rename
  const fs::path arriving = arrivals.path() / "file";
  process::Command command;
  // No ~/.curlrc; an address that leads elsewhere may only lead to https.
  command.argv = {programs.front(),
                  "--disable",
                  "--fail",
                  "--silent",
                  "--show-error",
                  "--location",
                  "--proto-redir",
                  "=https",
                  "--max-redirs",
                  "5",
                  "--retry",
                  "2",
                  "--max-filesize",
                  kLargest,
                  "--connect-timeout",
                  "20",
                  "--output",
                  arriving.string()};
  if (!request.ca_bundle.empty()) command.argv.insert(command.argv.end(), {"--cacert", request.ca_bundle});
  command.argv.insert(command.argv.end(), {"--", request.url});
  command.environment = request.proxies;
  command.environment->insert_or_assign("PATH", "/usr/local/bin:/usr/bin:/bin");
  command.deadline = deadline_;
  const auto outcome = runner_.run(command);
  process::throw_if_interrupted(outcome, "curl");
  if (!outcome.ok()) throw fetch_error(request, outcome);
  const std::string digest = support::sha256_file_hex(arriving.string());
  if (digest != request.sha256)
    throw Error(ErrorCode::kPythonDigest,
                request.url + " has sha256 " + digest + ", expected " + request.sha256 + " for " + request.what);
  fs::rename(arriving, kept, error);
  if (error) throw Error(ErrorCode::kFileWrite, "cannot put " + kept.string() + " in place: " + error.message());
  return kept.string();
}

}  // namespace envforge::packages
