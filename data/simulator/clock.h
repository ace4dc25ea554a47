#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "data/random.h"

namespace arcsat {

/// Gives every turn its `at`. Chat: reading and typing at the speaker's own speed (macros come at
/// once); voice: speech at about 2.6 words a second and the gap between speakers. `waits` (one a
/// turn, seconds) are added before the turn, so what the customer waited for can be seen.
/// Rounded to tenths of a second, never falling.
void SetTimes(Channel channel, const std::vector<double>& waits, Random* random,
              std::vector<Turn>* turns);

/// "2026-01-05T09:30:00Z" from seconds since the start of 2026 (>= 0, below four years).
std::string TimeStamp(std::int64_t seconds_of_2026);

}  // namespace arcsat
