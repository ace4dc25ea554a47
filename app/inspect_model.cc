#include <c10/core/ScalarType.h>
#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "app/inspect.h"
#include "app/table.h"
#include "configs/text.h"
#include "data/error.h"
#include "data/files.h"
#include "data/json.h"
#include "model/safetensors.h"
#include "train/checkpoint.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

Json ReadJson(const fs::path& path) {
  return ParseJson(ReadFile(path), {path.string(), "take the file from where it was made again"});
}

}  // namespace

Inspection InspectTensors(const fs::path& file) {
  const TensorFile read = ReadSafetensors(file);
  std::vector<std::vector<std::string>> rows = {{"tensor", "type", "shape", "numbers"}};
  Json tensors = Json::array();
  std::int64_t numbers = 0, bytes = 0;
  for (const auto& [name, tensor] : read.tensors) {
    std::string shape;
    for (const std::int64_t size : tensor.sizes()) {
      shape += (shape.empty() ? "" : " x ") + fmt::format("{}", size);
    }
    const std::string type = c10::toString(tensor.scalar_type());
    rows.push_back({name, type, shape.empty() ? "one" : shape, Thousands(tensor.numel())});
    tensors.push_back({{"name", name}, {"type", type}, {"shape", tensor.sizes().vec()}});
    numbers += tensor.numel();
    bytes += tensor.numel() * static_cast<std::int64_t>(tensor.element_size());
  }
  std::string text =
      fmt::format("{}: {} tensors, {} numbers, {:.1f} MB\n", file.string(), read.tensors.size(),
                  Thousands(numbers), static_cast<double>(bytes) / 1e6);
  for (const auto& [name, value] : read.metadata) {
    text += fmt::format("  {:<32}{}\n", name, Shorten(value, 70));
  }
  return {text + "\n" + Table(rows),
          {{"kind", "tensors"},
           {"path", file.string()},
           {"parameters", numbers},
           {"bytes", bytes},
           {"metadata", read.metadata},
           {"tensors", tensors}}};
}

Inspection InspectModel(const fs::path& folder) {
  // A checkpoint has state.json where a model has config.json and calibration.json.
  const bool checkpoint = fs::exists(folder / "state.json");
  if (checkpoint) CheckWhole(folder);
  std::string text = folder.string() + (checkpoint ? ": a checkpoint, whole\n" : ": a model\n");
  Json json = {{"kind", checkpoint ? "checkpoint" : "model"}, {"path", folder.string()}};
  for (const char* part : {"config", "state", "calibration"}) {
    const fs::path path = folder / fmt::format("{}.json", part);
    if (!fs::exists(path)) continue;
    const Json read = ReadJson(path);
    text += fmt::format("\n{}.json\n", part) + FieldLines(read, "");
    json[part] = read;
  }
  if (!checkpoint && !fs::exists(folder / "calibration.json")) text += "\nNot calibrated\n";
  if (!fs::exists(folder / "model.safetensors")) return {text + "\nNo weights\n", json};
  const Inspection tensors = InspectTensors(folder / "model.safetensors");
  json["weights"] = tensors.json;
  return {text + "\n" + tensors.text, json};
}

}  // namespace arcsat
