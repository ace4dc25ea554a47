#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "eval/calibration.h"
#include "eval/conformal.h"
#include "model/model_folder.h"

namespace arcsat {

/// Short conversations of many shapes: one turn, customers or agents only, a bot, times and none,
/// voice, empty and very long text, several scripts, nobody at all.
std::vector<Conversation> WrittenConversations();

/// Up to `count` conversations of a file, from its shortest to its longest by turns, of at most 60
/// turns.
std::vector<Conversation> SampleConversations(const std::string& path, int count);

/// golden.jsonl: a line {"conversation":…,"score":…} each, scored by LibTorch; with `sets` a score
/// has its set of answers.
std::string GoldenLines(const LoadedModel& loaded, const Calibration& calibration,
                        const std::optional<ConformalSets>& sets,
                        const std::vector<Conversation>& conversations);

}  // namespace arcsat
