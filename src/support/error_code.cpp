#include <envforge/support/error_code.hpp>

#include <algorithm>

#include <envforge/support/error.hpp>

namespace envforge::support {

const std::vector<ErrorRow>& error_rows() {
  static const std::vector<ErrorRow> rows = {
      {ErrorCode::kUsage, "usage", "the command line is wrong", "see `envforge COMMAND --help`"},
      {ErrorCode::kRecipeUnreadable, "recipe-unreadable", "the recipe cannot be read",
       "give the path of a recipe; docs/recipe.md has one to start from"},
      {ErrorCode::kRecipeSyntax, "recipe-syntax", "the recipe is not valid YAML", "mend the line that is named"},
      {ErrorCode::kDocumentLimit, "document-limit", "the document is too large, too deep or too long",
       "docs/recipe.md lists the limits; no real recipe comes near them"},
      {ErrorCode::kYamlFeature, "yaml-feature", "the document uses a part of YAML that envforge refuses",
       "write the value out where it is used"},
      {ErrorCode::kDuplicateKey, "duplicate-key", "a key stands twice", "keep one of the two"},
      {ErrorCode::kUnknownKey, "unknown-key", "a key is not known", "docs/recipe.md lists every key"},
      {ErrorCode::kMissingKey, "missing-key", "a key is missing", "docs/recipe.md shows an example of it"},
      {ErrorCode::kWrongType, "wrong-type", "a value has the wrong type", "docs/recipe.md shows an example of it"},
      {ErrorCode::kWrongUnit, "wrong-unit", "a size has no unit or an unknown one",
       "write 16g or 16GiB (2^30 bytes), or 16GB (10^9 bytes)"},
      {ErrorCode::kWrongValue, "wrong-value", "a value is not one of those allowed", "docs/recipe.md lists them"},
      {ErrorCode::kBadName, "bad-name", "a name is not written as such names are",
       "docs/recipe.md states each grammar"},
      {ErrorCode::kUnsafeText, "unsafe-text", "a text holds what could become an instruction or mislead a reader",
       "remove it"},
      {ErrorCode::kUnsafePath, "unsafe-path", "a path leaves the place that it may name",
       "name a path inside the recipe's folder, or a folder of your own in the image"},
      {ErrorCode::kBadRequirement, "bad-requirement", "a Python requirement is not a name with versions",
       "write it as \"name\", \"name>=1.2,<2\" or \"name[extra]==1.2.3\""},
      {ErrorCode::kWrongSchema, "wrong-schema", "the document's schema is not one that this envforge reads",
       "begin the document with the schema that is named"},
      {ErrorCode::kCompanionFile, "companion-file", "a file that the recipe names cannot be had",
       "check its name, relative to the recipe's folder"},
      {ErrorCode::kRefusedTag, "refused-tag", "a tag is refused", "use a tag that says what is inside, such as v2.6"},
      {ErrorCode::kRefusedUser, "refused-user", "a user is refused",
       "use an ordinary user, such as {name: aiuser, uid: 1000}"},
      {ErrorCode::kRefusedVariable, "refused-variable", "an environment variable is refused", "remove it"},
      {ErrorCode::kRefusedVolume, "refused-volume", "a volume is refused",
       "mount a folder of your own, such as ./data:/data"},
      {ErrorCode::kGpuUnknown, "gpu-unknown", "a GPU is not known to the data",
       "write the model as nvidia-smi prints it, or its compute capability, for example sm_90"},
      {ErrorCode::kGpuAmbiguous, "gpu-ambiguous", "a GPU name has several meanings",
       "write the full name of the model, or its compute capability, for example sm_89"},
      {ErrorCode::kLockMalformed, "lock-malformed", "the lock is not one that envforge wrote",
       "write it anew with `envforge lock`"},
      {ErrorCode::kLockTooNew, "lock-too-new", "the lock was written by a newer envforge",
       "update envforge, or write the lock anew with `envforge lock`"},
      {ErrorCode::kLockDigest, "lock-digest", "the lock was changed after envforge wrote it",
       "write it anew with `envforge lock`; a lock is not edited by hand"},
      {ErrorCode::kLockMissing, "lock-missing", "there is no lock", "write one: `envforge lock RECIPE`"},
      {ErrorCode::kLockStale, "lock-stale", "the recipe changed since it was locked",
       "lock it again: `envforge lock RECIPE`, and commit the lock"},
      {ErrorCode::kCopySource, "copy-source", "a file or folder that the recipe copies cannot be taken",
       "`copy: from` is relative to the recipe and stays inside its folder"},
      {ErrorCode::kWheelAbsent, "wheel-absent", "a locked wheel is not in the wheel folder",
       "give the folder with --wheels DIR, or lock again"},
      {ErrorCode::kBuildSource, "build-source", "the source of a package that is to be built cannot be taken",
       "`packages: build` names files inside the recipe's folder as NAME @ ./PATH"},
      {ErrorCode::kBuiltWheelAbsent, "built-wheel-absent", "a package of the lock was not built from its source yet",
       "`envforge build` builds it and writes its hash into the lock"},
      {ErrorCode::kDataMalformed, "data-malformed", "the compatibility data is not as expected",
       "mend the row that is named; src/compat/data/README.md explains the fields"},
      {ErrorCode::kDataReference, "data-reference", "a row of the compatibility data names another that is not there",
       "add the missing row, or mend the name"},
      {ErrorCode::kDataTooNew, "data-too-new", "the compatibility data is newer than this program",
       "use a newer envforge, or data of an older schema version"},
      {ErrorCode::kConfigVariable, "config-variable", "a setting of a variable or flag cannot be used",
       "docs/configuration.md lists the settings"},
      {ErrorCode::kReportMalformed, "report-malformed", "a validation report cannot be read",
       "take the file that `envforge verify` wrote, unchanged"},
      {ErrorCode::kReportTooNew, "report-too-new", "a validation report of a newer envforge",
       "read it with the envforge that wrote it, or a newer one"},
      {ErrorCode::kUnprintableValue, "unprintable-value", "a value of the recipe cannot stand in a Dockerfile",
       "change the value in the recipe and lock again"},
      {ErrorCode::kNoVersionSet, "no-version-set", "no version set satisfies the recipe",
       "make one of the changes above; each was solved"},
      {ErrorCode::kPythonConflict, "python-conflict", "the Python packages of the recipe do not fit together",
       "change the requirement that is named"},
      {ErrorCode::kNoCudaCompiler, "no-cuda-compiler", "a package cannot be compiled for the GPUs that need its code",
       "take a build of torch for CUDA 13, or a wheel that was made elsewhere"},
      {ErrorCode::kDebConflict, "deb-conflict", "the Debian packages of the recipe do not fit together",
       "change the package that is named"},
      {ErrorCode::kEngineGone, "engine-gone", "the container engine stopped answering",
       "see the engine's log (`journalctl -u docker`), start it again and repeat the command"},
      {ErrorCode::kEngineFailed, "engine-failed", "the container engine refused a command",
       "the engine's own words are above; run the command that is named by hand to see more"},
      {ErrorCode::kSavedImage, "saved-image", "what `docker save` wrote is not one whole image",
       "see that the disk is not full, and repeat the command"},
      {ErrorCode::kBuildFailed, "build-failed", "a step of the build failed",
       "the last lines of the step stand above; -v shows the commands"},
      {ErrorCode::kCheckStage, "check-stage", "what the check stage of the build wrote cannot be read",
       "build again with --no-cache; if it stays, please report it"},
      {ErrorCode::kInstalledDiffers, "installed-differs", "what is installed is not what was locked",
       "build again with --no-cache; if it stays, please report it"},
      {ErrorCode::kImageTooLarge, "image-too-large", "the image is larger than the recipe allows",
       "take out what is largest, or raise `size: {max: ...}`"},
      {ErrorCode::kPushFailed, "push-failed", "the registry did not take the image",
       "check the name, `docker login` and the network"},
      {ErrorCode::kWheelBuild, "wheel-build", "a package could not be built from its source",
       "the last lines of its build stand above"},
      {ErrorCode::kBuiltWheelDiffers, "built-wheel-differs", "a package was built to other bytes than the lock has",
       "bring the locked wheel in with --wheels DIR, or lock the package again"},
      {ErrorCode::kDeadline, "deadline", "a deadline passed", "see what took the time with -v"},
      {ErrorCode::kInterrupted, "interrupted", "interrupted",
       "run it again; finished steps are kept in the build cache"},
      {ErrorCode::kUvFailed, "uv-failed", "uv ended in a way that envforge does not understand",
       "read uv's lines above; `uv --version` should be 0.8 or newer"},
      {ErrorCode::kWheelFetch, "wheel-fetch", "a locked wheel cannot be fetched",
       "check that the index answers; `envforge lock --upgrade` chooses anew"},
      {ErrorCode::kDebMirror, "deb-mirror", "a Debian mirror does not answer, or not as a mirror does",
       "check the network, or name a mirror of yours in the site configuration"},
      {ErrorCode::kDebGone, "deb-gone", "the mirror no longer has a locked Debian package",
       "`envforge lock --upgrade` takes what the mirror has now"},
      {ErrorCode::kDebDigest, "deb-digest", "a Debian package is not the one that was locked",
       "do not trust this mirror; `envforge lock --upgrade` only if the change is known to you"},
      {ErrorCode::kDebTool, "deb-tool", "apt or dpkg ended in a way that envforge does not understand",
       "read its lines above"},
      {ErrorCode::kBaseBuild, "base-build", "the base image could not be bootstrapped",
       "read mmdebstrap's lines above; as root or with user namespaces it needs no further rights"},
      {ErrorCode::kIndexUnreachable, "index-unreachable", "a package index does not answer",
       "check the network, --ca-bundle and the mirrors of the site configuration; `envforge doctor` shows them"},
      {ErrorCode::kProtocol, "validator-protocol", "CLI, driver and check groups do not understand each other",
       "use driver and groups of the same release as the CLI; `envforge doctor` shows them"},
      {ErrorCode::kImageAbsent, "image-absent", "the engine does not have the image", "build or pull it first"},
      {ErrorCode::kContainerStart, "container-start", "the engine could not start the container",
       "-v shows the flags that were used"},
      {ErrorCode::kValidatorBroken, "validator-broken", "the validator ended without a report that can be trusted",
       "run it again with -v; if it stays, please report it"},
      {ErrorCode::kProgramMissing, "program-missing", "a program that this command needs is not installed",
       "run `envforge doctor` to see what is missing and how to get it"},
      {ErrorCode::kFileUnreadable, "file-unreadable", "a file cannot be read", "check the path and its permissions"},
      {ErrorCode::kFileWrite, "file-write", "a file cannot be written",
       "check the folder's permissions and free space"},
      {ErrorCode::kNoEngine, "no-engine", "no container engine answers",
       "start one (`systemctl start docker`), name one with --docker PATH or DOCKER_HOST=ssh://user@host, or take "
       "`envforge render -o DIR` to a machine that has one"},
      {ErrorCode::kEnginePermission, "engine-permission", "the container engine's socket is closed to this user",
       "join its group (`sudo usermod -aG docker $USER`, then log in again), run a rootless engine, or name another "
       "with DOCKER_HOST"},
      {ErrorCode::kNoBuildKit, "no-buildkit", "no docker program here can build with BuildKit",
       "install the plugin buildx (Debian 13: docker-buildx; Docker's own packages: docker-buildx-plugin), or name "
       "another client with --docker PATH"},
      {ErrorCode::kNoGpu, "no-gpu", "this machine lacks the GPUs that were asked for",
       "use --gpus none for the checks that need no GPU"},
      {ErrorCode::kNoGpuInjection, "no-gpu-injection", "the engine cannot hand a GPU to a container",
       "install nvidia-container-toolkit and run `nvidia-ctk runtime configure`, or `nvidia-ctk cdi generate` for CDI"},
      {ErrorCode::kGpuInUse, "gpu-in-use", "another envforge is verifying on this GPU",
       "wait for it, or choose another GPU with --gpus"},
      {ErrorCode::kDiskFull, "disk-full", "too little disk for this build",
       "`docker system prune`, or give the engine a larger disk"},
      {ErrorCode::kValidatorMissing, "validator-missing", "this envforge carries no validator for that platform",
       "use a release, or build with ziglang installed"},
      {ErrorCode::kReportNotTrusted, "report-not-trusted", "a report that this run's driver did not make",
       "run `envforge verify` again; if it repeats, something in the image writes reports of its own"},
      {ErrorCode::kInternal, "internal", "a bug of envforge", "please report it with the command that led here"},
      {ErrorCode::kMalformedJson, "malformed-json", "a JSON text that envforge itself wrote cannot be read",
       "please report it with the command that led here"},
  };
  return rows;
}

const ErrorRow& error_row(ErrorCode code) {
  const auto& rows = error_rows();
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const ErrorRow& r) { return r.code == code; });
  if (row == rows.end()) throw Error(ErrorCode::kInternal, error_id(code) + " has no row in the table of errors");
  return *row;
}

std::string error_id(ErrorCode code) {
  return "EF" + std::to_string(static_cast<int>(code));
}

ExitCode exit_code(ErrorCode code) {
  if (code == ErrorCode::kDeadline) return ExitCode::kDeadline;
  if (code == ErrorCode::kInterrupted) return ExitCode::kInterrupted;
  const int first = static_cast<int>(code) / 1000;
  return first >= 1 && first <= 7 ? static_cast<ExitCode>(first) : ExitCode::kBug;
}

}  // namespace envforge::support
