#pragma once

#include <string>
#include <vector>

namespace arcsat {

/// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`: the
/// Damerau-Levenshtein distance in its optimal-string-alignment form, over bytes.
int EditDistance(const std::string& a, const std::string& b);

/// The known word that `word` was probably meant to be, or empty where none is close: at most two
/// edits, or a third of its length. A known key also counts as close when only its section was left
/// out or mistaken ("epochs", "model.epochs" for "train.epochs").
std::string Nearest(const std::string& word, const std::vector<std::string>& known);

}  // namespace arcsat
