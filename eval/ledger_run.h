#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/settings.h"
#include "eval/ledger.h"

namespace arcsat {

/// Takes over what `arcsat evaluate --out` wrote: target, model, the data's fingerprint, and every
/// figure over all conversations ("accuracy"), all rated turns ("turns.accuracy") and all answers
/// on the survey's scale ("answers.mae"), but for those that have no better side ("answers.bias").
/// `side` is "validation" or "test". Error where it is no evaluation, or of another model or target
/// than the entry tells of already.
void AddEvaluation(const std::filesystem::path& path, const std::string& side, LedgerEntry* entry);

/// Takes over what a run folder tells: its configuration, and which of it is not as in `defaults`;
/// the files and shards it learned from (fingerprints where they are still there, relative paths
/// from here or from a folder above the run's); the version of the code (log.txt); updates, seconds
/// and speed, and the figures of the best model on the validation side (metrics.jsonl); the model's
/// fingerprint. Error where config.cfg is missing, or the model is another than the entry's.
void AddRun(const std::filesystem::path& run, const std::vector<Setting>& defaults,
            LedgerEntry* entry);

}  // namespace arcsat
