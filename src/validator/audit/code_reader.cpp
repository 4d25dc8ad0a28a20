#include "audit/code_reader.hpp"

#include <algorithm>
#include <set>

#include "elf/elf_file.hpp"
#include "elf/mapped_file.hpp"

namespace envforge::validator::audit {

ReadCode read_code(const loader::Root& root, const std::vector<std::string>& files) {
  ReadCode out;
  std::set<std::string> seen;
  for (const std::string& path : files) {
    const auto real = root.real(path);
    if (!real || !seen.insert(*real).second) continue;
    const auto file = elf::MappedFile::open(*root.on_disk(*real));
    if (!file) continue;
    const auto parsed = elf::read_elf(file->bytes());
    const auto* library = std::get_if<elf::ElfFile>(&parsed);
    if (library == nullptr) continue;
    ++out.looked_at;
    out.bytes += file->bytes().size();
    elf::DeviceCode code = elf::read_device_code(*library);
    const std::string name = loader::file_name(*real);
    if (code.malformed > 0) out.malformed.push_back(name);
    if (code.binaries.empty()) continue;
    const bool known = store_is_known(name, file->bytes().size(), code);
    out.libraries.push_back({name, *real, role_of(name), std::move(code), known});
  }
  std::sort(out.libraries.begin(), out.libraries.end(),
            [](const LibraryCode& a, const LibraryCode& b) { return a.name < b.name; });
  return out;
}

}  // namespace envforge::validator::audit
