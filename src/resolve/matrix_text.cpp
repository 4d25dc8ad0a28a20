#include <algorithm>

#include <envforge/resolve/matrix.hpp>
#include <envforge/support/text.hpp>

namespace envforge::resolve {
namespace {

std::string code_text(const MatrixRow& row) {
  if (row.code.empty()) return "not known";
  std::vector<std::string> parts;
  for (const std::string& name : row.code) {
    parts.push_back(support::starts_with(name, "sm_") ? name.substr(3) : "+PTX" + name.substr(8));
  }
  return support::join(parts, " ");
}

constexpr std::size_t kCodeIndent = 8;  // below TORCH

// The last cell is as long as it is: on a narrow terminal it stands below the others.
void add_line(std::string& text, const std::vector<std::string>& cells, std::size_t columns) {
  static constexpr std::size_t kWidths[] = {8, 7, 6, 16, 11, 7, 5, 11, 8};
  std::string line;
  for (std::size_t i = 0; i + 1 < cells.size(); ++i) {
    std::string cell = cells[i].empty() ? "-" : cells[i];
    cell.resize(std::max(kWidths[i], cell.size() + 1), ' ');
    line += cell;
  }
  const std::string& last = cells.back();
  if (columns == 0 || line.size() + last.size() <= columns) {
    text += line + last + "\n";
  } else {
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n" + std::string(kCodeIndent, ' ') + support::wrap(last, kCodeIndent, kCodeIndent) + "\n";
  }
}

}  // namespace

std::string matrix_csv(const std::vector<MatrixRow>& rows) {
  const auto quoted = [](std::string cell) {
    if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
    for (std::size_t at = 0; (at = cell.find('"', at)) != std::string::npos; at += 2) cell.insert(at, 1, '"');
    return '"' + cell + '"';
  };
  std::string text =
      "torch,cuda_variant,platform,index,python,free_threaded,driver_floor,glibc_floor,cudnn,nccl,cublas,triton,"
      "torchvision,torchaudio,cxx11_abi,code,doubt,source,code_source\r\n";
  for (const MatrixRow& row : rows) {
    std::vector<std::string> cells = {row.torch,
                                      row.cuda_variant,
                                      row.platform,
                                      row.index,
                                      support::join(row.python, " "),
                                      support::join(row.free_threaded, " "),
                                      row.driver_floor,
                                      row.glibc_floor,
                                      row.cudnn,
                                      row.nccl,
                                      row.cublas,
                                      row.triton,
                                      row.torchvision,
                                      row.torchaudio,
                                      std::to_string(row.cxx11_abi),
                                      support::join(row.code, " "),
                                      row.doubt,
                                      row.source,
                                      row.code_source};
    for (std::string& cell : cells) cell = quoted(cell);
    text += support::join(cells, ",") + "\r\n";
  }
  return text;
}

std::string matrix_text(const std::vector<MatrixRow>& rows, const std::vector<std::string>& notes,
                        const compat::Knowledge& knowledge, std::size_t columns) {
  std::string text;
  add_line(text, {"TORCH", "CUDA", "ARCH", "PYTHON", "DRIVER>=", "GLIBC", "ABI", "CUDNN", "NCCL", "GPU CODE (sm_)"},
           columns);
  for (const MatrixRow& row : rows) {
    const auto minor = [](const std::string& version) { return version.substr(version.find('.') + 1); };
    std::string python = row.python.front() + "-" + minor(row.python.back());
    for (const std::string& free : row.free_threaded) python += "," + minor(free);
    std::string code = code_text(row);
    if (!row.doubt.empty()) code += "  (" + row.doubt + ")";
    add_line(text,
             {row.torch, row.cuda_variant + (row.index == "PyPI" ? "*" : ""),
              row.platform.substr(row.platform.find('/') + 1), python, row.driver_floor, row.glibc_floor,
              row.cxx11_abi == 0 ? "old" : "new", row.cudnn, row.nccl, code},
             columns);
  }
  const auto add = [&](const std::string& line) {
    text += (columns == 0 ? line : support::wrap(line, 0, 6)) + "\n";  // a log keeps its lines
  };
  add(std::to_string(rows.size()) + (rows.size() == 1 ? " combination" : " combinations") +
      "; * = served by PyPI, the others by " + std::string(knowledge.tables().index_base) + "; data of " +
      knowledge.as_of());
  for (const std::string& note : notes) add("note: " + note);
  return text;
}

}  // namespace envforge::resolve
