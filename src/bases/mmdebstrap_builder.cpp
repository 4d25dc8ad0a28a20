#include <envforge/bases/mmdebstrap_builder.hpp>

#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <vector>

#include <envforge/packages/deb_index.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>

namespace envforge::bases {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ErrorCode;

constexpr auto kReadable = fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                           fs::perms::others_read | fs::perms::others_exec;

// Documentation stays out, licences stay in; the same rules then hold for what is installed on top.
constexpr std::array<const char*, 6> kDocumentRules{
    "path-exclude=/usr/share/doc/*",  "path-include=/usr/share/doc/*/copyright", "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*", "path-exclude=/usr/share/locale/*",        "path-exclude=/usr/share/lintian/*"};

/// dpkg waits for the disk some twenty times for each package. Memory does not make it wait: used where it may hold
/// programs and devices, and has room.
fs::path scratch_parent() {
  constexpr std::uint64_t kRoom = 2ULL << 30;
  constexpr const char* kMemory = "/dev/shm";
  struct statvfs info {};
  const bool usable = ::statvfs(kMemory, &info) == 0 && (info.f_flag & (ST_NOEXEC | ST_NODEV | ST_RDONLY)) == 0 &&
                      std::uint64_t{info.f_bavail} * info.f_frsize >= kRoom && ::access(kMemory, W_OK) == 0;
  return usable ? kMemory : fs::temp_directory_path();
}

/// Gone with everything in it on any way out. Readable for all: in a user namespace another user works here.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = (scratch_parent() / "envforge-base-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw Error(ErrorCode::kFileWrite, "cannot create " + pattern);
    path_ = pattern;
    fs::permissions(path_, kReadable);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// What the host and the making of the base leave behind: names, addresses, lists of the local repository, caches,
/// logs, backups. The files that an engine mounts over stay, empty: engine 20.10 makes and removes absent ones in each
/// build step, which would date /etc in each layer. mmdebstrap runs it with the root file system as $1.
std::string clean_up() {
  std::string rules;
  for (const char* rule : kDocumentRules) rules += std::string(" '") + rule + "'";
  return "set -e; cd \"$1\"; printf '%s\\n'" + rules + " > etc/dpkg/dpkg.cfg.d/documentation; " +
         "rm -rf etc/resolv.conf etc/hostname etc/apt/sources.list etc/apt/apt.conf.d/99mmdebstrap "
         "etc/dpkg/dpkg.cfg.d/99mmdebstrap etc/machine-id etc/passwd- etc/group- etc/shadow- etc/gshadow- "
         "var/lib/apt var/cache/apt var/cache/ldconfig/aux-cache var/cache/debconf/*-old var/lib/dpkg/*-old; "
         "find var/log -type f -delete; touch etc/hosts etc/resolv.conf";
}

Error failed(ErrorCode code, const std::string& message, const process::Outcome& outcome) {
  constexpr std::size_t kLastLines = 15;
  Error error(code, message);
  const std::vector<std::string> lines = support::split(support::trim(outcome.err), '\n');
  for (std::size_t i = lines.size() > kLastLines ? lines.size() - kLastLines : 0; i < lines.size(); ++i)
    error.note(support::printable(lines[i]));
  return error;
}

}  // namespace

void MmdebstrapBuilder::build(const BaseRequest& request, const std::string& tar_path) {
  if (runner_.find_programs("mmdebstrap").empty()) {
    throw Error(ErrorCode::kProgramMissing, "mmdebstrap, which makes a base out of Debian packages, is not on PATH",
                std::nullopt,
                "apt install mmdebstrap; or take a base from a registry, or one that the engine already has");
  }
  const ScratchFolder folder;
  const fs::path repository = folder.path() / "repository";
  fs::create_directories(repository);
  for (const std::string& file : request.deb_files) {
    fs::copy_file(file, repository / fs::path(file).filename());
    fs::permissions(repository / fs::path(file).filename(),
                    fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
  }
  const packages::DebIndex index = packages::index_debs(runner_, repository.string(), settings_.deadline);
  support::write_file_atomically(repository / "Packages", index.text);
  const std::string names = support::join(index.names, ",");
  const fs::path tar = folder.path() / "base.tar";
  process::Command command;
  command.argv = {"mmdebstrap",
                  "--mode=auto",
                  "--variant=custom",
                  "--format=tar",
                  "--architectures=" + request.architecture,
                  "--include=" + names,
                  "--aptopt=Acquire::Languages \"none\"",
                  "--aptopt=APT::Install-Recommends \"false\"",
                  "--dpkgopt=force-unsafe-io"};
  // Debian 12's packages expect /bin to be a link already; from 13 on base-files brings the links itself.
  if (("," + names + ",").find(",usr-is-merged,") != std::string::npos) {
    command.argv.emplace_back("--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr");
  }
  for (const char* rule : kDocumentRules) command.argv.push_back(std::string("--dpkgopt=") + rule);
  command.argv.insert(command.argv.end(), {"--skip=cleanup/apt", "--skip=output/dev", "--customize-hook=" + clean_up(),
                                           "", tar.string(), "deb [trusted=yes] copy:" + repository.string() + " ./"});
  command.environment =
      std::map<std::string, std::string>{{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                                         {"LC_ALL", "C.UTF-8"},
                                         {"TMPDIR", folder.path().string()},
                                         {"SOURCE_DATE_EPOCH", std::to_string(request.source_date_epoch)}};
  command.deadline = settings_.deadline;
  const process::Outcome outcome = runner_.run(command);
  process::throw_if_interrupted(outcome, "mmdebstrap");
  if (!outcome.ok()) throw failed(ErrorCode::kBaseBuild, "mmdebstrap " + process::describe(outcome), outcome);
  fs::create_directories(fs::absolute(tar_path).parent_path());
  const fs::path arriving = tar_path + ".part";
  fs::copy_file(tar, arriving, fs::copy_options::overwrite_existing);
  fs::rename(arriving, tar_path);
}

}  // namespace envforge::bases
