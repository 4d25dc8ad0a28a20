// A tag of ours for the length of a build: the engine builds FROM names, not from ids.
#pragma once

#include <string>

#include <envforge/app/world.hpp>
#include <envforge/engine/owner.hpp>
#include <envforge/support/error.hpp>

namespace envforge::app {

class BorrowedTag {
 public:
  BorrowedTag(World& world, const std::string& image_id)
      : engine_(world.engine), name_(engine::borrowed_name(engine::this_process_as_owner(), world.random_hex(8))) {
    if (!engine_.tag(image_id, name_))
      throw support::Error(support::ErrorCode::kEngineFailed, "the engine would not tag " + image_id);
  }
  BorrowedTag(const BorrowedTag&) = delete;
  BorrowedTag& operator=(const BorrowedTag&) = delete;
  ~BorrowedTag() {
    try {
      engine_.remove_image(name_);
    } catch (const support::Error&) {  // the engine is gone; remove_leftovers finds it by its name
    }
  }
  const std::string& name() const { return name_; }

 private:
  engine::ContainerEngine& engine_;
  std::string name_;
};

}  // namespace envforge::app
