#pragma once

#include <string>

#include "data/random.h"
#include "data/simulator/story.h"

namespace arcsat {

/// How a customer talks: a trait of the person, drawn without regard to what happens to them, so
/// that polite words say next to nothing about satisfaction.
struct Manner {
  enum class Tone { kPolite, kPlain, kTerse, kRude };
  Tone tone = Tone::kPlain;
  double strength = 0.3;  ///< chance that a turn carries a phrase of the tone
  double typos = 0;       ///< chance of a slip in each word (chat)
  bool lower_case = false;
  bool full_stops = true;
};

Manner DrawManner(Random* random);

/// Puts the customer's tone around what they say: thanks, pleases, curses, or nothing.
std::string Decorate(std::string text, Act act, const Manner& manner, Random* random);

/// A customer's typed text: case, full stop and slips of the keyboard as the manner has them.
/// Multi-byte characters are left whole.
std::string Type(std::string text, const Manner& manner, Random* random);

/// Capital letters at the start and after ". ", "? ", "! ".
std::string Capitalise(std::string text);

}  // namespace arcsat
