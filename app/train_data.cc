#include "app/train_data.h"

#include <fmt/format.h>

#include <utility>

#include "data/error.h"
#include "data/random.h"
#include "data/shards/sharded.h"

namespace arcsat {
namespace {

/// Reads the sources of a run for its model.
class DataReader {
 public:
  DataReader(const TrainingSources& sources, const TrainOptions& options, const LoadedModel& loaded,
             const Sharing& sharing)
      : sources_(sources), options_(options), loaded_(loaded), sharing_(sharing) {
    const auto sort = [&](const std::vector<std::string>& texts, Sorted* into) {
      for (const std::string& text : texts) {
        DataSource source = ParseDataSource(text, sources.survey);
        if (BeganShards(source.path)) {
          throw Error({source.path, "holds shards that are not finished",
                       "expected shards.json, which is written last",
                       "go on with them: the same arcsat shard with --resume"});
        }
        const bool shards = HoldsShards(source.path);
        (shards ? into->shards : into->files).push_back(std::move(source));
      }
    };
    sort(sources.data, &data_);
    sort(sources.validation, &validation_);
    CheckShards();
  }

  TrainingData Read() const {
    TrainingData data;
    auto joined = std::make_unique<JoinedSets>();
    LabelCounts held_out;
    StoredFiles* shared = nullptr;
    if (Shares()) {
      auto files = StoreFiles(&data.counts);
      shared = files.get();
      joined->Add(std::move(files));
    } else if (!data_.files.empty()) {
      auto all = ReadFiles(data_, &data.counts, /*texts=*/options_.roughen > 0);
      if (validation_.empty()) data.validation = HoldOut(&all);
      held_out = CountLabels(data.validation);
      joined->Add(std::make_unique<InMemoryConversations>(std::move(all)));
    }
    for (const DataSource& source : data_.shards) joined->Add(OpenShards(source));
    const LabelCounts labels = joined->labels();
    if (!mlm()) CheckLabels(labels + held_out);
    if (options_.class_weights) Balance(labels, joined.get());
    if (shared != nullptr) TakeFingerprint(shared, sharing_);
    if (!validation_.empty()) data.validation = ReadValidation();
    data.train = std::move(joined);
    return data;
  }

 private:
  struct Sorted {
    std::vector<DataSource> files, shards;
    bool empty() const { return files.empty() && shards.empty(); }
  };

  bool mlm() const { return options_.task == "mlm"; }
  /// Whether one process tokenises files for all.
  bool Shares() const {
    return sharing_.processes != nullptr && !data_.files.empty() && !validation_.empty() &&
           options_.roughen == 0;
  }

  /// UsageError where shards are to be used in a way that needs what they do not hold.
  void CheckShards() const {
    for (const DataSource& source : data_.shards) RefuseScores(source);
    for (const DataSource& source : validation_.shards) RefuseScores(source);
    if (data_.shards.empty()) return;
    const std::string& path = data_.shards.front().path;
    if (validation_.empty()) {
      throw UsageError({"command line", "--validation is missing beside the shards of " + path,
                        "expected conversations to choose the best model by",
                        "make sides with arcsat split, and shards of the training side"});
    }
    if (options_.roughen > 0) {
      throw UsageError({"train.roughen", "is set, and " + path + " holds shards",
                        "expected files of conversations: shards have ids of tokens, no texts",
                        "roughen before: arcsat import --roughen, then arcsat shard"});
    }
  }

  static void RefuseScores(const DataSource& source) {
    if (source.scores.empty()) return;
    throw UsageError({"command line: data", "found scores= beside the shards of " + source.path,
                      "expected it beside a file of conversations", "give the file instead"});
  }

  std::vector<EncodedConversation> ReadFiles(const Sorted& from, DatasetCounts* counts,
                                             bool texts) const {
    auto all = ReadDataset(from.files, loaded_, sources_.read, counts, texts);
    return mlm() ? all : Labelled(std::move(all));
  }

  /// The files, those tokenised that can be.
  std::unique_ptr<StoredFiles> StoreFiles(DatasetCounts* counts) const {
    auto stored = std::make_unique<StoredFiles>();
    const SharedFiles shared = TokeniseOnce(data_.files, sources_.read, loaded_, sharing_);
    for (std::size_t i = 0; i < data_.files.size(); ++i) {
      DataSource source = data_.files[i];
      const SharedFile& file = shared.files[i];
      if (!file.tokenised) {
        stored->Add(std::make_unique<InMemoryConversations>(
            ReadFiles(Sorted{{source}, {}}, counts, /*texts=*/false)));
      } else if (!file.shards.empty()) {
        source.path = file.shards.string();
        stored->Add(OpenShards(source));
      }
    }
    counts->report.skipped += shared.skipped;
    return stored;
  }

  std::unique_ptr<ShardedConversations> OpenShards(const DataSource& source) const {
    return std::make_unique<ShardedConversations>(
        source.path, KindFor(loaded_, source.survey),
        mlm() ? ShardedConversations::Which::kAll : ShardedConversations::Which::kLabelled,
        source.weight);
  }

  std::vector<EncodedConversation> ReadValidation() const {
    DatasetCounts counts;
    std::vector<EncodedConversation> all;
    if (!validation_.files.empty()) all = ReadFiles(validation_, &counts, /*texts=*/false);
    for (const DataSource& source : validation_.shards) {
      const auto shards = OpenShards(source);
      for (std::int64_t i = 0; i < shards->size(); ++i) all.push_back(*shards->Get(i));
    }
    return all;
  }

  /// Moves a share of the conversations out by a hash of their id.
  std::vector<EncodedConversation> HoldOut(std::vector<EncodedConversation>* all) const {
    std::vector<EncodedConversation> out, rest;
    for (auto& conversation : *all) {
      const std::uint64_t hash = MixText(options_.seed, conversation.id);
      const bool held = Random(hash).Uniform() < options_.validation_share;
      (held ? out : rest).push_back(std::move(conversation));
    }
    for (EncodedConversation& conversation : out) conversation.texts.reset();
    *all = std::move(rest);
    return out;
  }

  void CheckLabels(const LabelCounts& labels) const {
    const std::string place = sources_.data.front();
    const bool yes = labels.satisfied > 0, no = labels.dissatisfied > 0;
    if (!yes && !no && labels.rated == 0 && labels.guessed == 0) {
      throw Error({place, "no conversation has a survey answer or a rated turn",
                   "expected labels to learn from",
                   fmt::format("check --survey.target ({}), or arcsat inspect {}",
                               sources_.survey.target, place)});
    }
    if (yes != no && labels.guessed == 0) {
      throw Error({place, fmt::format("every answer is {}", yes ? "satisfied" : "dissatisfied"),
                   "expected both satisfied and dissatisfied customers",
                   "check --survey.satisfied_from and the survey's scale"});
    }
  }

  /// Both classes in all weigh what half of the answers would.
  static void Balance(const LabelCounts& labels, TrainingSet* set) {
    const auto yes = static_cast<double>(labels.satisfied);
    const auto no = static_cast<double>(labels.dissatisfied);
    const auto weight = [&](double count) { return count > 0 ? (yes + no) / 2 / count : 1; };
    set->Weigh(weight(no), weight(yes));
  }

  const TrainingSources& sources_;
  const TrainOptions& options_;
  const LoadedModel& loaded_;
  const Sharing& sharing_;
  Sorted data_, validation_;
};

}  // namespace

TrainingData ReadTrainingData(const TrainingSources& sources, const TrainOptions& options,
                              const LoadedModel& loaded, const Sharing& sharing) {
  return DataReader(sources, options, loaded, sharing).Read();
}

}  // namespace arcsat
