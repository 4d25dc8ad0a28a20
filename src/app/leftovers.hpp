// What an envforge that was killed left behind is removed, and told, by the next one.
#pragma once

#include <envforge/app/world.hpp>

namespace envforge::app {

/// Temporary folders of this user, for a run without an engine.
void remove_left_folders(World& world);
/// The same, and the engine's containers, volumes and names.
void remove_leftovers(World& world);

}  // namespace envforge::app
