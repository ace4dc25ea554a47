#pragma once

#include <filesystem>
#include <string>

#include "data/conversation.h"

namespace arcsat {

enum class EncoderFamily { kBert, kXlmRoberta, kAlbert };
enum class Activation { kGelu, kGeluTanh, kRelu };

/// The shape of a pretrained encoder, as its Hugging Face config.json tells it.
struct EncoderConfig {
  EncoderFamily family = EncoderFamily::kBert;
  int hidden = 384;
  int layers = 6;
  int heads = 12;
  int intermediate = 1536;
  int vocabulary = 30522;
  int embedding = 384;      ///< width of the word embeddings; differs from hidden in ALBERT only
  int positions = 512;      ///< rows of the position table
  int types = 2;            ///< rows of the token type table
  int position_offset = 0;  ///< of the first token: pad id + 1 in RoBERTa's family
  int groups = 1;           ///< ALBERT: sets of shared weights
  double layer_norm_epsilon = 1e-12;
  Activation activation = Activation::kGelu;
  Json original;  ///< the file as it was read; written back with a saved model

  int head_size() const { return hidden / heads; }
  int max_length() const { return positions - position_offset; }
  /// Index into the stored weights of layer `i` (0..layers-1).
  int weights_of(int layer) const {
    return family == EncoderFamily::kAlbert ? layer * groups / layers : layer;
  }
};

/// Reads and checks FOLDER/config.json: model_type bert, roberta, xlm-roberta or albert; sizes that
/// fit together. Error names the file and the key.
EncoderConfig ReadEncoderConfig(const std::filesystem::path& folder);

/// The same from the JSON itself; `place` begins every message.
EncoderConfig ParseEncoderConfig(const Json& json, const std::string& place);

}  // namespace arcsat
