#pragma once

#include <string>

#include "eval/ledger.h"

namespace arcsat {

/// What `arcsat experiments add` is told. Texts that are empty were not given.
struct NewExperiment {
  std::string entry;       ///< file with a whole entry, made elsewhere
  std::string evaluation;  ///< what `arcsat evaluate --out` wrote
  std::string side;        ///< that it is of: "validation" or "test"
  std::string run;         ///< run folder
  std::string name, question, learned, split, code, date, target;
  LedgerStatus status = LedgerStatus::kKept;
  bool status_given = false;
};

/// The entry, checked. UsageError where too little is told, Error where a file is not as expected.
LedgerEntry MakeEntry(const NewExperiment& call);

}  // namespace arcsat
