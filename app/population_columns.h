#pragma once

#include <string>
#include <vector>

#include "data/corpus.h"

namespace arcsat {

/// Reads the file through before anything is scored. UsageError where no groups can be made by one
/// of the columns, with the nearest ones where no conversation has it. What can be read only once
/// (standard input, a pipe) is not looked at.
void DemandColumns(const std::string& path, const ReadOptions& read,
                   const std::vector<std::string>& columns);

}  // namespace arcsat
