#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/encoded.h"

namespace arcsat {

/// How many conversations of a training set have a label, by what it is.
struct LabelCounts {
  std::int64_t satisfied = 0, dissatisfied = 0;
  std::int64_t rated = 0;    ///< with a turn that somebody rated
  std::int64_t guessed = 0;  ///< with what models said of them
};

/// The conversations that a run learns from, by number. Training takes them in an order of its own,
/// so they need not lie in memory (data/shards/sharded.h). Not thread-safe.
class TrainingSet {
 public:
  virtual ~TrainingSet() = default;

  virtual std::int64_t size() const = 0;
  /// Conversation `i`, 0..size()-1.
  virtual std::shared_ptr<const EncodedConversation> Get(std::int64_t i) const = 0;
  /// Tokens of the last `turns` turns of conversation `i`.
  virtual std::int64_t Tokens(std::int64_t i, int turns) const = 0;
  /// 1 where its customer was satisfied, 0 where not, -1 where nobody answered.
  virtual int Answer(std::int64_t i) const = 0;
  virtual LabelCounts labels() const = 0;
  /// Multiplies the weight of those who answered, from here on.
  virtual void Weigh(double dissatisfied, double satisfied) = 0;
  /// SHA-256 over what training reads of them, in order: what a run must find again when it is
  /// resumed.
  virtual std::string Fingerprint() const = 0;
  /// Tells the sets of two processes apart as the fingerprint does, and reads no conversation that
  /// lies in a file.
  virtual std::string Identity() const { return Fingerprint(); }
};

/// The fingerprint of conversations, wherever they lie; reads each of them. `on_part` is called now
/// and then while it does.
std::string FingerprintOf(const TrainingSet& set, const std::function<void()>& on_part = {});

/// Tokens of its last `turns` turns.
std::int64_t TokensOfLast(const EncodedConversation& conversation, int turns);

LabelCounts CountLabels(const std::vector<EncodedConversation>& conversations);
LabelCounts operator+(const LabelCounts& a, const LabelCounts& b);

/// Those that lie in memory.
class InMemoryConversations : public TrainingSet {
 public:
  explicit InMemoryConversations(std::vector<EncodedConversation> all) : all_(std::move(all)) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(all_.size()); }
  /// Good while this is.
  std::shared_ptr<const EncodedConversation> Get(std::int64_t i) const override;
  std::int64_t Tokens(std::int64_t i, int turns) const override;
  int Answer(std::int64_t i) const override;
  LabelCounts labels() const override { return CountLabels(all_); }
  void Weigh(double dissatisfied, double satisfied) override;
  std::string Fingerprint() const override { return FingerprintOf(*this); }

 private:
  const EncodedConversation& At(std::int64_t i) const { return all_[static_cast<std::size_t>(i)]; }
  std::vector<EncodedConversation> all_;
};

/// Several sets, one after another.
class JoinedSets : public TrainingSet {
 public:
  void Add(std::unique_ptr<TrainingSet> set);

  std::int64_t size() const override { return size_; }
  std::shared_ptr<const EncodedConversation> Get(std::int64_t i) const override;
  std::int64_t Tokens(std::int64_t i, int turns) const override;
  int Answer(std::int64_t i) const override;
  LabelCounts labels() const override;
  void Weigh(double dissatisfied, double satisfied) override;
  std::string Fingerprint() const override { return Joined(&TrainingSet::Fingerprint); }
  std::string Identity() const override { return Joined(&TrainingSet::Identity); }

 private:
  /// SHA-256 over one text of each set; of a single set its own.
  std::string Joined(std::string (TrainingSet::*text)() const) const;
  /// The set that conversation `*i` is of; `*i` becomes its number there.
  const TrainingSet& SetOf(std::int64_t* i) const;
  std::vector<std::unique_ptr<TrainingSet>> sets_;
  std::int64_t size_ = 0;
};

/// The conversations of a run's files, of which some or all were tokenised into shards: what they
/// would be if they lay in memory, down to the fingerprint.
class StoredFiles : public JoinedSets {
 public:
  void Weigh(double dissatisfied, double satisfied) override;
  std::string Fingerprint() const override;
  /// Computes the fingerprint beforehand, as it takes its time where there are many.
  void TakeFingerprint(const std::function<void()>& on_part);

 private:
  std::string fingerprint_;  ///< empty: not taken since they were weighed
};

}  // namespace arcsat
