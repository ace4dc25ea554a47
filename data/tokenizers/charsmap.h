#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace arcsat {

/// SentencePiece's precompiled normalisation rules: a Darts-clone double array whose values point
/// into a text of replacements. Applied as Hugging Face's `Precompiled` does, grapheme cluster by
/// grapheme cluster, which differs from Google's longest match where a cluster of fewer than 6
/// bytes begins with a character that has a rule: what follows in the cluster is dropped.
class Charsmap {
 public:
  Charsmap() = default;
  /// Throws Error naming `place` where the sizes inside do not agree.
  Charsmap(std::string_view bytes, const std::string& place);

  bool empty() const { return units_.empty(); }
  std::string Normalize(std::string_view text) const;

 private:
  /// The replacement for the shortest prefix of `chunk` that has a rule.
  std::optional<std::string_view> Rule(std::string_view chunk) const;
  void AppendCluster(std::string_view cluster, std::string* out) const;

  std::vector<std::uint32_t> units_;
  std::string replacements_;
  std::array<bool, 128> ascii_has_rule_{};
};

}  // namespace arcsat
