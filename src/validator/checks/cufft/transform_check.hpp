// A check of transforms: several shapes, each in fp32 and fp64.
#pragma once

#include "checks/cufft/session.hpp"

namespace envforge::validator::cufft {

class TransformCheck : public harness::RecomputedCheck<Session> {
 public:
  void run(Context& context, protocol::CheckResult& result) final {
    auto& session = context.session<Session>();
    const gpu::Cufft& fft = session.started();
    int done = 0;
    for (const Fourier& shape : shapes(session)) {
      for (const Type type : {Type::kFp32, Type::kFp64}) {
        one(context, session, shape, type, result);
        if (result.verdict != protocol::Verdict::kPass) {
          result.reason = to_string(shape, type) + ": " + result.reason;
          return;
        }
        ++done;
      }
    }
    result.summary = summary(done, fft.version());
  }

 private:
  virtual std::vector<Fourier> shapes(Session& session) const = 0;
  virtual void one(Context& context, Session& session, const Fourier& shape, Type type,
                   protocol::CheckResult& result) = 0;
  /// Of a pass: `done` transforms by cuFFT `version`.
  virtual std::string summary(int done, const std::string& version) const = 0;
};

}  // namespace envforge::validator::cufft
