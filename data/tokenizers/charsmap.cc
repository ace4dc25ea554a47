#include "data/tokenizers/charsmap.h"

#include <fmt/format.h>

#include "data/error.h"
#include "data/tokenizers/unicode.h"

namespace arcsat {
namespace {

std::uint32_t LittleEndian(std::string_view bytes, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 4; i > 0; --i) {
    word = (word << 8) | static_cast<unsigned char>(bytes[at + i - 1]);
  }
  return word;
}

// The parts of a Darts-clone unit.
bool HasLeaf(std::uint32_t unit) { return ((unit >> 8) & 1U) != 0; }
std::uint32_t Value(std::uint32_t unit) { return unit & 0x7FFFFFFFU; }
std::uint32_t Label(std::uint32_t unit) { return unit & 0x800000FFU; }
std::uint32_t Offset(std::uint32_t unit) { return (unit >> 10) << ((unit & (1U << 9)) >> 6); }

}  // namespace

Charsmap::Charsmap(std::string_view bytes, const std::string& place) {
  const auto fail = [&](std::string found, std::string expected) {
    throw Error({place + ": normalizer_spec.precompiled_charsmap", std::move(found),
                 std::move(expected), "copy the model file anew from where it came from"});
  };
  if (bytes.size() < 8) fail(fmt::format("found {} bytes", bytes.size()), "expected at least 8");
  const std::size_t size = LittleEndian(bytes, 0);
  if (size < 4 || size % 4 != 0 || size > bytes.size() - 4) {
    fail(fmt::format("found a trie of {} bytes in {}", size, bytes.size()),
         "expected a multiple of 4 that fits");
  }
  replacements_ = bytes.substr(4 + size);
  if (!unicode::IsValidUtf8(replacements_)) fail("found broken UTF-8", "expected replacements");
  units_.reserve(size / 4);
  for (std::size_t at = 4; at < 4 + size; at += 4) units_.push_back(LittleEndian(bytes, at));
  for (std::size_t c = 0; c < ascii_has_rule_.size(); ++c) {
    const char text = static_cast<char>(c);
    ascii_has_rule_[c] = Rule({&text, 1}).has_value();
  }
}

std::optional<std::string_view> Charsmap::Rule(std::string_view chunk) const {
  std::size_t node = Offset(units_[0]);
  for (const char c : chunk) {
    const auto byte = static_cast<unsigned char>(c);
    node ^= byte;
    // A damaged trie may point anywhere: every step is checked.
    if (byte == 0 || node >= units_.size() || Label(units_[node]) != byte) return std::nullopt;
    const std::uint32_t unit = units_[node];
    node ^= Offset(unit);
    if (node >= units_.size()) return std::nullopt;
    if (HasLeaf(unit)) {
      const std::size_t begin = Value(units_[node]);
      if (begin > replacements_.size()) return std::nullopt;
      std::size_t end = replacements_.find('\0', begin);
      if (end == std::string::npos) end = replacements_.size();
      return std::string_view(replacements_).substr(begin, end - begin);
    }
  }
  return std::nullopt;
}

void Charsmap::AppendCluster(std::string_view cluster, std::string* out) const {
  constexpr std::size_t kWholeCluster = 6;  // bytes; Hugging Face's bound
  if (cluster.size() < kWholeCluster) {
    if (const auto rule = Rule(cluster)) {
      *out += *rule;
      return;
    }
  }
  for (std::size_t at = 0; at < cluster.size();) {
    const std::size_t start = at;
    unicode::Decode(cluster, &at);
    const std::string_view part = cluster.substr(start, at - start);
    const auto rule = Rule(part);
    *out += rule ? *rule : part;
  }
}

std::string Charsmap::Normalize(std::string_view text) const {
  std::string out;
  out.reserve(text.size() + 16);
  unicode::GraphemeBreaker breaker;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const char32_t c = unicode::Decode(text, &at);
    if (breaker.BreaksBefore(c) && start > begin) {
      AppendCluster(text.substr(begin, start - begin), &out);
      begin = start;
    }
    // An ASCII character before another is a cluster of its own; without a rule it is copied.
    const bool alone = at >= text.size() || static_cast<unsigned char>(text[at]) < 0x80;
    if (begin == start && alone && c >= 0x20 && c < 0x80 && !ascii_has_rule_[c]) {
      out += text[begin];
      begin = at;
    }
  }
  if (begin < text.size()) AppendCluster(text.substr(begin), &out);
  return out;
}

}  // namespace arcsat
