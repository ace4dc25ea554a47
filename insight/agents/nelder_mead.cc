#include "insight/agents/nelder_mead.h"

#include <algorithm>
#include <cmath>

#include "eval/symmetric.h"

namespace arcsat {
namespace {

struct Corner {
  std::vector<double> at;
  double value = 0;
};

bool Lower(const Corner& a, const Corner& b) { return a.value < b.value; }

class Search {
 public:
  Search(const std::function<double(const std::vector<double>&)>& function,
         const NelderMeadOptions& options)
      : function_(function), options_(options) {}

  Corner From(const std::vector<double>& start) {
    simplex_ = {At(start)};
    for (std::size_t i = 0; i < start.size(); ++i) {
      std::vector<double> moved = start;
      moved[i] += options_.step;
      simplex_.push_back(At(moved));
    }
    std::sort(simplex_.begin(), simplex_.end(), Lower);
    while (!Small() && !Spent()) Step();
    return simplex_.front();
  }

  bool Spent() const { return evaluations_ >= options_.evaluations; }

 private:
  Corner At(const std::vector<double>& point) {
    ++evaluations_;
    return {point, function_(point)};
  }

  bool Small() const {
    if (simplex_.back().value - simplex_.front().value > options_.tolerance) return false;
    double width = 0;
    for (const Corner& corner : simplex_) {
      for (std::size_t i = 0; i < corner.at.size(); ++i) {
        width = std::max(width, std::abs(corner.at[i] - simplex_.front().at[i]));
      }
    }
    return width < 1e-5;
  }

  // The worst corner carried over the middle of the others, `far` times as far.
  Corner Across(double far) {
    const std::size_t size = simplex_.front().at.size();
    std::vector<double> point(size);
    for (std::size_t i = 0; i < size; ++i) {
      double middle = 0;
      for (std::size_t c = 0; c < size; ++c) middle += simplex_[c].at[i];
      middle /= static_cast<double>(size);
      point[i] = middle + far * (middle - simplex_.back().at[i]);
    }
    return At(point);
  }

  void Step() {
    const Corner mirrored = Across(1);
    Corner next = mirrored;
    if (mirrored.value < simplex_.front().value) {
      const Corner further = Across(2);
      if (further.value < mirrored.value) next = further;
    } else if (!(mirrored.value < simplex_[simplex_.size() - 2].value)) {
      next = Across(mirrored.value < simplex_.back().value ? 0.5 : -0.5);
      if (!(next.value < std::min(mirrored.value, simplex_.back().value))) {
        Shrink();
        return;
      }
    }
    simplex_.back() = next;
    std::sort(simplex_.begin(), simplex_.end(), Lower);
  }

  void Shrink() {
    for (std::size_t c = 1; c < simplex_.size(); ++c) {
      std::vector<double> point = simplex_[c].at;
      for (std::size_t i = 0; i < point.size(); ++i) {
        point[i] = 0.5 * (point[i] + simplex_.front().at[i]);
      }
      simplex_[c] = At(point);
    }
    std::sort(simplex_.begin(), simplex_.end(), Lower);
  }

  const std::function<double(const std::vector<double>&)>& function_;
  const NelderMeadOptions& options_;
  std::vector<Corner> simplex_;
  int evaluations_ = 0;
};

constexpr double kDifference = 4e-3;

/// Derivatives of a function at a point: of fourth order, but for the mixed ones.
struct LocalShape {
  Eigen::VectorXd gradient;   // (size)
  Eigen::MatrixXd curvature;  // (size, size)
};

LocalShape ShapeAt(const std::function<double(const std::vector<double>&)>& function,
                   const std::vector<double>& at) {
  const auto moved = [&](std::size_t i, double by_i, std::size_t j, double by_j) {
    std::vector<double> point = at;
    point[i] += by_i * kDifference;
    point[j] += by_j * kDifference;
    return function(point);
  };
  const auto size = static_cast<Eigen::Index>(at.size());
  LocalShape shape{Eigen::VectorXd(size), Eigen::MatrixXd(size, size)};
  const double here = function(at);
  for (std::size_t i = 0; i < at.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    const double up = moved(i, 1, i, 0), down = moved(i, -1, i, 0);
    const double above = moved(i, 2, i, 0), below = moved(i, -2, i, 0);
    shape.gradient(row) = (8 * (up - down) - (above - below)) / (12 * kDifference);
    shape.curvature(row, row) =
        (16 * (up + down) - (above + below) - 30 * here) / (12 * kDifference * kDifference);
    for (std::size_t j = 0; j < i; ++j) {
      const auto column = static_cast<Eigen::Index>(j);
      const double mixed =
          moved(i, 1, j, 1) - moved(i, 1, j, -1) - moved(i, -1, j, 1) + moved(i, -1, j, -1);
      shape.curvature(row, column) = mixed / (4 * kDifference * kDifference);
      shape.curvature(column, row) = shape.curvature(row, column);
    }
  }
  return shape;
}

}  // namespace

std::vector<double> NewtonFrom(const std::function<double(const std::vector<double>&)>& function,
                               const std::vector<double>& start) {
  constexpr int kSteps = 5;
  std::vector<double> at = start;
  for (int step = 0; step < kSteps; ++step) {
    const LocalShape shape = ShapeAt(function, at);
    if (!shape.gradient.allFinite() || !shape.curvature.allFinite()) return start;
    if (!(SmallestEigenvalue(shape.curvature) > 0)) return start;
    const Eigen::VectorXd move = SolveSymmetric(shape.curvature, shape.gradient);
    if (!(move.norm() < kDifference)) return start;
    for (std::size_t i = 0; i < at.size(); ++i) at[i] -= move(static_cast<Eigen::Index>(i));
    if (move.norm() < 1e-10) break;
  }
  // Higher by no more than rounding.
  const double before = function(start);
  return function(at) <= before + 1e-12 * (1 + std::abs(before)) ? at : start;
}

std::vector<double> NelderMead(const std::function<double(const std::vector<double>&)>& function,
                               const std::vector<double>& start, const NelderMeadOptions& options) {
  Search search(function, options);
  Corner best = search.From(start);
  for (;;) {
    const Corner again = search.From(best.at);
    const bool settled = !(best.value - again.value > options.tolerance);
    if (again.value < best.value) best = again;
    if (settled || search.Spent()) return best.at;
  }
}

}  // namespace arcsat
