// Reports for the tests of this area, and strings as a hostile image could choose them.
#pragma once

#include <string>
#include <vector>

#include <envforge/protocol/report.hpp>

namespace envforge::report {

inline const std::vector<std::string> kHostile = {"</script><script>alert(1)</script>",
                                                  "\"><img src=x onerror=alert(1)>",
                                                  "' onmouseover='alert(1)",
                                                  "<!--",
                                                  "]]>",
                                                  "--></style>",
                                                  "&lt;b&gt;&#60;",
                                                  "javascript:alert(1)",
                                                  "\x1b[2J\x07 and \xff\xfe",
                                                  "\xE2\x80\xAE"
                                                  "ssap",  // right-to-left override
                                                  "\xC2\x9B"
                                                  "31m",           // a C1 control sequence introducer
                                                  "\xEF\xBF\xBE",  // U+FFFE, which XML forbids
                                                  "a\nb\rc\td"};

inline protocol::CheckResult check_of(const std::string& id, protocol::Verdict verdict, const std::string& text,
                                      const std::string& gpu = "") {
  protocol::CheckResult result;
  result.id = id;
  result.verdict = verdict;
  (verdict == protocol::Verdict::kPass ? result.summary : result.reason) = text;
  result.gpu = gpu;
  result.seconds = 1.5;
  return result;
}

inline protocol::Measurement rate_of(double value, const std::string& clock = "1515 MHz") {
  return {"throughput bf16",
          value,
          "TFLOP/s",
          819.0,
          "132 SM x 2048 FMA x 2 x 1515 MHz",
          {{"dtype", "bf16"}, {"shape", "8192^3"}, {"SM clock", clock}},
          protocol::Spread{value * 0.99, value * 1.01, 20}};
}

/// One H200 for each of `speeds`.
inline protocol::Report run_of(const std::vector<double>& speeds, const std::string& prefix = "GPU-") {
  protocol::Report report;
  report.image = "train:1";
  report.image_id = "sha256:aa";
  report.suite = "standard";
  report.started = "2026-11-21T10:00:00Z";
  report.seconds = 12;
  report.machine.driver = "580.159.04";
  report.machine.hostname = "node-1";
  protocol::GroupResult group{
      "cublas", {}, {{"libcublas.so.12", "/x", "12.4", "pip nvidia-cublas-cu12 12.4", "RPATH"}}, 3};
  for (std::size_t i = 0; i < speeds.size(); ++i) {
    const std::string uuid = prefix + std::to_string(i);
    report.machine.gpus.push_back(
        {uuid, "NVIDIA H200", "0000:0" + std::to_string(i) + ":00.0", "", "", "9.0", 1, false, {}});
    auto check = check_of("cublas.gemm-normal", protocol::Verdict::kPass, "right", uuid);
    check.measurements = {rate_of(speeds[i])};
    group.checks.push_back(check);
  }
  report.groups = {group};
  return report;
}

/// Every text that an image or a user can influence holds `text`.
inline protocol::Report hostile_run(const std::string& text) {
  protocol::Report report = run_of({600, 700, 710});
  report.image = report.image_id = report.lock_digest = report.engine = report.gpu_injection = report.nonce = text;
  report.suite = report.started = report.machine.hostname = report.machine.driver = report.machine.kernel = text;
  report.container_args = report.required = report.not_judged = {text};
  report.validator = {text, text, {{text, text}}};
  for (auto& gpu : report.machine.gpus) {
    gpu.name = gpu.pci_bus_id = gpu.vbios = text;
    gpu.used_by = {text};
  }
  for (auto& group : report.groups) {
    group.group = text;
    group.libraries = {{text, text, text, text, text}};
    auto& checks = group.checks;
    for (auto verdict : {protocol::Verdict::kFail, protocol::Verdict::kCrashed, protocol::Verdict::kSkipped,
                         protocol::Verdict::kDegraded})
      checks.push_back(check_of("nccl." + text, verdict, text, "GPU-0"));
    for (auto& check : checks) {
      check.summary = check.evidence = check.mend = text;
      check.layer = protocol::Layer::kImage;
      check.control = protocol::NegativeControl{text, 1, 1, true};
      check.failures = {{1, 2, protocol::Verdict::kFail, text}};
      for (double size : {1024, 2048, 4096}) {
        check.measurements.push_back(
            {text, 300, "GB/s", 370.0, text, {{text, text}, {"bytes", std::to_string(static_cast<int>(size))}}});
      }
    }
  }
  return report;
}

}  // namespace envforge::report
