// Proves: torchvision's compiled operators work: nms on the CPU and on the GPU, decoding of a PNG and of a JPEG.
// Control: a box that was suppressed is added to those that were kept.
// Suite: standard
#include <algorithm>
#include <array>
#include <cmath>

#include "harness/control.hpp"
#include "numbers/element.hpp"
#include "session.hpp"

namespace envforge::validator::checks::python {
namespace {

using nlohmann::json;

constexpr std::size_t kBoxes = 300;
constexpr double kThreshold = 0.5;
constexpr double kShift = 1000;  // no box reaches further than 260

// nms is asked twice, the second time with one suppressed box shifted away from all others: an answer that does not
// depend on the boxes is not right twice.
constexpr const char* kScript = R"py(
import base64
step("import torchvision")
try:
    import torchvision
except ModuleNotFoundError as error:
    if error.name != "torchvision":
        raise
    tell({"torchvision": ""})
    sys.exit(0)
import torch
from torchvision.ops import nms
step("waiting for its turn")
asked = json.load(sys.stdin)
if asked["gpu"]:
    torch.cuda.set_device(2 % max(1, torch.cuda.device_count()))
out = {"torchvision": torchvision.__version__, "kept": {}, "shifted": {}, "images": {}, "no_decoder": ""}
for device in ["cpu"] + (["cuda"] if asked["gpu"] else []):
    step("torchvision.ops.nms on " + device)
    scores = torch.tensor(asked["scores"], device=device)
    for name in ("kept", "shifted"):
        boxes = torch.tensor(asked["boxes"], device=device)
        if name == "shifted":
            boxes[asked["shift"]] += asked["by"]
        out[name][device] = nms(boxes, scores, asked["threshold"]).tolist()
step("decode_png, decode_jpeg")
try:
    from torchvision.io import decode_jpeg, decode_png
    for name, decode in (("png", decode_png), ("jpeg", decode_jpeg)):
        data = torch.tensor(list(base64.b64decode(asked[name])), dtype=torch.uint8)
        out["images"][name] = decode(data).tolist()
except Exception as error:
    out["no_decoder"] = repr(error)[:500]
tell(out)
)py";

// 6 x 5 pixels, (80 channel + 17 y + 29 x) mod 256.
constexpr const char* kPng =
    "iVBORw0KGgoAAAANSUhEUgAAAAYAAAAFCAIAAADpOgqxAAAAFElEQVQImWNkCFggiwqYBDEA2UIAnUUHdU9KURIAAAAASUVORK5CYII=";
// 16 x 16 pixels, 20 + 60 channel + 4 y + 3 x before it was compressed; a decoder gives every value within 4.
constexpr const char* kJpeg =
    "/9j/4AAQSkZJRgABAQAAAQABAAD/"
    "2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/"
    "2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/"
    "wAARCAAQABADASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/"
    "8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RF"
    "RkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ"
    "2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/"
    "8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNE"
    "RUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX"
    "2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwD518EfDb7n+j/pXsHgj4bfc/0f9K6DwR8Nvuf6P+leweCPht9z/R/0r+oD+cz/"
    "2Q==";

using Box = std::array<double, 4>;

double area(const Box& b) {
  return (b[2] - b[0]) * (b[3] - b[1]);
}
double overlap(const Box& a, const Box& b) {
  const double wide = std::min(a[2], b[2]) - std::max(a[0], b[0]);
  const double high = std::min(a[3], b[3]) - std::max(a[1], b[1]);
  const double shared = std::max(wide, 0.0) * std::max(high, 0.0);
  return shared / (area(a) + area(b) - shared);
}

/// Boxes and scores from the seed: whole numbers, so that no library can round an overlap to the other side of 1/2
/// (the overlaps are quotients of integers below 2^24; one half itself is not above the threshold for anybody).
struct Scene {
  std::vector<Box> boxes;
  std::vector<double> scores;

  explicit Scene(std::uint64_t seed) {
    const auto base = numbers::stream_base(seed, 2);
    const auto below = [&](std::size_t i, std::uint64_t end) {
      return static_cast<double>(numbers::bits_at(base, i) % end);
    };
    for (std::size_t i = 0; i < kBoxes; ++i) {
      const double x = below(4 * i, 200), y = below(4 * i + 1, 200);
      boxes.push_back({x, y, x + 20 + below(4 * i + 2, 60), y + 20 + below(4 * i + 3, 60)});
      scores.push_back(static_cast<double>((i * 7919 + seed % 997) % 1009) / 1024);  // all different
    }
  }

  std::vector<std::size_t> order() const {
    std::vector<std::size_t> out(kBoxes);
    for (std::size_t i = 0; i < kBoxes; ++i) out[i] = i;
    std::sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    return out;
  }
  /// The highest score first; a box that overlaps a kept one by more than the threshold goes.
  std::vector<std::size_t> kept() const {
    std::vector<std::size_t> out;
    for (const std::size_t i : order()) {
      const bool free =
          std::none_of(out.begin(), out.end(), [&](std::size_t k) { return overlap(boxes[k], boxes[i]) > kThreshold; });
      if (free) out.push_back(i);
    }
    return out;
  }
  /// One that is not kept: far from all others it would be.
  std::size_t suppressed(const std::vector<std::size_t>& kept_ones) const {
    for (std::size_t i = 0; i < kBoxes; ++i) {
      if (std::find(kept_ones.begin(), kept_ones.end(), i) == kept_ones.end()) return i;
    }
    throw harness::Skip("no two boxes overlap");
  }
  Scene shifted(std::size_t box) const {
    Scene out = *this;
    for (double& side : out.boxes[box]) side += kShift;
    return out;
  }
};

class Vision : public harness::Check {
  void prepare(harness::Context& context) override {
    const Scene scene(context.request().seed);
    kept_ = scene.kept();
    suppressed_ = scene.suppressed(kept_);
    kept_shifted_ = scene.shifted(suppressed_).kept();
    const json asked = {{"boxes", scene.boxes},
                        {"scores", scene.scores},
                        {"threshold", kThreshold},
                        {"shift", suppressed_},
                        {"by", kShift},
                        {"png", kPng},
                        {"jpeg", kJpeg},
                        {"gpu", !context.request().gpus.empty()}};
    task_ = &context.session<Session>().begin(kScript, asked, Start::kOnTheGpus);
  }

  void run(harness::Context& context, protocol::CheckResult& result) override {
    json found = context.session<Session>().finish(context, *task_);
    if (found.at("torchvision").get<std::string>().empty()) throw harness::Skip("the image has no torchvision");
    if (!found.at("no_decoder").get<std::string>().empty()) {
      throw harness::Failure("torchvision cannot decode images", protocol::Layer::kImage,
                             support::printable(found.at("no_decoder").get<std::string>()),
                             "a torchvision of the same index as torch, with its image extension");
    }
    json& on_cpu = found.at("kept").at("cpu");
    const harness::Control control{"one suppressed box added to those that were kept", 1,
                                   [&] { on_cpu.push_back(suppressed_); },
                                   [&] { on_cpu.erase(on_cpu.size() - 1); }};
    result.summary = "torchvision " + found.at("torchvision").get<std::string>() + ": nms keeps the right " +
                     std::to_string(kept_.size()) + " of " + std::to_string(kBoxes) + " boxes on the CPU" +
                     (found.at("kept").count("cuda") > 0 ? " and the GPU" : "") +
                     ", a PNG and a JPEG decode to their pixels";
    judge(
        result, [&] { return compare(found); }, control, protocol::Layer::kImage);
  }

  harness::Comparison compare(const json& found) const {
    harness::Comparison out;
    const auto wrong = [&](const std::string& what) {
      ++out.worst;
      if (out.wrong++ == 0) out.first = what;
    };
    for (const auto& [device, indices] : found.at("kept").items()) {
      out.compared += kept_.size() + kept_shifted_.size();
      if (indices != json(kept_)) wrong("nms on " + device + " keeps other boxes than it should");
      if (found.at("shifted").at(device) != json(kept_shifted_))
        wrong("nms on " + device + " keeps other boxes than it should after one was shifted");
    }
    const auto pixels = [&](const char* name, std::size_t wide, std::size_t high, int allowed, auto value) {
      const json& image = found.at("images").at(name);
      for (std::size_t i = 0; i < 3 * high * wide; ++i, ++out.compared) {
        const std::size_t c = i / (high * wide), y = i / wide % high, x = i % wide;
        const int expected = value(static_cast<int>(c), static_cast<int>(y), static_cast<int>(x));
        const bool there = image.size() == 3 && image[c].size() == high && image[c][y].size() == wide;
        if (there && std::abs(image[c][y][x].get<int>() - expected) <= allowed) continue;
        return wrong(std::string(name) + ": pixel " + std::to_string(i) + " is not " + std::to_string(expected));
      }
    };
    pixels("png", 6, 5, 0, [](int c, int y, int x) { return (80 * c + 17 * y + 29 * x) % 256; });
    pixels("jpeg", 16, 16, 4, [](int c, int y, int x) { return 20 + 60 * c + 4 * y + 3 * x; });
    return out;
  }

  Task* task_ = nullptr;
  std::vector<std::size_t> kept_, kept_shifted_;
  std::size_t suppressed_ = 0;
};

ENVFORGE_CHECK(Vision);

}  // namespace
}  // namespace envforge::validator::checks::python
