#pragma once

#include <string>

#include "data/conversation.h"

namespace arcsat {

/// README.md of a bundle, for the people who get it: what it measures, how to run it, what was
/// checked, what to beware of. From its manifest, so that the two agree.
std::string ModelCard(const Json& manifest);

}  // namespace arcsat
