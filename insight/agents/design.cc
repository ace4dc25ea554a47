#include "insight/agents/design.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "eval/bootstrap.h"

namespace arcsat {
namespace {

using Index = Eigen::Index;
constexpr double kSecondsOfDay = 86400, kSecondsOfYear = 365.25 * kSecondsOfDay;
constexpr double kShortestSpan = 28 * kSecondsOfDay;  // a trend over less says nothing

struct Column {
  std::string name;
  Eigen::VectorXd values;
};

class Columns {
 public:
  Columns(const AgentRecords& records, const AgentsOptions& options)
      : records_(records), options_(options), n_(static_cast<Index>(records.size())) {
    AddLine("entry", Eigen::Map<const Eigen::VectorXd>(records.entry.data(), n_));
    AddChannel();
    AddTime();
  }
  std::vector<Column> Take() { return std::move(columns_); }

 private:
  template <class Of>
  void Add(const std::string& name, const Of& of) {
    Column column{name, Eigen::VectorXd(n_)};
    for (Index i = 0; i < n_; ++i) column.values(i) = of(static_cast<std::size_t>(i));
    columns_.push_back(std::move(column));
  }

  void AddLine(const std::string& name, const Eigen::VectorXd& values) {
    columns_.push_back({name, values});
    std::vector<double> sorted(values.data(), values.data() + values.size());
    std::sort(sorted.begin(), sorted.end());
    const double low = Quantile(sorted, 0.02), high = Quantile(sorted, 0.98);
    for (int k = 1; k <= options_.kinks && high > low; ++k) {
      const double kink = low + (high - low) * k / (options_.kinks + 1);
      columns_.push_back(
          {fmt::format("{} above {:.2f}", name, kink), (values.array() - kink).cwiseMax(0)});
    }
  }

  void AddChannel() {
    const auto is = [this](int channel) {
      return [this, channel](std::size_t i) { return records_.channel[i] == channel ? 1.0 : 0.0; };
    };
    Add("voice", is(static_cast<int>(Channel::kVoice)));
    Add("channel unknown", is(-1));
  }

  void AddTime() {
    double first = INFINITY, last = -INFINITY;
    for (const double time : records_.started) {
      if (!std::isfinite(time)) continue;
      first = std::min(first, time);
      last = std::max(last, time);
    }
    if (!(last >= first)) return;
    Add("time unknown",
        [&](std::size_t i) { return std::isfinite(records_.started[i]) ? 0. : 1.; });
    if (last - first >= kShortestSpan) {
      Eigen::VectorXd years(n_);
      for (Index i = 0; i < n_; ++i) {
        const double time = records_.started[static_cast<std::size_t>(i)];
        years(i) = std::isfinite(time) ? (time - first) / kSecondsOfYear : 0;
      }
      AddLine("years", years);
    }
    static constexpr const char* kQuarters[] = {"0 to 6 h", "6 to 12 h", "", "18 to 24 h"};
    for (int quarter = 0; quarter < 4; ++quarter) {
      if (quarter == 2) continue;  // what the others are compared with
      Add(kQuarters[quarter], [&](std::size_t i) {
        const double days = records_.started[i] / kSecondsOfDay;
        return std::floor((days - std::floor(days)) * 4) == quarter ? 1.0 : 0.0;
      });
    }
    Add("weekend", [&](std::size_t i) {
      if (!std::isfinite(records_.started[i])) return 0.0;
      // 1970-01-01 was a Thursday.
      const auto day = static_cast<std::int64_t>(std::floor(records_.started[i] / kSecondsOfDay));
      const std::int64_t weekday = ((day + 3) % 7 + 7) % 7;  // Monday is 0
      return weekday >= 5 ? 1.0 : 0.0;
    });
  }

  const AgentRecords& records_;
  const AgentsOptions& options_;
  const Index n_;
  std::vector<Column> columns_;
};

void PoolProblems(const AgentRecords& records, const AgentsOptions& options, AgentsDesign* design) {
  std::vector<int> count(records.problems.size());
  for (const int problem : records.problem) ++count[static_cast<std::size_t>(problem)];
  std::vector<int> code(records.problems.size(), -1);
  for (std::size_t k = 0; k < count.size(); ++k) {
    if (count[k] < options.min_problem) continue;
    code[k] = static_cast<int>(design->problems.size());
    design->problems.push_back(records.problems[k]);
  }
  const auto rare = std::count(code.begin(), code.end(), -1);
  if (rare > 0) {
    for (int& c : code) c = c < 0 ? static_cast<int>(design->problems.size()) : c;
    design->problems.emplace_back(kRareProblems);
    design->notes.push_back(fmt::format(
        "{} problem types have fewer than {} conversations each and share one coefficient; nothing "
        "is said about them",
        rare, options.min_problem));
  }
  for (const int problem : records.problem) {
    design->data.problem.push_back(code[static_cast<std::size_t>(problem)]);
  }
}

/// Which columns add something to the problems' indicators and to the columns before them: those
/// whose rest, after a regression on these, has a sum of squares worth speaking of.
std::vector<bool> Independent(const Eigen::MatrixXd& x, const std::vector<int>& group, int groups) {
  Eigen::MatrixXd means = Eigen::MatrixXd::Zero(groups, x.cols());
  Eigen::VectorXd counts = Eigen::VectorXd::Zero(groups);
  for (Index i = 0; i < x.rows(); ++i) {
    means.row(group[static_cast<std::size_t>(i)]) += x.row(i);
    counts(group[static_cast<std::size_t>(i)]) += 1;
  }
  Eigen::MatrixXd cross = x.transpose() * x;
  for (Index g = 0; g < groups; ++g) {
    if (counts(g) > 0) cross -= means.row(g).transpose() * means.row(g) / counts(g);
  }
  const Eigen::VectorXd whole = (x.transpose() * x).diagonal();
  std::vector<bool> keep;
  for (Index j = 0; j < x.cols(); ++j) {
    const double pivot = cross(j, j);
    keep.push_back(pivot > 1e-7 * whole(j) && pivot > 1e-9);
    if (!keep.back()) continue;
    const Eigen::VectorXd row = cross.col(j);
    cross -= row * row.transpose() / pivot;
  }
  return keep;
}

}  // namespace

AgentsDesign MakeDesign(const AgentRecords& records, const AgentsOptions& options) {
  AgentsDesign design;
  PoolProblems(records, options, &design);
  design.data.agent = records.agent;
  design.data.agents = static_cast<int>(records.agents.size());
  design.data.problems = static_cast<int>(design.problems.size());
  const auto n = static_cast<Index>(records.size());
  design.data.y = Eigen::Map<const Eigen::VectorXd>(records.outcome.data(), n);
  std::vector<Column> columns = Columns(records, options).Take();
  Eigen::MatrixXd x(n, static_cast<Index>(columns.size()));
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const Eigen::VectorXd& values = columns[j].values;
    // Centred, so that the system stays well conditioned and a problem's coefficient is its mean.
    x.col(static_cast<Index>(j)) = values.array() - values.mean();
  }
  const std::vector<bool> keep = Independent(x, design.data.problem, design.data.problems);
  const auto kept = static_cast<Index>(std::count(keep.begin(), keep.end(), true));
  design.data.x.resize(n, kept);
  std::string dropped;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    if (!keep[j]) {
      dropped += (dropped.empty() ? "" : ", ") + columns[j].name;
      continue;
    }
    design.data.x.col(static_cast<Index>(design.names.size())) = x.col(static_cast<Index>(j));
    design.names.push_back(columns[j].name);
  }
  if (!dropped.empty()) {
    design.notes.push_back("columns without a say of their own, left out: " + dropped);
  }
  return design;
}

}  // namespace arcsat
