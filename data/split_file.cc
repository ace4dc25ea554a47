// split.json: the file form of a Split.
#include <fmt/format.h>

#include "data/error.h"
#include "data/files.h"
#include "data/json.h"
#include "data/split.h"

namespace arcsat {
namespace {

constexpr std::uintmax_t kLargestSplit = std::uintmax_t{2} << 30;

Json& Need(Json* object, const char* key, const JsonSource& source) {
  if (!object->is_object()) RefuseField(source, {""}, *object, "an object");
  const auto found = object->find(key);
  if (found == object->end()) RefuseMissing(source, {key}, "it in every split file");
  return *found;
}

SplitOptions ReadSplitOptions(Json* json, const JsonSource& source) {
  const auto number = [&](const char* key) {
    return TakeNumber(Need(json, key, source), source, {key});
  };
  SplitOptions options;
  options.by = TakeString(&Need(json, "by", source), source, {"by"});
  options.train = number("train");
  options.calibration = number("calibration");
  options.validation = number("validation");
  options.test = number("test");
  const Json& seed = Need(json, "seed", source);
  if (!seed.is_number_integer() || (!seed.is_number_unsigned() && seed < 0)) {
    RefuseField(source, {"options.seed"}, seed, "an integer, 0 or more");
  }
  options.seed = seed.get<std::uint64_t>();
  options.near_duplicate = number("near_duplicate");
  options.previous = TakeString(&Need(json, "previous", source), source, {"previous"});
  return options;
}

Side ReadSide(const Json& value, const JsonSource& source, const std::string& id) {
  for (const Side side : kSides) {
    if (value == Name(side)) return side;
  }
  RefuseField(source, {"assignments." + id}, value, "train, calibration, validation or test");
}

std::int64_t ReadCount(const Json& value, const JsonSource& source, const char* key) {
  if (!value.is_number_integer() || value < 0) RefuseField(source, {key}, value, "a count");
  return value.get<std::int64_t>();
}

void ReadGroups(Json* groups, const JsonSource& source, Split* split) {
  const JsonField name{"near_duplicates.list"};
  if (!groups->is_array()) RefuseField(source, name, *groups, "a list of lists of ids");
  for (Json& group : *groups) {
    if (!group.is_array()) RefuseField(source, name, group, "a list of ids");
    std::vector<std::string>& ids = split->near_duplicates.emplace_back();
    for (Json& id : group) ids.push_back(TakeString(&id, source, name));
  }
}

}  // namespace

std::string ToJson(const Split& split) {
  const SplitOptions& o = split.options;
  Json out = {{"format", "arcsat-split"}, {"version", 1}};
  AppendField(&out, "options",
              Json{{"by", o.by},
                   {"train", NumberToJson(o.train)},
                   {"calibration", NumberToJson(o.calibration)},
                   {"validation", NumberToJson(o.validation)},
                   {"test", NumberToJson(o.test)},
                   {"seed", o.seed},
                   {"near_duplicate", NumberToJson(o.near_duplicate)},
                   {"previous", o.previous}});
  Json counts = Json::object();
  const auto sizes = split.Counts();
  for (std::size_t s = 0; s < kSides.size(); ++s) AppendField(&counts, Name(kSides[s]), sizes[s]);
  AppendField(&out, "counts", std::move(counts));
  AppendField(&out, "without_key", split.without_key);
  AppendField(&out, "kept", split.kept);
  AppendField(&out, "conflicts", split.conflicts);
  std::size_t members = 0;
  Json groups = Json::array();
  for (const auto& group : split.near_duplicates) {
    members += group.size();
    groups.push_back(Json(group));
  }
  Json duplicates = {{"groups", groups.size()}, {"conversations", members}};
  AppendField(&duplicates, "list", std::move(groups));
  AppendField(&out, "near_duplicates", std::move(duplicates));
  AppendField(&out, "fingerprint", split.fingerprint);
  Json assignments = Json::object();
  for (const auto& [id, side] : split.assignments) AppendField(&assignments, id, Name(side));
  AppendField(&out, "assignments", std::move(assignments));
  return DumpJson(out, "split", 1) + "\n";
}

void WriteSplit(const Split& split, const std::filesystem::path& path) {
  WriteFile(path, ToJson(split));
}

Split ReadSplit(const std::filesystem::path& path) {
  const JsonSource source{path.string(), "write the split anew with arcsat split"};
  Json json = ParseJson(ReadFile(path, kLargestSplit), source);
  const Json& format = Need(&json, "format", source);
  if (format != "arcsat-split") RefuseField(source, {"format"}, format, "\"arcsat-split\"");
  const Json& version = Need(&json, "version", source);
  if (version != 1) RefuseField(source, {"version"}, version, "1, which this program reads");
  Split split;
  split.options = ReadSplitOptions(&Need(&json, "options", source), source);
  split.without_key = ReadCount(Need(&json, "without_key", source), source, "without_key");
  split.kept = ReadCount(Need(&json, "kept", source), source, "kept");
  split.conflicts = ReadCount(Need(&json, "conflicts", source), source, "conflicts");
  ReadGroups(&Need(&Need(&json, "near_duplicates", source), "list", source), source, &split);
  split.fingerprint = TakeString(&Need(&json, "fingerprint", source), source, {"fingerprint"});
  const Json& assignments = Need(&json, "assignments", source);
  if (!assignments.is_object()) RefuseField(source, {"assignments"}, assignments, "an object");
  for (const auto& [id, side] : assignments.items()) {
    split.assignments.emplace_back(id, ReadSide(side, source, id));
  }
  if (split.fingerprint != Fingerprint(split.assignments)) {
    RefuseField(source, {"fingerprint"}, split.fingerprint, "the SHA-256 of the ids in the file");
  }
  return split;
}

}  // namespace arcsat
