#include <algorithm>
#include <cctype>

#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

#include "stages.hpp"

namespace envforge::render {
namespace {

using documents::ImageSpec;

// The name becomes a line of /etc/passwd, where a colon would begin the next field.
void check_user(const ImageSpec& spec) {
  const auto& name = spec.user_name;
  const bool good =
      !name.empty() && name.size() <= 32 && (std::islower(static_cast<unsigned char>(name[0])) || name[0] == '_') &&
      std::all_of(name.begin(), name.end(),
                  [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; });
  if (!good) {
    throw support::Error(
        support::ErrorCode::kUnprintableValue,
        "'" + support::printable(name) + "' cannot be a user's name: expected [a-z_][a-z0-9_-]*, at most 32");
  }
  if (spec.uid == 0) {
    throw support::Error(support::ErrorCode::kUnprintableValue, "the user's uid is 0, root: expected another");
  }
}

Run add_user(const ImageSpec& spec) {
  const std::string uid = std::to_string(spec.uid);
  const std::string& name = spec.user_name;
  const std::string home = "/home/" + name;
  Run run;
  run.commands = {
      {{"sed", "-i", "-e", "/^" + name + ":/d", "-e", "/^[^:]*:[^:]*:" + uid + ":/d", "/etc/passwd", "/etc/group"}, ""},
      {{"sed", "-i", "-e", "/^" + name + ":/d", "/etc/shadow"}, ""},
      {{"printf", "%s\\n", name + ":x:" + uid + ":" + uid + "::" + home + ":/bin/bash"}, "/etc/passwd"},
      {{"printf", "%s\\n", name + ":x:" + uid + ":"}, "/etc/group"},
      {{"printf", "%s\\n", name + ":*:::::::"}, "/etc/shadow"},
      {{"install", "-d", "-o", uid, "-g", uid, home, spec.workdir}, ""},
  };
  return run;
}

std::string port_variable(const std::string& service) {
  std::string out = "ENVFORGE_";
  for (const char c : service) out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out + "_PORT";
}

void add_services(const ImageSpec& spec, Stage& stage) {
  if (spec.services.empty()) return;
  const std::string folder = "/usr/local/lib/envforge/";
  auto& out = stage.instructions;
  out.push_back({"Services, without root. Keys and tokens come at run time; none is in a layer.",
                 Copy{"", "", "services/serve", "/usr/local/bin/envforge-serve"},
                 {}});
  for (const auto& [name, service] : spec.services) {
    out.push_back({"", Copy{"", "", "services/" + name, folder + "services/" + name}, {}});
    out.push_back({"", Expose{service.port}, {}});
  }
  if (spec.services.count("ssh") != 0) {
    out.push_back({"", Copy{"", "", "services/sshd_config", folder + "sshd_config"}, {}});
    out.push_back({"", Copy{"", "", "services/profile.sh", "/etc/profile.d/envforge.sh"}, {}});
  }
}

std::vector<std::string> command(const ImageSpec& spec) {
  std::vector<std::string> argv;
  if (!spec.services.empty()) argv.push_back("envforge-serve");
  argv.insert(argv.end(), spec.command.begin(), spec.command.end());
  if (argv.empty()) argv.push_back("/bin/bash");
  return argv;
}

Env environment(const StageInput& input) {
  const auto& spec = input.lock.spec;
  Env env;
  env.values = {
      {"PATH", "/opt/venv/bin:" + (documents::is_devel(spec) ? std::string(kCudaHome) + "/bin:" : "") +
                   "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"VIRTUAL_ENV", "/opt/venv"},
      {"HOME", "/home/" + spec.user_name},
      {"USER", spec.user_name},  // Python's getpass asks it before /etc/passwd, which does not know every --user
      {"LANG", "C.UTF-8"},
      {"NVIDIA_VISIBLE_DEVICES", "all"},
      {"NVIDIA_DRIVER_CAPABILITIES", "compute,utility"},
  };
  if (!input.platform.require_cuda.empty()) env.values.emplace_back("NVIDIA_REQUIRE_CUDA", input.platform.require_cuda);
  if (documents::is_devel(spec)) {
    env.values.emplace_back("CUDA_HOME", kCudaHome);
    env.values.emplace_back("LIBRARY_PATH", kCudaLibraries);
  }
  if (has_torch_compile(spec)) env.values.emplace_back("TRITON_LIBCUDA_PATH", kLinkLibcuda);
  for (const auto& [name, service] : spec.services) {
    env.values.emplace_back(port_variable(name), std::to_string(service.port));
  }
  // The recipe's word is the last one, in one place: ENV would take a name twice and keep the later.
  for (const auto& [name, value] : spec.environment) {
    const auto same =
        std::find_if(env.values.begin(), env.values.end(), [&](const auto& pair) { return pair.first == name; });
    if (same != env.values.end()) {
      same->second = value;
    } else {
      env.values.emplace_back(name, value);
    }
  }
  return env;
}

Label labels(const StageInput& input) {
  const auto& platform = input.platform;
  Label label;
  auto& values = label.values;
  values = {{"org.opencontainers.image.title", input.lock.spec.image},
            {"org.opencontainers.image.base.name", platform.base.name}};
  if (platform.base.kind == documents::BaseKind::kRegistry) {
    values.emplace_back("org.opencontainers.image.base.digest", platform.base.digest);
  }
  values.emplace_back("dev.envforge.recipe-digest", documents::spec_digest(input.lock.spec));
  values.emplace_back("dev.envforge.lock-digest", documents::lock_digest(input.lock));
  values.emplace_back("dev.envforge.data-digest", input.lock.data_digest);
  const std::vector<std::pair<std::string, std::string>> versions = {
      {"dev.envforge.torch", platform.torch},
      {"dev.envforge.cuda", platform.cuda},
      {"dev.envforge.cuda-variant", platform.cuda_variant},
      {"dev.envforge.cudnn", platform.cudnn},
      {"dev.envforge.nccl", platform.nccl},
      {"dev.envforge.python", platform.python},
  };
  for (const auto& pair : versions) {
    if (!pair.second.empty()) values.push_back(pair);
  }
  return label;
}

}  // namespace

Stage image_stage(const StageInput& input) {
  const auto& spec = input.lock.spec;
  check_user(spec);
  const std::string owner = std::to_string(spec.uid) + ":" + std::to_string(spec.uid);
  Stage stage;
  stage.comment = "The image.";
  stage.from = "environment";
  stage.name = kImageTarget;
  auto& out = stage.instructions;
  out.push_back(
      {"The user, without a password; whoever had the uid before (Ubuntu's ubuntu) goes.", add_user(spec), {}});
  out.push_back({"", Copy{"", "", "runtime/entrypoint", "/usr/local/bin/envforge-entrypoint"}, {}});
  add_services(spec, stage);
  for (std::size_t i = 0; i < spec.copy.size(); ++i) {
    std::string target = spec.copy[i].to;
    if (!support::ends_with(target, "/")) target += "/";
    out.push_back({i == 0 ? "The recipe's own files." : "",
                   Copy{"", owner, "copy/" + std::to_string(i) + "/", std::move(target)},
                   {}});
  }
  out.push_back({"No LD_LIBRARY_PATH: torch's wheels find their libraries themselves.", environment(input), {}});
  out.push_back({"", Workdir{spec.workdir}, {}});
  out.push_back(
      {"Numeric, so that runAsNonRoot can be checked. Any other --user works as well.", User{spec.uid, spec.uid}, {}});
  out.push_back({"", Entrypoint{{"/usr/bin/tini", "-g", "--", "/usr/local/bin/envforge-entrypoint"}}, {}});
  out.push_back({"", Cmd{command(spec)}, {}});
  out.push_back({"", labels(input), {}});
  return stage;
}

}  // namespace envforge::render
