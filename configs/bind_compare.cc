#include "configs/bind_compare.h"

namespace arcsat {

void Bind(Options& options, CompareOptions* c) {
  const auto share = Between(0.0, 1.0);
  options
      .Add("compare.figure", &c->figure, "the verdict's figure",
           OneOf({"accuracy", "balanced_accuracy", "macro_f1", "roc_auc"}))
      .Add("compare.at_least", &c->at_least, "what it has to be over everything", share)
      .Add("compare.worse_by", &c->worse_by,
           "how far it may fall below the first version's in any group", share)
      .Add("compare.judge_by", &c->judge_by,
           "interval: met or missed where interval and test are sure of it, undecided between; "
           "point: the figures alone decide",
           OneOf({"interval", "point"}))
      .Add("compare.min_slice", &c->min_slice, "conversations of a group that is judged",
           AtLeast(1))
      .Add("compare.flips", &c->flips, "conversations listed of those that differ most",
           Between(0, 1'000'000))
      .Add("compare.level", &c->bootstrap.level, "of intervals and tests", Between(0.5, 0.9999))
      .Add("compare.resamples", &c->bootstrap.resamples, "of the bootstrap",
           Between(100, 1'000'000))
      .Add("compare.seed", &c->bootstrap.seed, "of the bootstrap");
}

}  // namespace arcsat
