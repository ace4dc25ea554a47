#pragma once

// What the probes share that read one JSON request on standard input and write one answer: Python
// tests compare the answer with a trusted package.
#include <Eigen/Dense>
#include <exception>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "eval/report_json.h"

namespace arcsat {

using Reals = std::vector<double>;
using Integers = std::vector<int>;

inline Eigen::VectorXd Vector(const Json& json) {
  const Reals values = json.get<Reals>();
  return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
}

inline Json Array(const Eigen::VectorXd& v) { return Json(Reals(v.data(), v.data() + v.size())); }

/// The whole of main(): exit code 1 and the message on standard error where `answer` throws.
inline int RunProbe(Json (*answer)(const Json&)) {
  try {
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    std::cout << answer(Json::parse(text)).dump() << "\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}

}  // namespace arcsat
