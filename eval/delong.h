#pragma once

#include <optional>

#include "eval/bootstrap.h"
#include "eval/metrics.h"

namespace arcsat {

/// Two ROC-AUCs of the same conversations, compared.
struct DeLongTest {
  double auc_first = 0, auc_other = 0;
  double difference = 0;      ///< other - first
  double standard_error = 0;  ///< of the difference
  std::optional<Interval> interval;
  double z = 0;
  double p_value = 1;  ///< two-sided, normal
};

/// DeLong, DeLong and Clarke-Pearson (1988) for the covariance of two AUCs of the same items, by
/// the midranks of Sun and Xu (2014) in n log n. `level` is the interval's. Everything is NaN with
/// fewer than two items of a class, and there is no interval; p is 1 where both rank all pairs
/// alike, and NaN (no interval) where they differ and yet vary not at all, as two versions that
/// separate the classes fully, one of them upside down. Error on lengths that differ.
DeLongTest DeLong(Values first, Values other, Labels y, double level = 0.95);

}  // namespace arcsat
