#pragma once

#include <string>
#include <vector>

#include "eval/ledger.h"

namespace arcsat {

/// Text from a ledger on one line of a terminal.
std::string OneLine(const std::string& text);

/// "accuracy (test)".
std::string LedgerTitle(const LedgerQuery& query);

/// The fingerprint of the data that --data means, a file, or how it begins. UsageError where it can
/// be neither.
std::string MeantFingerprint(const std::string& data);

/// As many digits of a fingerprint as tell it from others; "-" where it is not known.
std::string ShortFingerprint(const std::string& sha256);

/// The entries that are held against each other, which are all of one ground.
struct LedgerChoice {
  LedgerGroup group;
  std::size_t left_out = 0;  ///< entries that have the figure on other grounds
};

/// Of what the query selects the first of GroupByGround(). Where others are left out, or nothing
/// says that those chosen were measured on the same data, standard error has a note. Error where no
/// entry has the figure; `ledger` is its place.
LedgerChoice ChooseGroup(const std::string& ledger, std::vector<LedgerEntry> entries,
                         const LedgerQuery& query);

/// Target, sha256 and n; null where not known.
Json GroundJson(const LedgerGround& ground);

}  // namespace arcsat
