#include "leftovers.hpp"

#include <envforge/engine/owner.hpp>

namespace envforge::app {
namespace {

void tell(World& world, const std::string& what) {
  world.events.note("removed what an ended envforge left: " + what);
}

}  // namespace

void remove_left_folders(World& world) {
  for (const auto& path : engine::remove_left_folders()) tell(world, "folder " + path);
}

void remove_leftovers(World& world) {
  for (const auto& line : world.engine.remove_leftovers()) tell(world, line);
  remove_left_folders(world);
}

}  // namespace envforge::app
