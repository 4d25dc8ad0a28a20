#include <envforge/protocol/message.hpp>

#include <charconv>

#include <nlohmann/json.hpp>

#include <envforge/support/canonical_json.hpp>
#include <envforge/support/json_reader.hpp>

namespace envforge::protocol {
namespace {

using nlohmann::json;
using support::ErrorCode;
using support::JsonReader;

json numbers_to_json(const std::vector<std::uint64_t>& numbers) {
  json out = json::array();
  for (const auto number : numbers) out.push_back(number);
  return out;
}

std::vector<std::uint64_t> numbers_from(JsonReader& in, const std::string& key) {
  std::vector<std::uint64_t> out;
  const json& list = in.raw(key);
  if (!list.is_array()) in.fail("expected a list of numbers", key);
  for (const auto& one : list) {
    if (!one.is_number_unsigned()) in.fail("expected unsigned numbers", key);
    out.push_back(one.get<std::uint64_t>());
  }
  return out;
}

json operand_to_json(const Operand& operand) {
  return {{"stream", operand.stream}, {"type", operand.type}, {"amplitude", operand.amplitude}};
}

Operand operand_from(JsonReader in) {
  Operand operand;
  operand.stream = static_cast<std::uint64_t>(in.integer("stream"));
  operand.type = in.string("type");
  operand.amplitude = static_cast<int>(in.integer("amplitude"));
  in.finish();
  return operand;
}

Problem problem_from(JsonReader in) {
  Problem problem;
  problem.kind = in.string("kind");
  JsonReader sizes = in.object("sizes");
  sizes.members([&](const std::string& key, const json& value) {
    if (!value.is_number_integer()) sizes.fail("expected an integer", key);
    problem.sizes[key] = value.get<std::int64_t>();
  });
  problem.a = operand_from(in.object("a"));
  problem.b = operand_from(in.object("b"));
  problem.output_type = in.string("output_type");
  problem.elements = static_cast<std::uint64_t>(in.integer("elements"));
  in.finish();
  return problem;
}

struct ToJson {
  json operator()(const Hello& m) const {
    json checks = json::array();
    for (const auto& check : m.checks) checks.push_back({{"id", check.id}, {"recomputed", check.recomputed}});
    return {{"type", "hello"}, {"protocol", m.protocol}, {"group", m.group}, {"checks", checks}};
  }
  json operator()(const Ready&) const { return {{"type", "ready"}}; }
  json operator()(const Started& m) const { return {{"type", "started"}, {"id", m.id}}; }
  json operator()(const Doing& m) const { return {{"type", "doing"}, {"what", m.what}}; }
  json operator()(const Computed& m) const {
    const Problem& p = m.problem;
    return {{"type", "computed"},
            {"id", m.id},
            {"problem",
             {{"kind", p.kind},
              {"sizes", p.sizes},
              {"a", operand_to_json(p.a)},
              {"b", operand_to_json(p.b)},
              {"output_type", p.output_type},
              {"elements", p.elements}}}};
  }
  json operator()(const Elements& m) const { return {{"type", "elements"}, {"bits", numbers_to_json(m.bits)}}; }
  json operator()(const Result& m) const { return {{"type", "result"}, {"result", to_json(m.result)}}; }
  json operator()(const LoadedLibrary& m) const { return {{"type", "library"}, {"library", to_json(m)}}; }
  json operator()(const MachineInfo& m) const { return {{"type", "machine"}, {"machine", to_json(m)}}; }
  json operator()(const Bye&) const { return {{"type", "bye"}}; }
  json operator()(const Go&) const { return {{"type", "go"}}; }
  json operator()(const Enough&) const { return {{"type", "enough"}}; }
  json operator()(const Ask& m) const { return {{"type", "ask"}, {"indices", numbers_to_json(m.indices)}}; }
};

Hello hello_from(JsonReader& in) {
  Hello hello;
  hello.protocol = static_cast<int>(in.integer("protocol"));
  hello.group = in.string("group");
  for (auto& check : in.objects("checks")) {
    hello.checks.push_back({check.string("id"), check.boolean("recomputed")});
    check.finish();
  }
  return hello;
}

Message message_from(JsonReader& in) {
  const std::string type = in.string("type");
  if (type == "hello") return hello_from(in);
  if (type == "ready") return Ready{};
  if (type == "started") return Started{in.string("id")};
  if (type == "doing") return Doing{in.string("what")};
  if (type == "computed") {
    const std::string id = in.string("id");
    return Computed{id, problem_from(in.object("problem"))};
  }
  if (type == "elements") return Elements{numbers_from(in, "bits")};
  if (type == "result") return Result{check_result_from_json(in.raw("result"))};
  if (type == "library") return loaded_library_from_json(in.raw("library"));
  if (type == "machine") return machine_from_json(in.raw("machine"));
  if (type == "bye") return Bye{};
  if (type == "go") return Go{};
  if (type == "enough") return Enough{};
  if (type == "ask") return Ask{numbers_from(in, "indices")};
  in.fail("unknown message", "type");
}

}  // namespace

std::string to_line(const Progress& progress) {
  return support::canonical_json({{"envforge", "progress"},
                                  {"what", progress.what},
                                  {"group", progress.group},
                                  {"check", progress.check},
                                  {"gpu", progress.gpu},
                                  {"text", progress.text},
                                  {"seconds", progress.seconds}});
}

std::optional<Progress> progress_from_line(const std::string& line) {
  if (line.empty() || line.front() != '{') return std::nullopt;
  try {
    const json value = support::parse_json(line, "progress", ErrorCode::kProtocol);
    JsonReader in(value, "progress", ErrorCode::kProtocol);
    if (in.string("envforge") != "progress") return std::nullopt;
    Progress progress{in.string("what"), in.string("group"), in.string("check"),
                      in.string("gpu"),  in.string("text"),  in.number("seconds")};
    in.finish();
    return progress;
  } catch (const support::Error&) {
    return std::nullopt;
  }
}

std::string to_line(const Message& message) {
  return support::canonical_json(std::visit(ToJson{}, message));
}

Message message_from_line(const std::string& line) {
  const json value = support::parse_json(line, "channel", ErrorCode::kProtocol);
  JsonReader in(value, "channel", ErrorCode::kProtocol);
  Message message = message_from(in);
  in.finish();
  return message;
}

}  // namespace envforge::protocol
