#pragma once

#include <string>
#include <vector>

namespace arcsat {

/// Names that stand for agents in everything that is written: "agent 0017", numbered in an order
/// drawn by chance. The file (a JSON object from id to pseudonym, readable by its owner only) is
/// read where it exists and extended by agents it does not know, so that reports over time agree.
/// Whoever has it can undo the pseudonyms. One name each of `ids`.
std::vector<std::string> Pseudonyms(const std::string& path, const std::vector<std::string>& ids);

}  // namespace arcsat
