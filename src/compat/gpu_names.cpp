#include <envforge/compat/gpu_names.hpp>

#include <algorithm>
#include <array>
#include <set>

#include <envforge/compat/machine_code.hpp>
#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>

namespace envforge::compat {
namespace {

using Words = std::vector<std::string>;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool contains(const auto& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool starts_words(const Words& words, const Words& start) {
  return start.size() <= words.size() && std::equal(start.begin(), start.end(), words.begin());
}

// "rtx5090" -> rtx, 5090; "4070ti" -> 4070, ti.
void add_word(Words& words, const std::string& word) {
  for (const std::string_view series : {"rtx", "gtx"}) {
    if (support::starts_with(word, series) && word.size() > 3 && is_digit(word[3])) {
      words.emplace_back(series);
      add_word(words, word.substr(3));
      return;
    }
  }
  const auto digits = std::min(word.find_first_not_of("0123456789"), word.size());
  if (digits >= 3 && (word.substr(digits) == "ti" || word.substr(digits) == "super")) {
    words.push_back(word.substr(0, digits));
    words.push_back(word.substr(digits));
    return;
  }
  words.push_back(word);
}

// The words of a name in lower case. What follows "MIG" names a slice, not a model.
Words words_of(std::string_view name) {
  Words words;
  std::string word;
  for (const char c : support::to_lower(name) + " ") {
    const bool part = is_digit(c) || (c >= 'a' && c <= 'z');
    if (part) word += c;
    if (part || word.empty()) continue;
    if (word == "mig") break;
    add_word(words, word);
    word.clear();
  }
  if (!words.empty() && words.front() == "nvidia") words.erase(words.begin());
  return words;
}

Words without_brands(const Words& words) {
  static constexpr std::array<std::string_view, 4> kBrands{"geforce", "tesla", "quadro", "gpu"};
  Words out;
  std::copy_if(words.begin(), words.end(), std::back_inserter(out),
               [](const std::string& w) { return !contains(kBrands, w); });
  return out;
}

bool is_form(const std::string& word) {
  static constexpr std::array<std::string_view, 14> kForms{"sxm", "sxm2", "sxm3", "sxm4", "sxm5",  "sxm6",  "pcie",
                                                           "nvl", "hbm2", "hbm3", "ac",   "hbm2e", "hbm3e", "fhhl"};
  const auto digits = word.find_first_not_of("0123456789");
  const bool memory =
      digits != 0 && digits != std::string::npos && (word.substr(digits) == "gb" || word.substr(digits) == "g");
  return memory || contains(kForms, word);
}

// Without memory size and form factor: what remains names the chip.
Words core_of(const Words& words) {
  Words out;
  std::copy_if(words.begin(), words.end(), std::back_inserter(out), [](const std::string& w) { return !is_form(w); });
  return out;
}

// Words of products that carry a chip of the series that they name.
bool is_sibling_word(const std::string& word) {
  static constexpr std::array<std::string_view, 12> kSiblings{"laptop", "with", "max", "q",        "design", "mobile",
                                                              "oem",    "ti",   "d",   "embedded", "super",  "v2"};
  return contains(kSiblings, word);
}

std::vector<std::string_view> all_names(const Gpu& gpu) {
  std::vector<std::string_view> names{gpu.name};
  names.insert(names.end(), gpu.driver_names.begin(), gpu.driver_names.end());
  return names;
}

std::string describe(const Gpu& gpu) {
  return std::string(gpu.name) + " (" + std::string(gpu.cc) + ")";
}

GpuLookup from_models(const Knowledge& knowledge, std::vector<const Gpu*> found, bool inferred) {
  std::set<std::string_view> ccs;
  GpuAmbiguous ambiguous;
  for (const Gpu* gpu : found) {
    if (ccs.insert(gpu->cc).second) ambiguous.meanings.push_back(describe(*gpu));
  }
  if (ccs.size() > 1) return ambiguous;
  const std::string cc(*ccs.begin());
  return GpuMatch{cc, std::move(found), knowledge.architecture(cc), inferred};
}

GpuLookup from_architectures(const std::vector<const Architecture*>& found) {
  if (found.size() == 1) return GpuMatch{std::string(found.front()->cc), {}, found.front(), false};
  GpuAmbiguous ambiguous;
  for (const auto* row : found)
    ambiguous.meanings.push_back(std::string(row->name) + " (" + std::string(row->cc) + ")");
  return ambiguous;
}

// "sm_90", "sm90", "9.0", "hopper": the architectures that are meant; none if the name is of another kind.
std::vector<const Architecture*> architectures_called(const Knowledge& knowledge, const std::string& name) {
  std::vector<const Architecture*> found;
  const std::string lower = support::to_lower(support::trim(name));
  for (const Architecture& row : knowledge.tables().architectures) {
    std::string sm = sm_name(row.cc);
    const bool named = lower == sm || lower == row.cc || lower == support::to_lower(row.name);
    if (named || lower == sm.erase(2, 1)) found.push_back(&row);
  }
  return found;
}

// "RTX 5090" of "GeForce RTX 5090": as people write it.
std::string short_name(std::string_view name) {
  for (const std::string_view brand : {"nvidia ", "geforce ", "tesla "}) {
    if (support::starts_with(support::to_lower(std::string(name)), brand)) name.remove_prefix(brand.size());
  }
  return std::string(name);
}

// "mi300x", "gfx942", "rx7900": letters, then digits, then whatever.
bool is_series(const std::string& word, std::string_view letters) {
  return support::starts_with(word, letters) && word.size() > letters.size() && is_digit(word[letters.size()]);
}

// Whose GPU a name is by the words that only this maker uses. Source: the makers' product pages.
std::string other_maker(const Words& words) {
  using Names = std::vector<std::string_view>;
  struct Maker {
    const char* name;
    Names words, series;
  };
  static const std::array<Maker, 3> kMakers{{{"AMD", {"amd", "radeon", "instinct", "rx"}, {"mi", "gfx", "rx"}},
                                             {"Intel", {"intel", "arc", "gaudi", "habana"}, {"gaudi"}},
                                             {"Apple", {"apple"}, {}}}};
  for (const Maker& maker : kMakers) {
    for (const std::string& word : words) {
      const auto begins = [&](std::string_view series) { return is_series(word, series); };
      if (contains(maker.words, word) || std::any_of(maker.series.begin(), maker.series.end(), begins))
        return maker.name;
    }
  }
  return "";
}

// Names that the typed one begins, then those that are nearly it, then those with a number of it.
GpuUnknown unknown(const Knowledge& knowledge, const std::string& name, const Words& words) {
  constexpr std::size_t kMost = 3, kLeastTyped = 3;
  std::vector<std::string> names;
  for (const Gpu& gpu : knowledge.tables().gpus) names.push_back(short_name(gpu.name));
  const std::string typed = support::to_lower(short_name(support::trim(name)));
  GpuUnknown out;
  out.maker = other_maker(words);
  if (!out.maker.empty()) return out;
  const auto add = [&](const std::string& candidate) {
    if (out.suggestions.size() < kMost && !contains(out.suggestions, candidate)) out.suggestions.push_back(candidate);
  };
  // Machines that are sold under another name than their GPU. Source: NVIDIA's product pages of these machines.
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kMachines{
      {{"dgx spark", "GB10"}, {"jetson agx thor", "Jetson T5000"}, {"jetson thor", "Jetson T5000"}}};
  for (const auto& [machine, gpu] : kMachines) {
    if (typed == machine && contains(names, gpu)) add(std::string(gpu));
  }
  for (const std::string& candidate : names) {
    if (typed.size() >= kLeastTyped && support::starts_with(support::to_lower(candidate), typed)) add(candidate);
  }
  // "H100" of "H100 SXM" and its sisters: people leave the rest out.
  std::vector<std::string> whole_and_first = names;
  for (const std::string& candidate : names) {
    const std::string first = candidate.substr(0, candidate.find(' '));
    if (std::any_of(first.begin(), first.end(), is_digit)) whole_and_first.push_back(first);
  }
  for (const std::string& candidate : support::suggestions(typed, whole_and_first)) add(candidate);
  for (const std::string& candidate : names) {
    const Words parts = words_of(candidate);
    const bool shares = std::any_of(words.begin(), words.end(), [&](const std::string& w) {
      return std::any_of(w.begin(), w.end(), is_digit) && contains(parts, w);
    });
    if (shares) add(candidate);
  }
  return out;
}

}  // namespace

GpuIndex::GpuIndex(const Knowledge& knowledge) : knowledge_(knowledge) {
  for (const Gpu& gpu : knowledge.tables().gpus) {
    for (const std::string_view name : all_names(gpu)) {
      Words full = words_of(name);
      Words plain = without_brands(full);
      Words core = core_of(plain);
      names_.push_back({&gpu, std::move(full), std::move(plain), std::move(core)});
    }
  }
}

template <class Test>
std::vector<const Gpu*> GpuIndex::models(Test&& test) const {
  std::vector<const Gpu*> found;
  for (const Name& name : names_) {
    if ((found.empty() || found.back() != name.gpu) && test(name)) found.push_back(name.gpu);
  }
  return found;
}

GpuLookup GpuIndex::find(const std::string& name) const {
  if (const auto found = architectures_called(knowledge_, name); !found.empty()) return from_architectures(found);
  const Words full = words_of(name);
  const Words words = without_brands(full);
  if (words.empty()) return unknown(knowledge_, name, full);
  if (auto found = models([&](const Name& row) { return row.full == full; }); !found.empty())
    return from_models(knowledge_, std::move(found), false);
  if (auto found = models([&](const Name& row) { return starts_words(row.plain, words); }); !found.empty())
    return from_models(knowledge_, std::move(found), false);
  const Words core = core_of(words);
  if (auto found = models([&](const Name& row) { return row.core == core; }); !core.empty() && !found.empty())
    return from_models(knowledge_, std::move(found), false);
  for (std::size_t length = core.size(); length-- > 1;) {
    if (!is_sibling_word(core[length])) break;
    const Words start(core.begin(), core.begin() + static_cast<std::ptrdiff_t>(length));
    auto found = models([&](const Name& row) { return row.core == start; });
    if (!found.empty()) return from_models(knowledge_, std::move(found), true);
  }
  return unknown(knowledge_, name, words);
}

GpuLookup find_gpu(const Knowledge& knowledge, const std::string& name) {
  return GpuIndex(knowledge).find(name);
}

bool sold_with_arm(const Gpu& gpu) {
  return gpu.kind == "superchip" || gpu.kind == "desktop-superchip" || gpu.kind == "jetson";
}

bool needs_arm_host(const GpuMatch& match) {
  return !match.models.empty() &&
         std::all_of(match.models.begin(), match.models.end(), [](const Gpu* gpu) { return sold_with_arm(*gpu); });
}

}  // namespace envforge::compat
