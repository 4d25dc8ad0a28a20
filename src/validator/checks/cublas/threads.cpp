// Proves: one handle used by several threads in turn gives every thread a product that is right in every bit.
// Control: one element of one thread's product is changed by 1 on the device.
// Suite: standard
//
// cuBLAS keeps its state in the handle and CUDA its current context in the thread; a mistake in either shows here.
#include <exception>
#include <mutex>
#include <thread>

#include "checks/cublas/product.hpp"

namespace envforge::validator::cublas {
namespace {

// |sum| <= 200 * 64 < 2^24.
constexpr int kM = 160, kN = 120, kK = 200, kAmplitude = 8, kThreads = 4, kTurns = 3;

class Threads : public harness::RecomputedCheck<Session> {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    std::vector<Product> products;
    for (int i = 0; i < kThreads; ++i) {
      const Type input = i % 2 == 0 ? Type::kFp16 : Type::kFp32;
      products.push_back(make_product(context, session, {kM + i, kN, kK, input, Type::kFp32}, kAmplitude));
    }
    session.device().synchronize();
    context.doing("cublasGemmEx from " + std::to_string(kThreads) + " threads in turn");
    multiply(session, products);
    for (const Product& p : products) {
      judge_exactly(context, session.kernels(), p, result);
      if (result.verdict != protocol::Verdict::kPass) return;
    }
    result.summary = std::to_string(kThreads) + " threads, " + std::to_string(kTurns) + " turns each, bit for bit";
  }

 private:
  static void multiply(Session& session, const std::vector<Product>& products) {
    const gpu::Device& device = session.device();
    std::mutex handle;
    std::exception_ptr trouble;
    std::vector<std::thread> threads;
    for (const Product& p : products) {
      threads.emplace_back([&] {
        for (int turn = 0; turn < kTurns; ++turn) {
          const std::lock_guard<std::mutex> mine(handle);
          try {
            device.make_current();
            session.cublas.gemm(p.gemm, p.a.pointer(), p.b.pointer(), p.c.pointer());
            device.synchronize();
          } catch (...) {
            trouble = std::current_exception();
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    if (trouble) std::rethrow_exception(trouble);
  }
};
ENVFORGE_CHECK(Threads);

}  // namespace
}  // namespace envforge::validator::cublas
