#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "data/conversation.h"
#include "data/survey.h"

namespace arcsat {

enum class Side { kTrain, kCalibration, kValidation, kTest };
inline constexpr std::array<Side, 4> kSides = {Side::kTrain, Side::kCalibration, Side::kValidation,
                                               Side::kTest};

/// "train", "calibration", "validation", "test".
const char* Name(Side side);

struct SplitOptions {
  /// What decides: "conversation", "customer" or "agent" (a hash of that identifier), "time" (the
  /// earliest train, the latest test), or "stratified" (exact shares within each pair of answer and
  /// problem type).
  std::string by = "conversation";
  double train = 0.7, calibration = 0.1, validation = 0.1, test = 0.1;  ///< >= 0; their sum is 1
  std::uint64_t seed = 1;
  /// Transcripts whose word 3-shingles have this Jaccard similarity or more share a side; in (0,
  /// 1], or 0 not to look.
  double near_duplicate = 0.9;
  /// A split file whose assignments are kept, or empty.
  std::string previous;
};

/// Which side every conversation is on, and how that came about.
struct Split {
  SplitOptions options;
  std::vector<std::pair<std::string, Side>> assignments;  ///< (id, side), in the input's order
  std::vector<std::vector<std::string>> near_duplicates;  ///< groups of two or more ids
  std::int64_t without_key = 0;  ///< had no customer or agent id, and went by their own
  std::int64_t kept = 0;         ///< assigned by the previous split
  std::int64_t conflicts = 0;    ///< groups that the previous split had on several sides
  std::string fingerprint;       ///< Fingerprint(assignments)

  /// How many are on each side, in the order of kSides.
  std::array<std::int64_t, 4> Counts() const;
};

/// Splits conversations so that the same one always lands on the same side, whatever else is in the
/// file, and near-identical ones never on two. `survey` tells the answer for "stratified". Throws
/// UsageError where the options make no sense, Error where a conversation lacks what decides.
Split MakeSplit(const std::vector<Conversation>& conversations, const SplitOptions& options,
                const SurveyOptions& survey = {});

/// SHA-256 of the sorted ids, each with a newline: whether two splits are of the same
/// conversations. Error where an id is there twice.
std::string Fingerprint(const std::vector<std::pair<std::string, Side>>& assignments);

/// split.json (data/schema/split.schema.json), written whole or not at all.
void WriteSplit(const Split& split, const std::filesystem::path& path);
std::string ToJson(const Split& split);

/// Reads what WriteSplit wrote. Error on anything else.
Split ReadSplit(const std::filesystem::path& path);

/// The sides by id, for look-up.
std::unordered_map<std::string, Side> SidesById(const Split& split);

}  // namespace arcsat
