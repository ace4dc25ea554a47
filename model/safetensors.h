#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace arcsat {

/// Named tensors of one .safetensors file, and its string metadata.
struct TensorFile {
  std::map<std::string, torch::Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Reads a .safetensors file (github.com/huggingface/safetensors, format of 2023). Everything in
/// the header is checked against the file before a tensor is made: sizes, types, offsets that
/// neither overlap nor leave gaps. Error names the file and what is wrong. F16 and BF16 come as
/// stored.
TensorFile ReadSafetensors(const std::filesystem::path& path);

/// Writes tensors (any device, any strides) under their names, in order of name, each at a multiple
/// of 8 bytes; the file appears whole or not at all.
void WriteSafetensors(const std::filesystem::path& path, const TensorFile& file);

}  // namespace arcsat
