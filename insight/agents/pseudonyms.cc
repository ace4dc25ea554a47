#include "insight/agents/pseudonyms.h"

#include <fmt/format.h>

#include <filesystem>
#include <random>
#include <set>

#include "data/error.h"
#include "data/files.h"
#include "data/json.h"
#include "data/random.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

Json ReadKey(const std::string& path, std::set<std::string>* taken) {
  if (!fs::exists(path)) return Json::object();
  const JsonSource source{path, "name the file that an earlier call wrote, or a new one"};
  Json key = ParseJson(ReadFile(path), source);
  if (!key.is_object()) RefuseField(source, {""}, key, "an object from agents to pseudonyms");
  for (const auto& [id, pseudonym] : key.items()) {
    if (!pseudonym.is_string()) RefuseField(source, {id}, pseudonym, "a pseudonym, a string");
    if (!taken->insert(pseudonym.get<std::string>()).second) {
      RefuseField(source, {id}, pseudonym, "every pseudonym once");
    }
  }
  return key;
}

}  // namespace

std::vector<std::string> Pseudonyms(const std::string& path, const std::vector<std::string>& ids) {
  std::set<std::string> taken;
  Json key = ReadKey(path, &taken);
  std::vector<std::string> fresh;
  for (const std::string& id : ids) {
    if (!key.contains(id)) fresh.push_back(id);
  }
  // Unlike anything else here this must not be repeatable: who knows the agents could do it too.
  std::random_device device;
  Random random((std::uint64_t{device()} << 32) | device());
  random.Shuffle(&fresh);
  std::size_t number = taken.size();
  for (const std::string& id : fresh) {
    std::string name;
    do {
      name = fmt::format("agent {:04}", ++number);
    } while (!taken.insert(name).second);
    AppendField(&key, id, name);
  }
  if (!fresh.empty()) {
    // Its permissions are set before it has content.
    if (!fs::exists(path)) WriteFile(path, "{}\n");
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
    WriteFile(path, DumpJson(key, path, 1) + "\n");
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  }
  std::vector<std::string> names;
  for (const std::string& id : ids) names.push_back(key.at(id).get<std::string>());
  return names;
}

}  // namespace arcsat
