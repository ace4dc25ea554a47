#pragma once

#include "configs/options.h"
#include "export/bundle.h"

namespace arcsat {

/// The keys of `arcsat export`.
void Bind(Options& options, ExportOptions* fields);

}  // namespace arcsat
