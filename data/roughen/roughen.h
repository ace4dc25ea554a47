#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/conversation.h"
#include "data/random.h"
#include "data/roughen/confusions.h"

namespace arcsat {

/// How badly a recogniser hears.
struct RoughenOptions {
  double word_error = 0.08;  ///< share of words substituted, lost or added, 0..1
  double noise = 0.04;       ///< chance of a [noise] mark at each end of the text, 0..1
  double unknown = 0.2;      ///< share of the errors that come out as <unk>, 0..1
  double filler = 0.02;      ///< chance of "um", "uh" and the like before a word, 0..1
  /// What is heard in place of a word. Without them a few pairs that sound alike, cut-off ends and
  /// the commonest words.
  Confusions* confusions = nullptr;
};

/// Only words go wrong: no noise and no fillers, which are errors beside the stated rate.
RoughenOptions WordErrors(double word_error, Confusions* confusions);

/// Written text as a speech recogniser would hand it over: lower case (of ASCII), no punctuation,
/// numbers and amounts as words, then errors at the given rates; placeholders of redaction stay.
/// The result is UTF-8 where `text` is; with all rates 0 it depends on `text` alone. Never empty
/// for a text with a letter or digit in it.
std::string Roughen(std::string_view text, const RoughenOptions& options, Random* random);

/// "four hundred and twelve" for 412; numbers of five digits and more, and those that begin with a
/// zero, are read digit by digit.
std::string NumberWords(std::string_view digits);

/// Roughens every turn of a chat, which becomes one by voice; `attributes.roughened` says so. What
/// is by voice, or of no channel, stays as it is. What comes out depends on the conversation's id
/// and `seed`.
void RoughenConversation(const RoughenOptions& options, std::uint64_t seed,
                         Conversation* conversation);

}  // namespace arcsat
