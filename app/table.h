#pragma once

#include <string>
#include <vector>

namespace arcsat {

/// Rows with their columns lined up, two spaces between: the first column to the left, the others
/// to the right. The first row is the heading, with a rule of dashes below it.
std::string Table(const std::vector<std::vector<std::string>>& rows);

/// "9.1%"; "-" where `whole` is 0.
std::string Percent(double part, double whole);

}  // namespace arcsat
