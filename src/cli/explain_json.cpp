#include "explain_json.hpp"

#include <nlohmann/json.hpp>

#include <envforge/resolve/explain.hpp>

namespace envforge::cli {
namespace {

using nlohmann::json;

json document(const char* question, const compat::Knowledge& knowledge) {
  return {{"schema", "envforge/explain"},
          {"schema_version", 1},
          {"question", question},
          {"data_digest", knowledge.digest()},
          {"data_as_of", knowledge.as_of()}};
}

template <class List, class Encode>
json array_of(const List& list, Encode&& encode) {
  json out = json::array();
  for (const auto& item : list) out.push_back(encode(item));
  return out;
}

json encode_warning(const resolve::Warning& warning) {
  return {{"text", warning.text}, {"where", to_string(warning.where)}, {"source", warning.source}};
}

json encode_platform(const resolve::PlatformSolution& platform) {
  return {{"platform", platform.platform},
          {"torch", platform.torch},
          {"cuda_variant", platform.cuda_variant},
          {"index", platform.torch_index.empty() ? "PyPI" : platform.torch_index},
          {"gpu_architectures", platform.gpu_architectures},
          {"gpu_code", platform.gpu_code},
          {"choices", array_of(platform.choices, [](const documents::Choice& choice) {
             return json{{"component", choice.component},
                         {"version", choice.version},
                         {"reason", choice.reason},
                         {"source", choice.source}};
           })}};
}

json encode(const resolve::Solution& solution) {
  return {{"base", solution.base},
          {"doubtful", solution.doubtful},
          {"platforms", array_of(solution.platforms, encode_platform)},
          {"compat_package", solution.compat_package},
          {"warnings", array_of(solution.warnings, encode_warning)}};
}

json encode_item(const resolve::ConflictItem& item) {
  json wishes = json::array();
  for (std::size_t i = 0; i < item.wishes.size(); ++i)
    wishes.push_back({{"wish", item.wishes[i]}, {"where", to_string(item.where[i])}});
  return {{"wishes", wishes}, {"fact", item.fact}, {"source", item.source}, {"unknown", item.unknown}};
}

json encode_remedy(const resolve::Remedy& remedy) {
  return {{"changes", array_of(remedy.changes,
                               [](const resolve::Change& change) {
                                 return json{{"key", change.key},
                                             {"from", change.from},
                                             {"to", change.to},
                                             {"where", to_string(change.where)}};
                               })},
          {"cost", remedy.cost},
          {"solution", encode(remedy.solution)}};
}

json encode(const resolve::Conflict& conflict) {
  return {{"unknown", any_unknown(conflict.items)},
          {"items", array_of(conflict.items, encode_item)},
          {"hints", conflict.hints},
          {"remedies", array_of(conflict.remedies, encode_remedy)},
          {"split", array_of(conflict.split,
                             [](const resolve::SplitImage& image) {
                               const auto name = [](const resolve::PlatformSolution& platform) {
                                 return json(platform.platform);
                               };
                               return json{{"pools", image.pools},
                                           {"platforms", array_of(image.solution.platforms, name)},
                                           {"solution", encode(image.solution)}};
                             })},
          {"unserved", array_of(conflict.unserved, [](const resolve::UnservedPool& pool) {
             return json{{"pool", pool.pool}, {"items", array_of(pool.items, encode_item)}};
           })}};
}

json encode(const resolve::Outcome& outcome) {
  if (const auto* conflict = std::get_if<resolve::Conflict>(&outcome)) return {{"conflict", encode(*conflict)}};
  return {{"solution", encode(std::get<resolve::Solution>(outcome))}};
}

}  // namespace

json conflict_json(const resolve::Conflict& conflict) {
  return encode(conflict);
}

json explain_json(const resolve::Outcome& outcome, const compat::Knowledge& knowledge) {
  json out = document("recipe", knowledge);
  out["answer"] = encode(outcome);
  return out;
}

json explain_json(const resolve::WhatIf& answer, const compat::Knowledge& knowledge) {
  json out = document("what-if", knowledge);
  out["part"] = answer.question.part;
  out["value"] = answer.question.value;
  out["is_the_answer_now"] = answer.is_answer;
  const auto* conflict = std::get_if<resolve::Conflict>(&answer.asked);
  out["can_be_had"] = conflict == nullptr;
  out["unknown"] = conflict != nullptr && any_unknown(conflict->items);
  out["now"] = encode(answer.now);
  out["then"] = encode(answer.asked);
  out["reason"] = answer.reason;
  out["source"] = answer.source;
  out["changes"] = array_of(answer.changes, [](const resolve::PartChange& change) {
    return json{{"component", change.component}, {"from", change.from}, {"to", change.to}, {"source", change.source}};
  });
  out["pools"] = array_of(answer.pools, [](const resolve::PoolEffect& pool) {
    return json{{"pool", pool.pool},         {"runs_now", pool.runs_now}, {"would_run", pool.would_run},
                {"doubtful", pool.doubtful}, {"unknown", pool.unknown},   {"notes", pool.notes}};
  });
  return out;
}

json explain_json(const std::string& asked, const std::vector<const compat::Topic*>& topics,
                  const compat::Knowledge& knowledge) {
  json out = document("about", knowledge);
  out["about"] = asked;
  const auto image = resolve::about_image(asked, knowledge);
  out["image"] = nullptr;
  if (image) {
    out["image"] = {{"exists", nullptr}, {"fact", image->fact}, {"source", image->source}};
    if (image->exists) out["image"]["exists"] = *image->exists;
  }
  out["answers"] = array_of(topics, [](const compat::Topic* topic) {
    return json{{"id", topic->id},
                {"answer", topic->answer},
                {"verified", !topic->evidence.is_unverified("answer")},
                {"source", cite(topic->evidence, "answer")}};
  });
  return out;
}

json explain_json(const std::vector<resolve::LockEffect>& effects, const compat::Knowledge& knowledge) {
  json out = document("locks", knowledge);
  out["effects"] = array_of(effects, [](const resolve::LockEffect& effect) {
    return json{{"lock", effect.lock},
                {"image", effect.image},
                {"pool", effect.pool},
                {"verdict", resolve::word(effect.verdict)},
                {"verify_again", effect.verify_again},
                {"reasons", effect.reasons}};
  });
  return out;
}

json explain_json(const std::vector<resolve::MatrixRow>& rows, const std::vector<std::string>& notes,
                  const std::vector<resolve::MatrixDecider>& deciders, const compat::Knowledge& knowledge) {
  json out = document("matrix", knowledge);
  out["notes"] = notes;
  out["deciders"] = array_of(deciders, [](const resolve::MatrixDecider& decider) {
    return json{{"what", decider.what}, {"combinations_without", decider.without}};
  });
  out["rows"] = array_of(rows, [](const resolve::MatrixRow& row) {
    return json{{"torch", row.torch},
                {"cuda_variant", row.cuda_variant},
                {"platform", row.platform},
                {"index", row.index},
                {"python", row.python},
                {"free_threaded", row.free_threaded},
                {"driver_floor", row.driver_floor},
                {"glibc_floor", row.glibc_floor},
                {"cudnn", row.cudnn},
                {"nccl", row.nccl},
                {"cublas", row.cublas},
                {"triton", row.triton},
                {"torchvision", row.torchvision},
                {"torchaudio", row.torchaudio},
                {"cxx11_abi", row.cxx11_abi},
                {"code", row.code},
                {"doubt", row.doubt},
                {"source", row.source},
                {"code_source", row.code_source}};
  });
  return out;
}

}  // namespace envforge::cli
