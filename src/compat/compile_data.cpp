// compile_data OUT.cpp FILE...: runs at build time. Checks the JSON files of the compatibility data and writes their
// rows as constants, so that the program parses nothing when it starts.
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

#include "data_reader.hpp"

namespace envforge::compat {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string yes_no(bool value) {
  return value ? "true" : "false";
}

std::string known_or_not(const std::optional<bool>& value) {
  return value ? yes_no(*value) : "std::nullopt";
}

class TableWriter {
 public:
  std::string text(const Tables& tables);

 private:
  // Puts `rows` into an array of their own and gives its name; equal arrays are shared.
  std::string array(const std::string& type, const std::vector<std::string>& rows);
  std::string names(Names names);
  std::string evidence(const Evidence& evidence);
  std::string code_list(const KnownList& list);
  std::string build(const Build& build);
  std::string release(const Release& release);
  std::string gpu(const Gpu& gpu);
  template <class Row, class Write>
  std::string table(const std::string& type, std::span<const Row> rows, Write&& write);

  std::string arrays_;
  std::map<std::string, std::string> known_;
};

std::string fields(const std::vector<std::string>& values) {
  std::string out = "{";
  for (std::size_t i = 0; i < values.size(); ++i) out += (i == 0 ? "" : ", ") + values[i];
  return out + "}";
}

std::string TableWriter::array(const std::string& type, const std::vector<std::string>& rows) {
  if (rows.empty()) return "{}";
  std::string body;
  for (const std::string& row : rows) body += "    " + row + ",\n";
  const auto [entry, fresh] = known_.emplace(type + body, "kArray" + std::to_string(known_.size()));
  if (fresh) arrays_ += "constexpr " + type + " " + entry->second + "[] = {\n" + body + "};\n";
  return entry->second;
}

std::string TableWriter::names(Names names) {
  std::vector<std::string> rows;
  for (const auto name : names) rows.push_back(quoted(name));
  return array("std::string_view", rows);
}

std::string TableWriter::evidence(const Evidence& evidence) {
  std::vector<std::string> sources;
  for (const auto& source : evidence.sources) {
    const bool artifact = source.kind == SourceKind::kArtifact;
    sources.push_back(fields({quoted(source.title), quoted(source.reference), quoted(source.checked),
                              artifact ? "SourceKind::kArtifact" : "SourceKind::kDocument"}));
  }
  return fields(
      {quoted(evidence.file), quoted(evidence.row), array("SourceText", sources), names(evidence.unverified)});
}

std::string TableWriter::code_list(const KnownList& list) {
  return fields({yes_no(list.known), yes_no(list.verified), names(list.names)});
}

std::string TableWriter::build(const Build& build) {
  std::vector<std::string> platforms, pins;
  for (const auto& row : build.platforms) {
    platforms.push_back(
        fields({quoted(row.platform), yes_no(row.on_pypi), yes_no(row.verified), quoted(row.min_glibc),
                code_list(row.sass), code_list(row.ptx), code_list(row.linalg_sass), evidence(row.evidence)}));
  }
  for (const auto& row : build.pins) pins.push_back(fields({quoted(row.package), quoted(row.version)}));
  return fields({quoted(build.cuda_variant), quoted(build.cuda), names(build.python), names(build.free_threaded),
                 array("BuildPlatform", platforms), quoted(build.cudnn), quoted(build.nccl), quoted(build.cublas),
                 yes_no(build.bundled), std::to_string(build.cxx11_abi), std::to_string(build.cxx_standard),
                 array("Requirement", pins), evidence(build.evidence)});
}

std::string TableWriter::release(const Release& release) {
  std::vector<std::string> builds;
  for (const auto& row : release.builds) builds.push_back(build(row));
  return fields({quoted(release.version), quoted(release.date), quoted(release.torchvision), quoted(release.torchaudio),
                 quoted(release.triton), quoted(release.triton_python), names(release.torchvision_python),
                 names(release.torchaudio_python), names(release.torchaudio_cuda), array("Build", builds),
                 evidence(release.evidence)});
}

std::string TableWriter::gpu(const Gpu& gpu) {
  std::vector<std::string> listed;
  for (const auto& row : gpu.first_listed) listed.push_back(fields({quoted(row.branch), quoted(row.driver)}));
  return fields({quoted(gpu.name), quoted(gpu.kind), quoted(gpu.cc), names(gpu.driver_names),
                 array("FirstListed", listed), known_or_not(gpu.forward_compat), evidence(gpu.evidence)});
}

template <class Row, class Write>
std::string TableWriter::table(const std::string& type, std::span<const Row> rows, Write&& write) {
  std::vector<std::string> texts;
  for (const Row& row : rows) texts.push_back(write(row));
  return array(type, texts);
}

std::string TableWriter::text(const Tables& t) {
  const std::vector<std::string> members = {
      quoted(t.as_of),
      quoted(t.digest),
      quoted(t.index_base),
      table("Release", t.releases, [&](const Release& row) { return release(row); }),
      table("CudaMajor", t.majors,
            [&](const CudaMajor& row) {
              return fields({std::to_string(row.major), quoted(row.driver_floor), evidence(row.evidence)});
            }),
      table("CompilerWheels", t.compilers,
            [&](const CompilerWheels& row) {
              return fields({std::to_string(row.major), names(row.wheels), evidence(row.evidence)});
            }),
      table("Toolkit", t.toolkits,
            [&](const Toolkit& row) {
              return fields(
                  {quoted(row.version), quoted(row.bundled_driver), quoted(row.host_gcc_max), evidence(row.evidence)});
            }),
      table("NotPublished", t.not_published,
            [&](const NotPublished& row) {
              return fields({quoted(row.version), quoted(row.fact), evidence(row.evidence)});
            }),
      table("Architecture", t.architectures,
            [&](const Architecture& row) {
              return fields({quoted(row.cc), quoted(row.name), quoted(row.first_cuda), quoted(row.last_cuda),
                             yes_no(row.tegra), quoted(row.last_driver_branch), evidence(row.evidence)});
            }),
      table("DriverBranch", t.branches,
            [&](const DriverBranch& row) {
              return fields({quoted(row.branch), quoted(row.max_cuda), evidence(row.evidence)});
            }),
      table("ForwardCompat", t.forward_compat,
            [&](const ForwardCompat& row) {
              return fields({quoted(row.cuda), names(row.branches), evidence(row.evidence)});
            }),
      table("Gpu", t.gpus, [&](const Gpu& row) { return gpu(row); }),
      table("CudnnFloor", t.cudnn_floors,
            [&](const CudnnFloor& row) {
              return fields({quoted(row.from), quoted(row.min_cc), quoted(row.fact), evidence(row.evidence)});
            }),
      table("Base", t.bases,
            [&](const Base& row) {
              return fields({quoted(row.name), quoted(row.suite), quoted(row.glibc), quoted(row.python),
                             quoted(row.gcc), evidence(row.evidence)});
            }),
      table("WithoutGlibc", t.without_glibc,
            [&](const WithoutGlibc& row) {
              return fields({quoted(row.word), quoted(row.fact), evidence(row.evidence)});
            }),
      table("KnownBad", t.known_bad,
            [&](const KnownBad& row) {
              return fields({quoted(row.id), quoted(row.torch), quoted(row.cuda), quoted(row.cudnn), quoted(row.nccl),
                             quoted(row.gpu), quoted(row.platform), quoted(row.fact), evidence(row.evidence)});
            }),
      table("Topic", t.topics,
            [&](const Topic& row) {
              return fields({quoted(row.id), names(row.patterns), quoted(row.answer), yes_no(row.no_such_tag),
                             evidence(row.evidence)});
            }),
      table("ImageTags", t.image_tags,
            [&](const ImageTags& row) {
              return fields({quoted(row.id), quoted(row.repository), names(row.versions), names(row.flavours),
                             names(row.systems), known_or_not(row.exists), quoted(row.fact), evidence(row.evidence)});
            }),
  };
  return "// Generated by compile_data from src/compat/data.\n#include <envforge/compat/knowledge.hpp>\n\n"
         "namespace envforge::compat {\nnamespace {\n\n" +
         arrays_ + "constexpr Tables kTables = " + fields(members) +
         ";\n\n}  // namespace\n\nKnowledge embedded() {\n  return Knowledge(kTables);\n}\n\n}  // namespace "
         "envforge::compat\n";
}

int compile(int count, char** arguments) {
  std::vector<DataFile> files;
  for (int i = 2; i < count; ++i) {
    const std::filesystem::path path = arguments[i];
    files.push_back({path.filename().string(), support::read_file(path)});
  }
  support::write_file_atomically(arguments[1], TableWriter().text(read_tables(files)->tables));
  return 0;
}

}  // namespace
}  // namespace envforge::compat

int main(int count, char** arguments) {
  if (count < 3) {
    std::fputs("usage: compile_data OUT.cpp FILE...\n", stderr);
    return 2;
  }
  try {
    return envforge::compat::compile(count, arguments);
  } catch (const envforge::support::Error& error) {
    std::fputs(envforge::support::format_error(error).c_str(), stderr);
    return 3;
  }
}
