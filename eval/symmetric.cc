#include "eval/symmetric.h"

namespace arcsat {

using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd WeightedCross(const MatrixXd& x, const VectorXd& v) {
  return x.transpose() * v.asDiagonal() * x;
}

VectorXd SolveSymmetric(const MatrixXd& a, const VectorXd& b) { return a.ldlt().solve(b); }

MatrixXd InverseSymmetric(const MatrixXd& a) {
  return a.ldlt().solve(MatrixXd::Identity(a.rows(), a.cols()));
}

double SmallestEigenvalue(const MatrixXd& a) {
  return Eigen::SelfAdjointEigenSolver<MatrixXd>(a, Eigen::EigenvaluesOnly)
      .eigenvalues()
      .minCoeff();
}

MatrixXd Sandwich(const MatrixXd& m, const MatrixXd& a) { return m * a * m.transpose(); }

bool IndependentColumns(const MatrixXd& x, double threshold) {
  Eigen::ColPivHouseholderQR<MatrixXd> qr(x);
  qr.setThreshold(threshold);
  return qr.rank() == x.cols();
}

}  // namespace arcsat
