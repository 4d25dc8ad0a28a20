// What a running check may ask and tell: its request, and the road to the driver. Used by checks; knows no GPU library.
#pragma once

#include <any>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <envforge/protocol/message.hpp>
#include <envforge/protocol/request.hpp>

#include "harness/channel.hpp"

namespace envforge::validator::harness {

class Context {
 public:
  Context(protocol::GroupRequest request, Channel& channel) : request_(std::move(request)), channel_(&channel) {}

  const protocol::GroupRequest& request() const { return request_; }
  /// Says what is about to be called. If the call never returns, the report says this.
  void doing(const std::string& what);
  void found_library(const protocol::LoadedLibrary& library);
  void found_machine(const protocol::MachineInfo& machine);

  /// Reads raw bits of the asked elements from where the library wrote them.
  using ReadElements = std::function<std::vector<std::uint64_t>(const std::vector<std::uint64_t>& indices)>;
  /// Offers the output to the driver, which asks for elements that were not known before and recomputes them.
  void recompute(const protocol::Problem& problem, const ReadElements& read);

  /// For a check that watches while other groups work: waits that long, and says whether they are done.
  bool enough(double seconds);

  /// What the checks of a group share (a CUDA context, handles), made by the first that asks and kept until the end.
  template <class Session>
  Session& session() {
    if (!session_.has_value()) session_ = std::make_shared<Session>(*this);
    return *std::any_cast<std::shared_ptr<Session>&>(session_);
  }
  /// Set by group_main: the check that is running.
  void enter(const std::string& check_id) { check_id_ = check_id; }

 private:
  protocol::GroupRequest request_;
  Channel* channel_;
  std::string check_id_;
  std::any session_;
  bool enough_ = false;
};

}  // namespace envforge::validator::harness
