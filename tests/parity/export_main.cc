// Makes a model as if trained, for tests/parity/test_onnx.py: an encoder's folder with or without
// weights in, a model folder out, every parameter moved away from where it starts (those that start
// at zero too), and a calibration with odd numbers in every field.
//
//   arcsat_export_probe ENCODER OUT none|identity|platt|beta|isotonic|arc KEY=VALUE...
//
// Keys: the integer fields of ModelOptions that matter here, pooling, seed, noise, the deviation of
// what is added to each parameter, and lexical=1: words beside the network.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <string>

#include "data/random.h"
#include "eval/calibration.h"
#include "model/arc_model.h"
#include "model/model_folder.h"

namespace {

using arcsat::Calibration;

/// Adds normal noise to every parameter; ties to no generator of torch's.
void Perturb(arcsat::ArcModel* model, std::uint64_t seed, double noise) {
  torch::NoGradGuard no_grad;
  arcsat::Random random(seed);
  for (auto& parameter : model->parameters().all()) {
    float* values = parameter.value.data_ptr<float>();
    // Wide matrices add up more of it.
    const double scale =
        parameter.value.dim() == 2 && parameter.value.size(1) > 64 ? noise / 4 : noise;
    for (std::int64_t i = 0; i < parameter.value.numel(); ++i) {
      values[i] += static_cast<float>(scale * random.Normal());
    }
  }
}

/// Weights for every token and pair, so that none is missed.
void AddWords(arcsat::ArcModel* model, std::uint64_t seed) {
  arcsat::Random random(seed + 1);
  arcsat::LexicalModel words{model->encoder().config().vocabulary, {}, -0.37, 0.75};
  words.weight.resize(static_cast<std::size_t>(arcsat::LexicalFeatureCount(words.vocabulary)));
  for (float& weight : words.weight) weight = static_cast<float>(random.Normal());
  model->SetLexical(std::move(words));
}

Calibration MakeCalibration(const std::string& kind) {
  Calibration c;
  if (kind == "identity") return c;
  c.labels = 321;
  c.base_rate = 0.71;
  c.state = {"affine", "survey", 0.83, -0.21};
  if (kind == "beta") {
    c.outlook = {"beta",
                 Eigen::Vector3d(0.3, 0.8, 1.7),
                 Eigen::Vector3d(0.02, 0.03, 0.04).asDiagonal(),
                 {},
                 {}};
  } else if (kind == "isotonic") {
    c.outlook = {"isotonic", {}, {}, {-2.5, -0.5, 0.25, 3}, {0.1, 0.3, 0.3, 0.95}};
  } else {
    c.outlook.method = "platt";
    c.outlook.coefficients << 0.17, 1.31;
    c.outlook.covariance << 0.02, -0.004, -0.004, 0.03;
  }
  c.csat.fitted = true;
  c.csat.c0 = 1.4;
  c.csat.c1 = 3.2;
  if (kind != "platt") {
    c.csat.boxes = {{1, 3, 4, 5}, Eigen::Vector3d(-1.5, 0.25, 1.75), 0.8, 0.1};  // nobody gave a 2
  }
  c.threshold = 0.4375;
  c.threshold_rule = "balanced";
  c.arc.fitted = true;
  c.arc.coefficients << -0.4, 1.9, 2.6, 0.7;
  c.arc.covariance << 0.05, 0.01, -0.02, 0.003,  //
      0.01, 0.08, 0.015, -0.006,                 //
      -0.02, 0.015, 0.09, 0.004,                 //
      0.003, -0.006, 0.004, 0.02;
  c.chosen = kind == "arc" ? "arc" : "outlook";
  return c;
}

int Make(int argc, char** argv) {
  std::map<std::string, std::string> given;
  for (int i = 4; i < argc; ++i) {
    const std::string word = argv[i];
    const auto equals = word.find('=');
    given[word.substr(0, equals)] = word.substr(equals + 1);
  }
  const auto number = [&](const char* key, int otherwise) {
    return given.count(key) != 0 ? std::stoi(given[key]) : otherwise;
  };
  arcsat::ModelOptions options;
  options.cross_turn_layers = number("cross_turn_layers", options.cross_turn_layers);
  options.cross_turn_window = number("cross_turn_window", options.cross_turn_window);
  options.conversation_layers = number("conversation_layers", options.conversation_layers);
  options.conversation_hidden = number("conversation_hidden", options.conversation_hidden);
  options.conversation_heads = number("conversation_heads", options.conversation_heads);
  options.conversation_window = number("conversation_window", options.conversation_window);
  options.boxes = number("boxes", options.boxes);
  options.max_turn_tokens = number("max_turn_tokens", options.max_turn_tokens);
  if (given.count("pooling") != 0) options.pooling = given["pooling"];
  const auto seed = static_cast<std::uint64_t>(number("seed", 1));
  const double noise = given.count("noise") != 0 ? std::stod(given["noise"]) : 0.1;
  const auto loaded = arcsat::StartModel(argv[1], options, arcsat::SurveyOptions{}, seed);
  Perturb(loaded.model.get(), seed, noise);
  if (number("lexical", 0) != 0) AddWords(loaded.model.get(), seed);
  arcsat::SaveModel(loaded, argv[2]);
  const std::string calibration = argv[3];
  if (calibration != "none") {
    arcsat::SaveCalibration(MakeCalibration(calibration),
                            std::filesystem::path(argv[2]) / "calibration.json");
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs(
        "usage: arcsat_export_probe ENCODER OUT none|identity|platt|beta|isotonic|arc "
        "KEY=VALUE...\n",
        stderr);
    return 2;
  }
  try {
    return Make(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
