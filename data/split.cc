#include "data/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>

#include "data/error.h"
#include "data/files.h"
#include "data/near_duplicates.h"
#include "data/timestamp.h"

namespace arcsat {
namespace {

/// First 64 bits of a SHA-256: the same on every machine, and no id can be crafted to collide.
std::uint64_t Hash(std::uint64_t seed, const char* purpose, const std::string& key) {
  const std::string digest = Sha256(fmt::format("{}:{}:{}", purpose, seed, key));
  return std::stoull(digest.substr(0, 16), nullptr, 16);
}

std::array<double, 4> Shares(const SplitOptions& options) {
  return {options.train, options.calibration, options.validation, options.test};
}

void CheckOptions(const SplitOptions& options) {
  const auto refuse = [](const char* key, const std::string& found, const char* expected) {
    throw UsageError(
        {std::string("split.") + key, "found " + found, expected, "change the option"});
  };
  const std::array<const char*, 5> ways = {"conversation", "customer", "agent", "time",
                                           "stratified"};
  if (std::find(ways.begin(), ways.end(), options.by) == ways.end()) {
    refuse("by", "\"" + options.by + "\"",
           "expected conversation, customer, agent, time or stratified");
  }
  double sum = 0;
  for (std::size_t s = 0; s < kSides.size(); ++s) {
    const double share = Shares(options)[s];
    if (!(share >= 0 && share <= 1)) {
      refuse(Name(kSides[s]), fmt::format("{}", share), "expected a share from 0 to 1");
    }
    sum += share;
  }
  if (std::abs(sum - 1) > 1e-6) {
    refuse("train", fmt::format("shares that add up to {}", sum),
           "expected train + calibration + validation + test = 1");
  }
  if (!(options.near_duplicate >= 0 && options.near_duplicate <= 1)) {
    refuse("near_duplicate", fmt::format("{}", options.near_duplicate),
           "expected a similarity from 0 to 1 (0: off)");
  }
}

/// Conversations that have to share a side, and what places them.
struct Unit {
  std::vector<std::size_t> members;  // positions in the input, ascending
  std::size_t leader = 0;            // the member that decides for all
  std::optional<Side> kept;          // what the previous split says
};

class Splitter {
 public:
  Splitter(const std::vector<Conversation>& conversations, const SplitOptions& options,
           const SurveyOptions& survey)
      : conversations_(conversations), options_(options), survey_(survey) {
    split_.options = options;
  }

  Split Run() {
    ReadKeys();
    BuildUnits();
    KeepPrevious();
    std::vector<Side> sides(conversations_.size());
    if (options_.by == "time") {
      PlaceByTime(&sides);
    } else if (options_.by == "stratified") {
      PlaceStratified(&sides);
    } else {
      for (const Unit& unit : units_) Assign(unit, SideOfHash(keys_[unit.leader]), &sides);
    }
    for (std::size_t i = 0; i < sides.size(); ++i) {
      const auto before = previous_.find(conversations_[i].id);
      const Side side = before == previous_.end() ? sides[i] : before->second;
      split_.kept += before == previous_.end() ? 0 : 1;
      split_.assignments.emplace_back(conversations_[i].id, side);
    }
    split_.fingerprint = Fingerprint(split_.assignments);
    return std::move(split_);
  }

 private:
  void ReadKeys() {
    for (const Conversation& c : conversations_) {
      std::string key;
      if (options_.by == "customer") key = c.customer_id;
      if (options_.by == "agent") key = c.agent_id;
      keyed_ = options_.by == "customer" || options_.by == "agent";
      if (keyed_ && key.empty()) ++split_.without_key;
      // The tag keeps an agent called "c-1" and the conversation "c-1" apart.
      keys_.push_back(key.empty() ? "conversation:" + c.id : options_.by + ":" + key);
      ranks_.push_back(Hash(options_.seed, "rank", c.id));
    }
    if (split_.without_key > 0 &&
        split_.without_key == static_cast<std::int64_t>(conversations_.size())) {
      throw Error({"split.by = " + options_.by, "found no conversation with " + options_.by + "_id",
                   "expected that field in the conversations",
                   "split by conversation, or import the field"});
    }
  }

  void BuildUnits() {
    DisjointSets alike(conversations_.size());
    if (options_.near_duplicate > 0) {
      JoinNearDuplicates(conversations_, options_.near_duplicate, &alike);
    }
    for (const auto& group : Groups(&alike)) {
      if (group.size() < 2) continue;
      std::vector<std::string>& ids = split_.near_duplicates.emplace_back();
      for (const std::size_t i : group) ids.push_back(conversations_[i].id);
    }
    if (keyed_) {
      std::map<std::string, std::size_t> first;
      for (std::size_t i = 0; i < keys_.size(); ++i) {
        alike.Join(first.emplace(keys_[i], i).first->second, i);
      }
    }
    for (auto& group : Groups(&alike)) {
      // The member with the smallest hash decides. It is not the hash that chooses the side: the
      // smallest of several of those would put most groups into train.
      const std::size_t leader = *std::min_element(
          group.begin(), group.end(), [this](auto a, auto b) { return Earlier(a, b); });
      units_.push_back({std::move(group), leader, std::nullopt});
    }
  }

  /// The sets as lists of positions, in the order of their first members.
  std::vector<std::vector<std::size_t>> Groups(DisjointSets* sets) const {
    std::vector<std::vector<std::size_t>> groups;
    std::unordered_map<std::size_t, std::size_t> place;
    for (std::size_t i = 0; i < conversations_.size(); ++i) {
      const auto [found, fresh] = place.emplace(sets->Find(i), groups.size());
      if (fresh) groups.emplace_back();
      groups[found->second].push_back(i);
    }
    return groups;
  }

  bool Earlier(std::size_t a, std::size_t b) const {
    return std::tie(ranks_[a], conversations_[a].id) < std::tie(ranks_[b], conversations_[b].id);
  }

  void KeepPrevious() {
    if (options_.previous.empty()) return;
    previous_ = SidesById(ReadSplit(options_.previous));
    for (Unit& unit : units_) {
      std::vector<std::size_t> known;
      for (const std::size_t i : unit.members) {
        if (previous_.contains(conversations_[i].id)) known.push_back(i);
      }
      if (known.empty()) continue;
      const std::size_t leader = *std::min_element(
          known.begin(), known.end(), [this](auto a, auto b) { return Earlier(a, b); });
      unit.kept = previous_.at(conversations_[leader].id);
      const bool torn = std::any_of(known.begin(), known.end(), [&](std::size_t i) {
        return previous_.at(conversations_[i].id) != *unit.kept;
      });
      if (torn) ++split_.conflicts;
    }
  }

  static void Assign(const Unit& unit, Side side, std::vector<Side>* sides) {
    for (const std::size_t i : unit.members) (*sides)[i] = unit.kept.value_or(side);
  }

  Side SideOfHash(const std::string& key) const {
    const double u = static_cast<double>(Hash(options_.seed, "side", key) >> 11) * 0x1.0p-53;
    return SideAt(u);
  }

  /// The side at a place of 0..1, the shares laid end to end.
  Side SideAt(double place) const {
    double end = 0;
    Side last = Side::kTrain;
    for (std::size_t s = 0; s < kSides.size(); ++s) {
      if (Shares(options_)[s] <= 0) continue;
      last = kSides[s];
      end += Shares(options_)[s];
      if (place < end - 1e-12) return last;
    }
    return last;
  }

  void PlaceByTime(std::vector<Side>* sides) const {
    std::vector<double> times;
    for (const Conversation& c : conversations_) {
      const auto time = ParseTimestamp(c.started_at);
      if (!time) {
        throw Error({"conversation " + c.id + ": started_at", "found no time",
                     "expected one in every conversation that is split by time",
                     "split by conversation, or add the times"});
      }
      times.push_back(*time);
    }
    // Near-duplicates stand where the earliest of them stands.
    std::vector<std::pair<double, const Unit*>> order;
    for (const Unit& unit : units_) {
      double earliest = times[unit.leader];
      for (const std::size_t i : unit.members) earliest = std::min(earliest, times[i]);
      order.emplace_back(earliest, &unit);
    }
    std::sort(order.begin(), order.end(), [this](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : Earlier(a.second->leader, b.second->leader);
    });
    std::size_t before = 0;
    for (const auto& [time, unit] : order) {
      Assign(*unit,
             SideAt(static_cast<double>(before) / static_cast<double>(conversations_.size())),
             sides);
      before += unit->members.size();
    }
  }

  std::string Stratum(std::size_t i) const {
    const auto answer = Satisfied(conversations_[i], survey_);
    const char* label = !answer ? "?" : *answer ? "1" : "0";
    return label + conversations_[i].problem_type;
  }

  void PlaceStratified(std::vector<Side>* sides) const {
    std::map<std::string, std::vector<const Unit*>> strata;
    for (const Unit& unit : units_) strata[Stratum(unit.leader)].push_back(&unit);
    std::array<double, 4> owed{};  // what earlier strata left each side short of, by rounding
    for (auto& [name, stratum] : strata) {
      std::sort(stratum.begin(), stratum.end(),
                [this](auto* a, auto* b) { return Earlier(a->leader, b->leader); });
      std::size_t total = 0;
      for (const Unit* unit : stratum) total += unit->members.size();
      std::array<double, 4> room = Quotas(total, &owed);
      // What the previous split has placed takes its room first.
      for (const Unit* unit : stratum) {
        if (unit->kept) room[static_cast<std::size_t>(*unit->kept)] -= Size(*unit);
      }
      for (const Unit* unit : stratum) {
        const auto most =
            static_cast<std::size_t>(std::max_element(room.begin(), room.end()) - room.begin());
        std::size_t side = 0;
        while (side < most && room[side] < Size(*unit)) ++side;
        Assign(*unit, kSides[side], sides);
        if (!unit->kept) room[side] -= Size(*unit);
      }
      for (std::size_t s = 0; s < owed.size(); ++s) owed[s] += room[s];
    }
  }

  static double Size(const Unit& unit) { return static_cast<double>(unit.members.size()); }

  /// Whole numbers that add up to `total`, each within one of its share; what is left over goes to
  /// the sides that are owed most, so that many small strata do not all favour one side.
  std::array<double, 4> Quotas(std::size_t total, std::array<double, 4>* owed) const {
    std::array<double, 4> quota{};
    std::size_t given = 0;
    for (std::size_t s = 0; s < quota.size(); ++s) {
      const double exact = Shares(options_)[s] * static_cast<double>(total);
      quota[s] = std::floor(exact + 1e-9);
      (*owed)[s] += exact - quota[s];
      given += static_cast<std::size_t>(quota[s]);
    }
    for (; given < total; ++given) {
      std::size_t most = 0;
      for (std::size_t s = 0; s < quota.size(); ++s) {
        const bool better = Shares(options_)[most] <= 0 || (*owed)[s] > (*owed)[most] + 1e-9;
        if (Shares(options_)[s] > 0 && better) most = s;
      }
      ++quota[most];
      --(*owed)[most];
    }
    return quota;
  }

  const std::vector<Conversation>& conversations_;
  const SplitOptions& options_;
  const SurveyOptions& survey_;
  Split split_;
  bool keyed_ = false;
  std::vector<std::string> keys_;
  std::vector<std::uint64_t> ranks_;
  std::vector<Unit> units_;
  std::unordered_map<std::string, Side> previous_;
};

}  // namespace

const char* Name(Side side) {
  switch (side) {
    case Side::kTrain:
      return "train";
    case Side::kCalibration:
      return "calibration";
    case Side::kValidation:
      return "validation";
    case Side::kTest:
      return "test";
  }
  return "";
}

std::array<std::int64_t, 4> Split::Counts() const {
  std::array<std::int64_t, 4> counts{};
  for (const auto& [id, side] : assignments) ++counts[static_cast<std::size_t>(side)];
  return counts;
}

std::string Fingerprint(const std::vector<std::pair<std::string, Side>>& assignments) {
  std::vector<std::string> ids;
  ids.reserve(assignments.size());
  for (const auto& [id, side] : assignments) ids.push_back(id + "\n");
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice != ids.end()) {
    throw Error({"split", "found the id " + twice->substr(0, twice->size() - 1) + " twice",
                 "expected every id once", "leave one of the two conversations out"});
  }
  return Sha256(std::accumulate(ids.begin(), ids.end(), std::string()));
}

Split MakeSplit(const std::vector<Conversation>& conversations, const SplitOptions& options,
                const SurveyOptions& survey) {
  CheckOptions(options);
  return Splitter(conversations, options, survey).Run();
}

std::unordered_map<std::string, Side> SidesById(const Split& split) {
  return {split.assignments.begin(), split.assignments.end()};
}

}  // namespace arcsat
