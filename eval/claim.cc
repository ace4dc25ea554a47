#include "eval/claim.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <limits>
#include <utility>

#include "data/error.h"
#include "eval/logistic.h"
#include "eval/special.h"

namespace arcsat {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd Columns(const std::vector<const VectorXd*>& columns) {
  MatrixXd x(columns.front()->size(), static_cast<Eigen::Index>(columns.size()));
  for (std::size_t j = 0; j < columns.size(); ++j) {
    x.col(static_cast<Eigen::Index>(j)) = *columns[j];
  }
  return x;
}

// `larger` ends with delta.
NestedTest Compare(std::string name, const std::vector<const VectorXd*>& smaller,
                   const std::vector<const VectorXd*>& larger, const VectorXd& y) {
  const LogisticFit without = FitLogistic(Columns(smaller), y);
  const LogisticFit with = FitLogistic(Columns(larger), y);
  NestedTest test;
  test.name = std::move(name);
  test.n = static_cast<int>(y.size());
  test.degrees = static_cast<int>(larger.size() - smaller.size());
  const Eigen::Index last = with.coefficients.size() - 1;
  test.coefficient = with.coefficients(last);
  test.standard_error = with.StandardErrors()(last);
  const double half = NormalQuantile(0.975) * test.standard_error;
  test.interval = {test.coefficient - half, test.coefficient + half};
  if (without.separated || with.separated) {
    test.warning = with.separated ? with.warning : without.warning;
    test.chi_squared = test.p_value = test.gain = std::numeric_limits<double>::quiet_NaN();
    return test;
  }
  // Rounding may leave a gain of -1e-15 where nothing was gained.
  test.chi_squared = std::max(0.0, 2 * (with.log_likelihood - without.log_likelihood));
  test.p_value = ChiSquareSurvival(test.chi_squared, test.degrees);
  test.gain = test.chi_squared / 2 / static_cast<double>(y.size());
  return test;
}

}  // namespace

std::vector<NestedTest> TestClaim(const std::vector<double>& entry, const std::vector<double>& exit,
                                  const std::vector<double>& outlook_logit,
                                  const std::vector<int>& satisfied) {
  if (entry.size() != satisfied.size() || exit.size() != satisfied.size() ||
      outlook_logit.size() != satisfied.size()) {
    throw Error({"claim test",
                 fmt::format("found {} entries, {} exits, {} outlooks and {} answers", entry.size(),
                             exit.size(), outlook_logit.size(), satisfied.size()),
                 "expected one of each a conversation", "pass scores and answers side by side"});
  }
  const auto n = static_cast<Eigen::Index>(satisfied.size());
  const VectorXd in = Eigen::Map<const VectorXd>(entry.data(), n);
  const VectorXd out = Eigen::Map<const VectorXd>(exit.data(), n);
  const VectorXd outlook = Eigen::Map<const VectorXd>(outlook_logit.data(), n);
  const VectorXd y = Eigen::Map<const Eigen::VectorXi>(satisfied.data(), n).cast<double>();
  const VectorXd delta = out - in;
  return {Compare("delta beyond entry", {&in}, {&in, &delta}, y),
          Compare("delta beyond exit", {&out}, {&out, &delta}, y),
          Compare("delta beyond outlook", {&outlook}, {&outlook, &delta}, y),
          Compare("arc beyond outlook", {&outlook}, {&outlook, &in, &delta}, y)};
}

}  // namespace arcsat
