// Proves: the image's Python imports torch, torchvision and torchaudio, and their versions belong together.
// Control: torch's version is read as one release later, and both its own metadata and the others' pins must object.
// Suite: standard
#include "harness/control.hpp"
#include "session.hpp"

namespace envforge::validator::checks::python {
namespace {

using nlohmann::json;

constexpr const char* kScript = R"py(
import importlib
try:
    from importlib import metadata
except ImportError:
    metadata = None
out = {"python": sys.version.split()[0], "packages": {}, "errors": {}}
for name in ("torch", "torchvision", "torchaudio"):
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        distribution = None
    step("import " + name)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            continue
        out["errors"][name] = repr(error)
        continue
    except Exception as error:
        out["errors"][name] = repr(error)
        continue
    pins = [r for r in (distribution.requires if distribution else None) or [] if r.replace(" ", "").startswith(("torch==", "torch(=="))]
    out["packages"][name] = {
        "version": str(module.__version__),
        "installed": distribution.version if distribution else "",
        "pin": pins[0].replace(" ", "").replace("(", "").replace(")", "").split(";")[0][len("torch=="):] if pins else "",
        "file": str(module.__file__)}
tell(out)
)py";

/// "2.6.0" of "2.6.0+cu124": the local part names a build, and PyPI's metadata leaves it out.
std::string release_of(const std::string& version) {
  return version.substr(0, version.find('+'));
}

/// Every disagreement, as a sentence.
std::vector<std::string> differences(const json& packages, const std::string& torch, std::uint64_t& compared) {
  std::vector<std::string> out;
  for (const auto& [name, package] : packages.items()) {
    const std::string version = name == "torch" ? torch : package.at("version").get<std::string>();
    const std::string installed = package.at("installed");
    const std::string pin = package.at("pin");
    if (!installed.empty()) {
      ++compared;
      if (release_of(version) != release_of(installed)) {
        out.push_back(name + " says it is " + version + ", its installed metadata " + installed);
      }
    }
    if (!pin.empty()) {
      ++compared;
      if (release_of(pin) != release_of(torch)) {
        out.push_back(name + " " + version + " is made for torch " + pin + ", installed is " + torch);
      }
    }
  }
  return out;
}

class Imports : public harness::Check {
  void prepare(harness::Context& context) override {
    task_ = &context.session<Session>().begin(kScript, json(), Start::kAtOnce);
  }

  void run(harness::Context& context, protocol::CheckResult& result) override {
    const json found = context.session<Session>().finish(context, *task_);
    const json& packages = found.at("packages");
    for (const auto& [name, error] : found.at("errors").items()) {
      throw harness::Failure("import " + name + " failed: " + support::printable(error.get<std::string>()),
                             protocol::Layer::kImage, "python -c 'import " + name + "'",
                             "versions of torch, torchvision and torchaudio that belong together: torch: {include: [" +
                                 name + "]} in the recipe");
    }
    if (packages.count("torch") == 0) throw harness::Skip("this Python has no torch");
    const std::string real = packages.at("torch").at("version");
    std::string torch = real;
    const harness::Control control{"torch.__version__ read as one release later", 1, [&] { torch = "999." + real; },
                                   [&] { torch = real; }};
    result.summary = "Python " + found.at("python").get<std::string>();
    for (const auto& [name, package] : packages.items()) {
      result.summary += ", " + name + " " + package.at("version").get<std::string>();
    }
    result.summary += ": imported, and they belong together";
    judge(
        result,
        [&] {
          harness::Comparison out;
          const auto found = differences(packages, torch, out.compared);
          out.wrong = found.size();
          out.worst = static_cast<double>(out.wrong);
          out.first = support::join(found, "; ");
          return out;
        },
        control, protocol::Layer::kImage);
    if (result.verdict != protocol::Verdict::kFail) return;
    result.evidence = packages.dump();
    result.mend = "install the family from one index in one step, as `envforge build` does";
  }

  Task* task_ = nullptr;
};

ENVFORGE_CHECK(Imports);

}  // namespace
}  // namespace envforge::validator::checks::python
