// Encodes texts for tests/parity/test_tokenizers.py, or trains a model for it.
//
//   arcsat_tokenize FOLDER < texts > ids
//   arcsat_tokenize --train ALGORITHM LAYOUT SIZE OUTPUT < texts
//
// A text is 4 bytes of length, little-endian, and the bytes, which need not be UTF-8. The ids come
// as one JSON array a line.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "data/tokenizer.h"
#include "data/tokenizers/train.h"

namespace {

bool ReadText(std::string* text) {
  unsigned char length[4];
  if (std::fread(length, 1, 4, stdin) != 4) return false;
  const std::size_t size = length[0] | std::size_t{length[1]} << 8 | std::size_t{length[2]} << 16 |
                           std::size_t{length[3]} << 24;
  text->resize(size);
  return std::fread(text->data(), 1, size, stdin) == size;
}

void EncodeAll(const char* folder) {
  const auto tokenizer = arcsat::LoadTokenizer(folder);
  std::string line;
  for (std::string text; ReadText(&text);) {
    line.assign(1, '[');
    for (const std::int32_t id : tokenizer->Encode(text)) {
      if (line.size() > 1) line.push_back(',');
      line += std::to_string(id);
    }
    line.push_back(']');
    line.push_back('\n');
    std::fwrite(line.data(), 1, line.size(), stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 6 && std::string(argv[1]) == "--train") {
      arcsat::SentencePieceTrainOptions options;
      options.algorithm = argv[2];
      options.layout = argv[3];
      options.vocab_size = std::stoi(argv[4]);
      arcsat::TrainSentencePiece(options, ReadText, argv[5]);
    } else if (argc == 2) {
      EncodeAll(argv[1]);
    } else {
      std::cerr << "arcsat_tokenize FOLDER | --train ALGORITHM LAYOUT SIZE OUTPUT\n";
      return 2;
    }
  } catch (const std::exception& failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
  return 0;
}
