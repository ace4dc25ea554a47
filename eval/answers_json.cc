#include "eval/answers.h"
#include "eval/evaluation.h"
#include "eval/report_json.h"

namespace arcsat {
namespace {

Json SharesJson(const std::vector<BoxShare>& shares) {
  Json array = Json::array();
  for (const BoxShare& share : shares) {
    array.push_back({{"answer", share.answer},
                     {"chance", NumberJson(share.chance)},
                     {"share", NumberJson(share.share)},
                     {"interval", IntervalJson(share.interval)}});
  }
  return array;
}

Json BoxesJson(const std::optional<BoxFigures>& boxes) {
  if (!boxes) return nullptr;
  return {{"n", boxes->n},
          {"impossible", boxes->impossible},
          {"figures", ToJson(boxes->figures)},
          {"each", SharesJson(boxes->each)},
          {"up_to", SharesJson(boxes->up_to)}};
}

}  // namespace

Json ToJson(const Answers& answers) {
  Json slices = Json::array();
  for (const AnswerSlice& slice : answers.slices) {
    slices.push_back({{"by", slice.by},
                      {"value", slice.value},
                      {"n", slice.n},
                      {"boxed", slice.boxed},
                      {"figures", ToJson(slice.figures)}});
  }
  return {{"scale", {answers.low, answers.high}},
          {"csat",
           {{"n", answers.n},
            {"mean_answer", NumberJson(answers.mean_answer)},
            {"mean_csat", NumberJson(answers.mean_csat)},
            {"reference",
             {{"mean", NumberJson(answers.reference)},
              {"from", answers.reference_is_theirs ? "test" : "calibration"}}},
            {"figures", ToJson(answers.csat)}}},
          {"boxes", BoxesJson(answers.boxes)},
          {"slices", slices}};
}

}  // namespace arcsat
