#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/conversation.h"

namespace arcsat {

/// What a recogniser heard from one speaker without a break.
struct SpeechSegment {
  Speaker speaker = Speaker::kCustomer;
  std::string text;
  double begin = 0;                ///< seconds from the start of the call
  std::optional<double> end;       ///< likewise; unknown in some formats
  std::vector<double> confidence;  ///< of each word, 0..1; empty where unknown
  Json sentiment;                  ///< the vendor's own, kept to compare with; null where unknown
};

/// How segments become turns (docs/import.md says why).
struct TurnRules {
  bool join = true;           ///< false: a turn a segment
  double gap = 2;             ///< seconds of silence that still join what one speaker says
  int backchannel_words = 3;  ///< longest "mhm", "yeah okay" that is heard and no turn; 0: none
  bool keep_marks = false;    ///< keep [noise] and the like inside a text
};

/// Fills conversation->turns and attributes.voice (counts of what the rules did):
/// 1. Segments are put in order of their begin.
/// 2. Marks of sounds ("[noise]", "<cough>") go; "<unk>" stays, it stands for a word. A segment
///    with nothing else in it is dropped.
/// 3. A segment of nothing but back-channel words that overlaps the other's speech, which goes on,
///    is no turn: it is kept in the turn's `backchannels`.
/// 4. What the same speaker says next within `gap` seconds joins the turn.
/// A turn keeps `at`, `end`, the mean `confidence`, `word_confidence`, the `overlap` with the turn
/// before in seconds, and `vendor_sentiment`.
void SegmentsToTurns(std::vector<SpeechSegment> segments, const TurnRules& rules,
                     Conversation* conversation);

/// `text` without marks of sounds, white space made single; "<unk>" stays.
std::string WithoutMarks(std::string_view text);

}  // namespace arcsat
