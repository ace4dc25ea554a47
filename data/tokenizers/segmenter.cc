#include "data/tokenizers/segmenter.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <tuple>
#include <unordered_map>

#include "data/error.h"
#include "data/tokenizers/byte_trie.h"
#include "data/tokenizers/unicode.h"

namespace arcsat {
namespace {

bool Findable(const SentencePiece& piece) {
  return piece.type != SentencePiece::kControl && piece.type != SentencePiece::kUnknown;
}

/// The trie of all pieces that text can become.
ByteTrie PieceTrie(const SentencePieceModel& model, const std::string& place) {
  ByteTrie trie;
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    const SentencePiece& piece = model.pieces[i];
    if (Findable(piece) && !trie.Insert(piece.text, static_cast<std::int32_t>(i))) {
      throw Error({place, "found more text in the pieces than a vocabulary has",
                   "expected at most 16 million bytes without common beginnings",
                   "copy the model file anew from where it came from"});
    }
  }
  return trie;
}

class UnigramSegmenter : public Segmenter {
 public:
  UnigramSegmenter(const SentencePieceModel& model, const std::string& place)
      : trie_(PieceTrie(model, place)), unknown_(model.unknown) {
    double lowest = std::numeric_limits<double>::infinity();
    scores_.reserve(model.pieces.size());
    for (const SentencePiece& piece : model.pieces) {
      scores_.push_back(static_cast<double>(piece.score) - piece.penalty);
      lowest = std::min(lowest, scores_.back());
    }
    constexpr double kUnknownPenalty = 10.0;
    unknown_score_ = lowest - kUnknownPenalty;
  }

  void Segment(std::string_view word, std::vector<std::int32_t>* pieces) const override {
    std::vector<Node> best(word.size() + 1);
    for (std::size_t start = 0; start < word.size();) {
      std::size_t next = start;
      unicode::Decode(word, &next);
      const double here = best[start].score;
      const auto offer = [&](std::size_t end, std::int32_t piece, double score) {
        Node& node = best[end];
        if (node.piece < 0 || here + score > node.score) {
          node = {here + score, piece, static_cast<std::uint32_t>(start)};
        }
      };
      bool single = false;
      std::uint32_t node = ByteTrie::kRoot;
      for (std::size_t at = start; at < word.size();) {
        node = trie_.Child(node, word[at++]);
        if (node == ByteTrie::kNone) break;
        const std::int32_t piece = trie_.Value(node);
        if (piece < 0) continue;
        offer(at, piece, scores_[static_cast<std::size_t>(piece)]);
        single = single || at == next;
      }
      if (!single) offer(next, unknown_, unknown_score_);
      start = next;
    }
    const std::size_t before = pieces->size();
    for (std::size_t end = word.size(); end > 0; end = best[end].start) {
      const std::int32_t piece = best[end].piece;
      if (piece == unknown_ && pieces->size() > before && pieces->back() == unknown_) continue;
      pieces->push_back(piece);
    }
    std::reverse(pieces->begin() + static_cast<std::ptrdiff_t>(before), pieces->end());
  }

 private:
  struct Node {
    double score = 0;
    std::int32_t piece = -1;
    std::uint32_t start = 0;
  };
  ByteTrie trie_;
  std::int32_t unknown_;
  std::vector<double> scores_;
  double unknown_score_ = 0;
};

/// A way to put a piece together from two others.
struct Split {
  float score;  // of the whole
  std::size_t left_characters, right_characters;
  std::int32_t left, right, whole;
};

class BpeSegmenter : public Segmenter {
 public:
  BpeSegmenter(const SentencePieceModel& model, const std::string& place)
      : trie_(PieceTrie(model, place)), unknown_(model.unknown) {
    std::vector<Split> splits;
    for (std::size_t i = 0; i < model.pieces.size(); ++i) {
      const SentencePiece& piece = model.pieces[i];
      if (!Findable(piece)) continue;
      const std::string_view text = piece.text;
      const std::size_t characters = unicode::ToCodePoints(text).size();
      std::size_t left_characters = 0;
      for (std::size_t cut = 0; unicode::Decode(text, &cut), cut < text.size();) {
        ++left_characters;
        const std::int32_t left = trie_.Find(text.substr(0, cut));
        if (left < 0) continue;
        const std::int32_t right = trie_.Find(text.substr(cut));
        if (right < 0) continue;
        splits.push_back({piece.score, left_characters, characters - left_characters, left, right,
                          static_cast<std::int32_t>(i)});
      }
    }
    std::stable_sort(splits.begin(), splits.end(), [](const Split& a, const Split& b) {
      return std::tie(a.score, a.left_characters, a.right_characters) >
             std::tie(b.score, b.left_characters, b.right_characters);
    });
    merges_.reserve(splits.size());
    for (std::size_t rank = 0; rank < splits.size(); ++rank) {
      const Split& merge = splits[rank];
      merges_[Pair(merge.left, merge.right)] = {static_cast<std::uint32_t>(rank), merge.whole};
    }
  }

  void Segment(std::string_view word, std::vector<std::int32_t>* pieces) const override {
    std::vector<Symbol> symbols = Characters(word);
    std::priority_queue<Candidate> queue;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) Offer(symbols, i, &queue);
    while (!queue.empty()) {
      const Candidate top = queue.top();
      queue.pop();
      Symbol& left = symbols[top.at];
      if (left.piece < 0 || left.next == kEnd) continue;
      Symbol& right = symbols[left.next];
      const Merge* merge = Find(left.piece, right.piece);
      if (merge == nullptr || merge->piece != top.piece) continue;  // overtaken by another merge
      left.piece = top.piece;
      left.next = right.next;
      right.piece = -1;
      if (left.next != kEnd) symbols[left.next].previous = top.at;
      if (left.previous != kEnd) Offer(symbols, left.previous, &queue);
      Offer(symbols, top.at, &queue);
    }
    for (const Symbol& symbol : symbols) {
      if (symbol.piece >= 0) pieces->push_back(symbol.piece);
    }
  }

 private:
  static constexpr std::size_t kEnd = std::numeric_limits<std::size_t>::max();
  struct Symbol {
    std::int32_t piece;  // -1: merged into its left neighbour
    std::size_t previous, next;
  };
  struct Merge {
    std::uint32_t rank = 0;
    std::int32_t piece = 0;
  };
  struct Candidate {
    std::uint32_t rank;
    std::size_t at;
    std::int32_t piece;
    bool operator<(const Candidate& other) const {  // the queue's top is the largest
      return std::tie(rank, at) > std::tie(other.rank, other.at);
    }
  };

  static std::uint64_t Pair(std::int32_t left, std::int32_t right) {
    return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
  }
  const Merge* Find(std::int32_t left, std::int32_t right) const {
    const auto at = merges_.find(Pair(left, right));
    return at == merges_.end() ? nullptr : &at->second;
  }
  void Offer(const std::vector<Symbol>& symbols, std::size_t at,
             std::priority_queue<Candidate>* queue) const {
    if (symbols[at].next == kEnd) return;
    const Merge* merge = Find(symbols[at].piece, symbols[symbols[at].next].piece);
    if (merge != nullptr) queue->push({merge->rank, at, merge->piece});
  }
  std::vector<Symbol> Characters(std::string_view word) const {
    std::vector<Symbol> symbols;
    for (std::size_t at = 0; at < word.size();) {
      const std::size_t start = at;
      unicode::Decode(word, &at);
      const std::int32_t found = trie_.Find(word.substr(start, at - start));
      if (found < 0 && !symbols.empty() && symbols.back().piece == unknown_) continue;
      const std::size_t i = symbols.size();
      symbols.push_back({found < 0 ? unknown_ : found, i == 0 ? kEnd : i - 1, i + 1});
    }
    if (!symbols.empty()) symbols.back().next = kEnd;
    return symbols;
  }

  ByteTrie trie_;
  std::int32_t unknown_;
  std::unordered_map<std::uint64_t, Merge> merges_;
};

}  // namespace

std::unique_ptr<Segmenter> MakeSegmenter(const SentencePieceModel& model,
                                         const std::string& place) {
  if (model.algorithm == SentencePieceModel::kBpe) {
    return std::make_unique<BpeSegmenter>(model, place);
  }
  return std::make_unique<UnigramSegmenter>(model, place);
}

}  // namespace arcsat
