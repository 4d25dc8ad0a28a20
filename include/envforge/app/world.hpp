// Everything outside the process that a use case may touch, handed in. Tests hand in twins.
#pragma once

#include <functional>
#include <string>

#include <envforge/app/events.hpp>
#include <envforge/bases/base_builder.hpp>
#include <envforge/compat/knowledge.hpp>
#include <envforge/documents/site_config.hpp>
#include <envforge/engine/engine.hpp>
#include <envforge/packages/deb_source.hpp>
#include <envforge/packages/file_source.hpp>
#include <envforge/packages/python_resolver.hpp>
#include <envforge/process/process.hpp>

namespace envforge::app {

struct World {
  process::ProcessRunner& processes;
  engine::ContainerEngine& engine;  // looks for an engine only when it is asked something
  packages::PythonResolver& python;
  packages::DebSource& debs;
  packages::FileSource& files;
  bases::BaseBuilder& bases;
  const compat::Knowledge& knowledge;
  const documents::SiteConfig& site;
  Events& events;
  std::function<std::string()> now;            // RFC 3339, UTC
  std::function<std::string(int)> random_hex;  // that many bytes from the system, as hex
  std::string version, commit;                 // of this envforge
  std::string report_secret_path;              // see report_key.hpp
  std::string cache_dir;                       // absolute; created when something is put there
};

}  // namespace envforge::app
