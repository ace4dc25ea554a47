#include "model/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/files.h"

namespace arcsat {
namespace {

constexpr std::uint64_t kMaxHeader = 100U << 20;  // as the reference reader
constexpr std::size_t kMaxRank = 16;
constexpr std::uint64_t kMaxNumbers = std::uint64_t{1} << 48;  // times 8 bytes stays in 64 bits

struct DType {
  const char* name;
  torch::ScalarType type;
  std::uint64_t bytes;
};

constexpr DType kTypes[] = {{"F64", torch::kFloat64, 8}, {"F32", torch::kFloat32, 4},
                            {"F16", torch::kFloat16, 2}, {"BF16", torch::kBFloat16, 2},
                            {"I64", torch::kInt64, 8},   {"I32", torch::kInt32, 4},
                            {"I16", torch::kInt16, 2},   {"I8", torch::kInt8, 1},
                            {"U8", torch::kUInt8, 1},    {"BOOL", torch::kBool, 1}};

[[noreturn]] void Fail(const std::filesystem::path& path, const std::string& found,
                       const std::string& expected) {
  throw Error(
      {path.string(), found, expected,
       "copy or download the file again; it is truncated, changed or not a .safetensors file"});
}

struct Entry {
  std::string name;
  const DType* type = nullptr;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;
};

/// One header entry, its size checked against its shape.
Entry ParseEntry(const std::filesystem::path& path, const std::string& name,
                 const nlohmann::json& value, std::uint64_t data_bytes) {
  Entry entry;
  entry.name = name;
  const auto bad = [&](const std::string& what) {
    Fail(path, fmt::format("tensor \"{}\": {}", name, what), "a valid header");
  };
  if (!value.is_object() || !value.contains("dtype") || !value["dtype"].is_string() ||
      !value.contains("shape") || !value["shape"].is_array() || !value.contains("data_offsets") ||
      !value["data_offsets"].is_array() || value["data_offsets"].size() != 2) {
    bad("dtype, shape or data_offsets is missing or of the wrong type");
  }
  const std::string dtype = value["dtype"];
  for (const DType& type : kTypes) {
    if (dtype == type.name) entry.type = &type;
  }
  if (entry.type == nullptr) bad("unknown dtype " + dtype);
  std::uint64_t numbers = 1;
  bool empty = false;
  if (value["shape"].size() > kMaxRank) bad("more than 16 dimensions");
  for (const auto& size : value["shape"]) {
    if (!size.is_number_unsigned()) bad("a dimension is not a whole number");
    const auto extent = size.get<std::uint64_t>();
    // Zeros are left out here: an empty tensor, too, must have a shape whose product can be
    // counted.
    if (extent > kMaxNumbers || (extent != 0 && numbers > kMaxNumbers / extent)) {
      bad("larger than any file");
    }
    if (extent != 0) numbers *= extent;
    empty = empty || extent == 0;
    entry.shape.push_back(static_cast<std::int64_t>(extent));
  }
  for (const auto& offset : value["data_offsets"]) {
    if (!offset.is_number_unsigned()) bad("an offset is not a whole number");
  }
  entry.begin = value["data_offsets"][0].get<std::uint64_t>();
  entry.end = value["data_offsets"][1].get<std::uint64_t>();
  if (entry.begin > entry.end || entry.end > data_bytes) {
    bad(fmt::format("bytes {}..{} of {}", entry.begin, entry.end, data_bytes));
  }
  const std::uint64_t bytes = empty ? 0 : numbers * entry.type->bytes;
  if (entry.end - entry.begin != bytes) {
    bad(fmt::format("{} bytes for a shape that takes {}", entry.end - entry.begin, bytes));
  }
  return entry;
}

/// The JSON header as entries in order of offset, covering the data without gap or overlap.
std::vector<Entry> ParseHeader(const std::filesystem::path& path, const std::string& text,
                               std::uint64_t data_bytes,
                               std::map<std::string, std::string>* metadata) {
  const nlohmann::json header = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!header.is_object()) Fail(path, "the header is not a JSON object", "a JSON object");
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__") {
      if (!value.is_object()) Fail(path, "__metadata__ is not an object", "strings by name");
      for (const auto& [key, text_value] : value.items()) {
        if (!text_value.is_string())
          Fail(path, "__metadata__ holds a non-string", "strings by name");
        (*metadata)[key] = text_value;
      }
      continue;
    }
    entries.push_back(ParseEntry(path, name, value, data_bytes));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t at = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != at) {
      Fail(path, fmt::format("tensor \"{}\" begins at byte {}", entry.name, entry.begin),
           fmt::format("byte {}, where the one before it ends", at));
    }
    at = entry.end;
  }
  if (at != data_bytes) {
    Fail(path, fmt::format("{} bytes of data", data_bytes), fmt::format("{}, by the header", at));
  }
  return entries;
}

}  // namespace

TensorFile ReadSafetensors(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    throw Error({path.string(), "cannot be opened", "a .safetensors file",
                 "check the path and its permissions"});
  }
  std::error_code code;
  const std::uint64_t size = std::filesystem::file_size(path, code);
  if (code || size < 8) Fail(path, fmt::format("{} bytes", code ? 0 : size), "at least 8");
  std::uint64_t header_size = 0;
  in.read(reinterpret_cast<char*>(&header_size), 8);
  if (header_size > kMaxHeader || header_size > size - 8) {
    Fail(path, fmt::format("a header of {} bytes in a file of {}", header_size, size),
         "a header inside the file, at most 100 MiB");
  }
  std::string header(header_size, '\0');
  in.read(header.data(), static_cast<std::streamsize>(header_size));
  TensorFile file;
  for (const Entry& entry : ParseHeader(path, header, size - 8 - header_size, &file.metadata)) {
    torch::Tensor tensor = torch::empty(entry.shape, entry.type->type);
    in.read(static_cast<char*>(tensor.data_ptr()),
            static_cast<std::streamsize>(entry.end - entry.begin));
    if (!in) Fail(path, "the file ended early", "all of its tensors");
    file.tensors[entry.name] = tensor;
  }
  return file;
}

void WriteSafetensors(const std::filesystem::path& path, const TensorFile& file) {
  nlohmann::ordered_json header;
  if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
  // Widest types first keeps every tensor aligned to its element size, as the reference writer
  // does.
  std::vector<std::pair<std::string, torch::Tensor>> ordered;
  for (const auto& [name, tensor] : file.tensors) {
    ordered.emplace_back(name, tensor.detach().to(torch::kCPU).contiguous());
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return a.second.element_size() > b.second.element_size();
  });
  std::uint64_t at = 0;
  for (const auto& [name, tensor] : ordered) {
    const auto type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                   [&](const DType& t) { return t.type == tensor.scalar_type(); });
    if (type == std::end(kTypes)) {
      throw Error({path.string(), "tensor \"" + name + "\" has a type the format lacks", "", ""});
    }
    header[name] = {{"dtype", type->name},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {at, at + tensor.nbytes()}}};
    at += tensor.nbytes();
  }
  std::string text = header.empty() ? "{}" : header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  AtomicFile out(path);
  const std::uint64_t length = text.size();
  out.Write(std::string_view(reinterpret_cast<const char*>(&length), 8));
  out.Write(text);
  for (const auto& [name, tensor] : ordered) {
    out.Write(std::string_view(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes()));
  }
  out.Commit();
}

}  // namespace arcsat
