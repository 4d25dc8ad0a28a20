#include "harness/context.hpp"

#include <envforge/support/error.hpp>

namespace envforge::validator::harness {

void Context::doing(const std::string& what) {
  channel_->send(protocol::Doing{what});
}

void Context::found_library(const protocol::LoadedLibrary& library) {
  channel_->send(library);
}

void Context::found_machine(const protocol::MachineInfo& machine) {
  channel_->send(machine);
}

bool Context::enough(double seconds) {
  if (enough_ || !channel_->readable(seconds)) return enough_;
  if (!std::holds_alternative<protocol::Enough>(channel_->read())) {
    throw support::Error(support::ErrorCode::kProtocol, "expected the driver to say that it is enough");
  }
  enough_ = true;
  return enough_;
}

void Context::recompute(const protocol::Problem& problem, const ReadElements& read) {
  channel_->send(protocol::Computed{check_id_, problem});
  const protocol::Message answer = channel_->read();
  const auto* ask = std::get_if<protocol::Ask>(&answer);
  if (ask == nullptr) throw support::Error(support::ErrorCode::kProtocol, "the driver did not ask for elements");
  channel_->send(protocol::Elements{read(ask->indices)});
}

}  // namespace envforge::validator::harness
