#include <envforge/compat/knowledge.hpp>

#include <fnmatch.h>

#include <algorithm>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>

#include "data_reader.hpp"

namespace envforge::compat {

using versions::Version;

bool Evidence::is_unverified(std::string_view field) const {
  return std::find(unverified.begin(), unverified.end(), field) != unverified.end();
}

std::string_view how_checked(const Evidence& evidence, std::string_view field) {
  if (evidence.is_unverified(field)) return "inferred";
  return evidence.sources.front().kind == SourceKind::kArtifact ? "artifact" : "document";
}

std::string cite(const Evidence& evidence, std::string_view field) {
  const SourceText& source = evidence.sources.front();
  return std::string(evidence.file) + ": " + std::string(evidence.row) + ", " + std::string(source.title) + ", " +
         std::string(how_checked(evidence, field)) + (evidence.is_unverified(field) ? " " : " read ") +
         std::string(source.checked);
}

RowsByCheck rows_by_check(const Tables& tables) {
  RowsByCheck out;
  const auto count = [&](const Evidence& evidence) {
    ++(how_checked(evidence) == "artifact" ? out.artifact : out.document);
    if (!evidence.unverified.empty()) ++out.inferred;
  };
  for (const Release& release : tables.releases) {
    count(release.evidence);
    for (const Build& build : release.builds) {
      count(build.evidence);
      for (const BuildPlatform& platform : build.platforms) {
        if (platform.evidence.row != build.evidence.row) count(platform.evidence);
      }
    }
  }
  const auto walk = [&](const auto&... table) {
    (std::for_each(table.begin(), table.end(), [&](const auto& row) { count(row.evidence); }), ...);
  };
  walk(tables.majors, tables.compilers, tables.toolkits, tables.not_published, tables.architectures, tables.branches,
       tables.forward_compat, tables.gpus, tables.cudnn_floors, tables.bases, tables.without_glibc, tables.known_bad,
       tables.topics, tables.image_tags);
  return out;
}

Knowledge::Knowledge(Tables tables, std::shared_ptr<const void> storage)
    : tables_(tables), storage_(std::move(storage)) {}

const Release* Knowledge::release(std::string_view version) const {
  const auto row = std::find_if(tables_.releases.begin(), tables_.releases.end(),
                                [&](const Release& release) { return release.version == version; });
  return row == tables_.releases.end() ? nullptr : &*row;
}

const Base* Knowledge::base(std::string_view name) const {
  const auto row =
      std::find_if(tables_.bases.begin(), tables_.bases.end(), [&](const Base& base) { return base.name == name; });
  return row == tables_.bases.end() ? nullptr : &*row;
}

const Architecture* Knowledge::architecture(std::string_view cc) const {
  const auto row = std::find_if(tables_.architectures.begin(), tables_.architectures.end(),
                                [&](const Architecture& architecture) { return architecture.cc == cc; });
  return row == tables_.architectures.end() ? nullptr : &*row;
}

const CudaMajor* Knowledge::cuda_major(const Version& cuda) const {
  const auto row = std::find_if(tables_.majors.begin(), tables_.majors.end(), [&](const CudaMajor& major) {
    return static_cast<unsigned>(major.major) == cuda.major();
  });
  return row == tables_.majors.end() ? nullptr : &*row;
}

const CompilerWheels* Knowledge::compiler(const Version& cuda) const {
  const auto row = std::find_if(
      tables_.compilers.begin(), tables_.compilers.end(),
      [&](const CompilerWheels& compiler) { return static_cast<unsigned>(compiler.major) == cuda.major(); });
  return row == tables_.compilers.end() ? nullptr : &*row;
}

const Toolkit* Knowledge::toolkit(const Version& cuda) const {
  const auto row = std::find_if(tables_.toolkits.begin(), tables_.toolkits.end(),
                                [&](const Toolkit& toolkit) { return Version::of(toolkit.version) == cuda; });
  return row == tables_.toolkits.end() ? nullptr : &*row;
}

const NotPublished* Knowledge::not_published(const Version& cuda) const {
  const auto row = std::find_if(tables_.not_published.begin(), tables_.not_published.end(),
                                [&](const NotPublished& missing) { return Version::of(missing.version) == cuda; });
  return row == tables_.not_published.end() ? nullptr : &*row;
}

const DriverBranch* Knowledge::branch(const Version& driver) const {
  const std::string name = "R" + std::to_string(driver.major());
  const auto row = std::find_if(tables_.branches.begin(), tables_.branches.end(),
                                [&](const DriverBranch& branch) { return branch.branch == name; });
  return row == tables_.branches.end() ? nullptr : &*row;
}

const ForwardCompat* Knowledge::forward_compat(const Version& cuda) const {
  const auto row = std::find_if(tables_.forward_compat.begin(), tables_.forward_compat.end(),
                                [&](const ForwardCompat& forward) { return Version::of(forward.cuda) == cuda; });
  return row == tables_.forward_compat.end() ? nullptr : &*row;
}

const CudnnFloor* Knowledge::cudnn_without(std::string_view cudnn, const Version& cc) const {
  const auto version = Version::parse(cudnn);
  if (!version) return nullptr;
  const auto row = std::find_if(tables_.cudnn_floors.begin(), tables_.cudnn_floors.end(), [&](const CudnnFloor& floor) {
    return *version >= Version::of(floor.from) && cc < Version::of(floor.min_cc);
  });
  return row == tables_.cudnn_floors.end() ? nullptr : &*row;
}

std::vector<const Topic*> Knowledge::topics_about(const std::string& text) const {
  const std::string asked = support::to_lower(support::trim(text));
  std::vector<const Topic*> found;
  for (const Topic& topic : tables_.topics) {
    const bool matches = std::any_of(topic.patterns.begin(), topic.patterns.end(), [&](std::string_view pattern) {
      return ::fnmatch(std::string(pattern).c_str(), asked.c_str(), 0) == 0;
    });
    if (matches) found.push_back(&topic);
  }
  return found;
}

std::optional<ImageName> image_name(const std::string& text) {
  constexpr std::string_view kHub = "docker.io/";
  constexpr const char* kCharacters = "abcdefghijklmnopqrstuvwxyz0123456789._-/:@";
  std::string name = support::to_lower(support::trim(text));
  name.erase(0, support::starts_with(name, kHub) ? kHub.size() : 0);
  if (name.find_first_not_of(kCharacters) != std::string::npos || name.find("://") != std::string::npos)
    return std::nullopt;
  name = name.substr(0, name.find('@'));
  const auto slash = name.rfind('/');
  const auto colon = name.find(':', slash == std::string::npos ? 0 : slash);
  const bool ends = name.empty() || name.front() == '/' || name.back() == '/' || name.back() == ':';
  if (ends || (slash == std::string::npos && colon == std::string::npos)) return std::nullopt;
  return ImageName{name.substr(0, colon), colon == std::string::npos ? "latest" : name.substr(colon + 1)};
}

const ImageTags* Knowledge::image_tags(const ImageName& image) const {
  const auto is_among = [](Names names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  // "-12.4.1-cudnn-devel-ubuntu22.04" after its version is cut off: flavours hold hyphens, systems do not.
  const auto rest_fits = [&](const ImageTags& row, std::string_view rest) {
    if (row.flavours.empty()) return rest.empty();
    if (rest.empty() || rest.front() != '-') return false;
    rest.remove_prefix(1);
    if (row.systems.empty()) return is_among(row.flavours, rest);
    const auto hyphen = rest.rfind('-');
    return hyphen != std::string_view::npos && is_among(row.flavours, rest.substr(0, hyphen)) &&
           is_among(row.systems, rest.substr(hyphen + 1));
  };
  for (const ImageTags& row : tables_.image_tags) {
    if (row.repository != image.repository) continue;
    for (const std::string_view version : row.versions) {
      if (support::starts_with(image.tag, version) &&
          rest_fits(row, std::string_view(image.tag).substr(version.size())))
        return &row;
    }
  }
  return nullptr;
}

std::string Knowledge::index_url(const Build& build, const BuildPlatform& platform) const {
  return platform.on_pypi ? "" : std::string(tables_.index_base) + std::string(build.cuda_variant);
}

Knowledge parse_knowledge(const std::vector<DataFile>& files) {
  auto owned = read_tables(files);
  const Tables tables = owned->tables;
  return Knowledge(tables, std::move(owned));
}

std::vector<DataFile> read_data_folder(const std::string& folder) {
  constexpr std::uint64_t kLargestFile = 16U << 20U;
  std::vector<DataFile> files;
  for (const std::string& name : data_file_names()) {
    files.push_back({name, support::read_file(std::filesystem::path(folder) / name, kLargestFile)});
  }
  return files;
}

// The files know their names alone; the caller gave the folder.
Knowledge load_knowledge(const std::string& folder) {
  try {
    return parse_knowledge(read_data_folder(folder));
  } catch (const support::Error& error) {
    if (!error.where()) throw;
    support::Where where = *error.where();
    where.file = (std::filesystem::path(folder) / where.file).string();
    throw support::Error(error.code(), error.message(), where, error.hint());
  }
}

}  // namespace envforge::compat
