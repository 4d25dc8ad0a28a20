#include <envforge/app/verify_image.hpp>

#include <algorithm>
#include <filesystem>

#include <nlohmann/json.hpp>

#include <envforge/app/image_tags.hpp>
#include <envforge/app/load_recipe.hpp>
#include <envforge/app/report_key.hpp>
#include <envforge/app/run_image.hpp>
#include <envforge/app/site_requests.hpp>
#include <envforge/app/torch_group.hpp>
#include <envforge/app/validator_programs.hpp>
#include <envforge/engine/owner.hpp>
#include <envforge/protocol/request.hpp>
#include <envforge/protocol/sealed_report.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>

#include "check_progress.hpp"
#include "docker_flags.hpp"
#include "driver_answer.hpp"
#include "foreign_torch_group.hpp"
#include "known_locks.hpp"
#include "leftovers.hpp"
#include "verify_plan.hpp"

namespace envforge::app {
namespace {

using protocol::Report;
using support::Error;
using support::ErrorCode;

struct Subject {
  std::string image;  // as it is named
  engine::ImageInfo info;
};

Subject find_image(World& world, const std::string& image, const std::optional<documents::Recipe>& recipe) {
  Subject subject;
  subject.image = recipe ? first_tag(*recipe) : image;
  const auto info = world.engine.inspect_image(subject.image);
  if (!info) {
    throw Error(ErrorCode::kImageAbsent, "the engine has no image '" + support::printable(subject.image) + "'",
                std::nullopt,
                recipe ? "build it: envforge build " + recipe->file
                       : "build or pull it first; `docker images` lists what is there");
  }
  subject.info = *info;
  return subject;
}

void write_programs(const std::string& folder, const std::string& architecture) {
  const auto programs = validator_programs(architecture);
  if (programs.empty()) {
    const bool other = architecture != host_architecture();
    throw Error(ErrorCode::kValidatorMissing,
                (other ? "the image is for linux/" + architecture + ", and this envforge" : "this envforge") +
                    " carries no validator programs for " + architecture,
                std::nullopt,
                other ? "verify it on a machine of that architecture; this one is " + host_architecture()
                      : "use a release, or build with ziglang installed (./dev build)");
  }
  for (const auto& program : programs) {
    support::write_file_atomically(std::filesystem::path(folder) / program.name, program.content, 0755);
  }
}

void write_torch_group(const std::string& folder, const TorchGroup& torch) {
  support::write_file_atomically(std::filesystem::path(folder) / "envforge-group-torch",
                                 support::read_file(torch.program), 0755);
}

// "9.0" of "sm_90"; the last digit is the minor.
std::string compute_capability(const std::string& sm) {
  const std::string digits = sm.substr(sm.find('_') + 1);
  return digits.size() < 2 ? digits : digits.substr(0, digits.size() - 1) + "." + digits.back();
}

// What the image's lock says: the versions that must be installed, and the GPUs whose machine code must be there.
void add_lock(const World& world, const std::string& digest, const std::string& architecture,
              protocol::GroupRequest& request) {
  const auto lock = find_lock(world, digest);
  if (!lock) return;
  for (const auto& capability : lock->spec.capabilities) request.capabilities.push_back(capability.value);
  if (documents::is_devel(lock->spec)) request.capabilities.push_back(lock->spec.variant.value);
  const auto platform = lock->platforms.find("linux/" + architecture);
  if (platform == lock->platforms.end()) return;
  const auto& locked = platform->second;
  for (const auto& wheel : locked.wheels) request.expected_versions[wheel.name] = wheel.version;
  request.expected_versions["torch"] = locked.torch;
  request.expected_versions["cuda"] = locked.cuda;
  std::vector<std::string> capabilities;
  for (const auto& name : locked.gpu_architectures) capabilities.push_back(compute_capability(name));
  request.target_gpus = support::join(capabilities, ",");
}

protocol::DriverRequest make_request(const VerifyOptions& options, const VerifyPlan& plan, Report report,
                                     const std::string& key) {
  protocol::DriverRequest request;
  request.key = key;
  request.group.suite = suite_of(report);
  if (request.group.suite == protocol::Suite::kSoak) {
    request.soak_seconds = 60 * options.minutes.value_or(kSoakMinutes);
    request.total_deadline_seconds += request.soak_seconds;
  }
  request.group.checks = plan.checks;
  request.group.expected_gpus = options.gpus.kind == GpuSelection::Kind::kNone    ? 0
                                : options.gpus.kind == GpuSelection::Kind::kCount ? options.gpus.count
                                                                                  : -1;
  report.not_judged = plan.not_judged;
  if (!plan.torch_skipped.checks.empty()) report.groups.push_back(plan.torch_skipped);
  request.report = std::move(report);
  return request;
}

/// Where every check that was asked for is skipped, nothing is started; the report says why, under this run's key.
VerifyResult all_skipped(const VerifyPlan& plan, Report report, const std::string& key) {
  report.not_judged = plan.not_judged;
  report.groups.push_back(plan.torch_skipped);
  return {report, protocol::seal(report, key), false};
}

/// What `envforge-driver --torch` printed; what it did not say becomes the reason.
template <class Compile>
TorchGroup torch_group_of(const process::Outcome& outcome, const Compile& compile) {
  if (outcome.kind == process::Outcome::Kind::kInterrupted) nothing_kept();
  try {
    return compile(protocol::torch_facts_from_text(outcome.out));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInterrupted) throw;
    return {{}, "what torch there is could not be read: " + error.message()};
  }
}

TorchGroup torch_group_here(World& world, const std::string& driver) {
  process::Command command;
  command.argv = {driver, "--torch"};
  return torch_group_of(world.processes.run(command),
                        [&](const protocol::TorchFacts& facts) { return torch_group_for_here(world, facts); });
}

VerifyResult run_here(World& world, const VerifyOptions& options, Report report, const std::string& key) {
  remove_left_folders(world);
  const support::TempDir folder(engine::folder_prefix());
  write_programs(folder.path().string(), host_architecture());
  process::Command command;
  command.argv = {(folder.path() / "envforge-driver").string()};
  TorchGroup torch;
  if (wants_torch(options, report)) {
    torch = torch_group_here(world, command.argv.front());
    if (!torch.program.empty()) write_torch_group(folder.path().string(), torch);
  }
  const VerifyPlan plan = make_plan(options, report, torch);
  if (plan.checks.empty()) return all_skipped(plan, std::move(report), key);
  auto request = make_request(options, plan, std::move(report), key);
  request.group.flags_are_the_runs = true;  // whoever started this environment chose them
  command.standard_input = protocol::to_json(request).dump();
  world.events.step("validating this environment");
  CheckProgress progress(world.events);
  const auto outcome = world.processes.run(command, [&](process::Stream stream, std::string_view line) {
    if (stream == process::Stream::kErr) progress.hear(std::string(line));
  });
  return read_driver_answer(outcome, key, plan);
}

/// A volume that is removed on every way out.
class Volume {
 public:
  Volume(engine::ContainerEngine& engine, const std::string& image, const std::string& folder) : engine_(engine) {
    name_ = engine.create_volume({});
    try {
      engine.fill_volume(name_, image, folder);
    } catch (...) {
      engine.remove_volume(name_);
      throw;
    }
  }
  Volume(const Volume&) = delete;
  Volume& operator=(const Volume&) = delete;
  ~Volume() {
    try {
      engine_.remove_volume(name_);
    } catch (const Error&) {  // the engine is gone; remove_leftovers finds it by its label
    }
  }
  const std::string& name() const { return name_; }

 private:
  engine::ContainerEngine& engine_;
  std::string name_;
};

[[noreturn]] void container_did_not_start(const engine::ContainerOutcome& ran) {
  throw Error(ErrorCode::kContainerStart,
              "the engine could not start the container: " + support::printable(support::trim(ran.engine_error)),
              std::nullopt,
              "run it again with -v to see the flags; --injection cdi or gpus changes how GPUs are handed over");
}

/// How the container of a run is started.
struct Flags {
  std::vector<std::string> args;  // without those for GPUs
  bool are_the_runs = false;      // the recipe's or the user's, not verify's own
};

/// Compiled with the recipe, or before, or now; the driver reads in a container of the image what torch it has.
TorchGroup torch_group_for(World& world, const Subject& subject, const Flags& flags,
                           engine::ContainerRequest container) {
  const auto found = find_torch_group(world, subject.info);
  if (!found.program.empty()) return found;
  container.extra_args = flags.args;
  container.command = {"--torch"};
  world.events.step("looking for torch in " + subject.image);
  const auto ran = world.engine.run(container, {});
  if (!ran.engine_error.empty()) container_did_not_start(ran);
  return torch_group_of(ran.outcome, [&](const protocol::TorchFacts& facts) {
    return torch_group_for_image(world, subject.info, facts);
  });
}

VerifyResult run_in_container(World& world, const Subject& subject, const VerifyOptions& options, const Flags& flags,
                              Report report, const std::string& key) {
  const support::TempDir folder(engine::folder_prefix());
  write_programs(folder.path().string(), subject.info.architecture);
  const Volume volume(world.engine, subject.image, folder.path().string());
  const std::string mount = "/envforge-" + world.random_hex(8);

  engine::ContainerRequest container;
  container.image = subject.image;
  container.entrypoint = {mount + "/envforge-driver"};
  container.mounts = {{volume.name(), mount, true}};
  TorchGroup torch;
  if (wants_torch(options, report)) {
    torch = torch_group_for(world, subject, flags, container);
    const support::TempDir more(engine::folder_prefix());
    if (!torch.program.empty()) {
      write_torch_group(more.path().string(), torch);
      world.engine.fill_volume(volume.name(), subject.image, more.path().string());
    }
  }
  container.extra_args = report.container_args;
  const VerifyPlan plan = make_plan(options, report, torch);
  if (plan.checks.empty()) return all_skipped(plan, std::move(report), key);
  auto request = make_request(options, plan, std::move(report), key);
  request.group.flags_are_the_runs = flags.are_the_runs;
  add_lock(world, request.report.lock_digest, subject.info.architecture, request.group);
  container.standard_input = protocol::to_json(request).dump();
  world.events.step("validating " + subject.image);
  CheckProgress progress(world.events);
  const auto ran = world.engine.run(container, [&](process::Stream stream, std::string_view line) {
    if (stream == process::Stream::kErr) progress.hear(std::string(line));
  });
  if (!ran.engine_error.empty()) container_did_not_start(ran);
  return read_driver_answer(ran.outcome, key, plan);
}

// Flags of verify's own, where neither a recipe nor the user says how the image is run: nothing that a check could lean
// on, and no raised memlock limit, which an engine with few rights refuses.
const std::vector<std::string> kOwnFlags = {"--network=none", "--cap-drop=ALL", "--security-opt=no-new-privileges",
                                            "--shm-size=1g"};

}  // namespace

VerifyResult verify_image(World& world, const std::string& image, const std::optional<documents::Recipe>& recipe,
                          const VerifyOptions& options) {
  check_docker_flags(options.docker_args);
  Report report;
  report.nonce = options.nonce.empty() ? world.random_hex(16) : options.nonce;
  report.started = world.now();
  report.validator.version = world.version;
  report.validator.commit = world.commit;
  report.suite = !options.suite.empty() ? options.suite : recipe ? recipe->verify.suite : "standard";
  report.required = options.require;
  if (recipe) {
    for (const auto& name : recipe->verify.require) report.required.push_back(name.value);
  }
  check_selection(options, report);
  const std::string key = report_key(report_secret(world.report_secret_path), report.nonce);
  const auto host = options.gpus.kind == GpuSelection::Kind::kNone ? HostGpus{} : host_gpus(world.processes);
  if (options.here) {
    check_gpus_here(options.gpus, host);
    return run_here(world, options, std::move(report), key);
  }

  const auto engine = world.engine.info();
  remove_leftovers(world);
  const auto gpus = gpu_arguments(options.gpus, host, engine, options.injection);
  const auto subject = find_image(world, image, recipe);
  const GpuLocks locks(gpus.uuids);
  report.image = subject.image;
  report.image_id = subject.info.id;
  report.lock_digest = subject.info.label("dev.envforge.lock-digest");
  report.engine = "docker " + engine.server_version;
  report.gpu_injection = gpus.how;
  const Flags flags{!options.docker_args.empty() ? options.docker_args
                    : recipe                     ? run_arguments(*recipe)
                                                 : kOwnFlags,
                    recipe.has_value() || !options.docker_args.empty()};
  report.container_args = flags.args;
  report.container_args.insert(report.container_args.end(), gpus.args.begin(), gpus.args.end());
  return run_in_container(world, subject, options, flags, std::move(report), key);
}

}  // namespace envforge::app
