// Runs a model on token ids given as numbers, for tests/parity/test_model.py.
//
//   arcsat_model_probe hidden ENCODER REQUEST.json OUT.safetensors
//     {"turns": [[id, ...], ...]}: "hidden" (tokens, H), the last layer of each turn by itself, in
//     the order given. ENCODER needs no tokenizer; it may be a saved model, too.
//
//   arcsat_model_probe mlm ENCODER REQUEST.json OUT.safetensors
//     {"turns": [[id, ...], ...], "places": [...], "targets": [...]}: "logits" (places,
//     vocabulary) of the head of masked language modelling, each turn by itself; "loss", their mean
//     cross-entropy against the targets; and its gradient by the word embeddings, "gradient".
//
//   arcsat_model_probe model ENCODER REQUEST.json OUT.safetensors [SAVED]
//     {"model": ModelOptions' fields, "train": TrainOptions' fields,
//      "conversations": [{"channel", "satisfied", "survey", "weight", "turns": [{"tokens",
//      "speaker", "gap", "has_time", "rating_exceeds"}, ...]}, ...],
//      "steps": [[index of a conversation, ...], ...]}: "state" and "outlook" of all conversations
//     before training; then one update a step: "losses" (steps, 3: outlook, state, total), "norms"
//     (steps), the first step's gradients as "gradient.NAME", and "value.NAME" after the last.
//     ENCODER's file may hold the whole model's weights. With SAVED the model is saved there, and
//     ENCODER needs a tokenizer.
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "data/files.h"
#include "model/arc_model.h"
#include "model/mlm_head.h"
#include "model/model_folder.h"
#include "train/losses.h"
#include "train/optimizer.h"

namespace {

namespace fs = std::filesystem;
using arcsat::EncodedConversation;
using arcsat::Json;
using Tensors = std::map<std::string, torch::Tensor>;

/// Equal turns share one list, as ConversationEncoder has it.
class TokenLists {
 public:
  std::shared_ptr<const std::vector<std::int32_t>> Get(const Json& ids) {
    auto list = ids.get<std::vector<std::int32_t>>();
    auto& shared = lists_[list];
    if (!shared) shared = std::make_shared<const std::vector<std::int32_t>>(std::move(list));
    return shared;
  }

 private:
  std::map<std::vector<std::int32_t>, std::shared_ptr<const std::vector<std::int32_t>>> lists_;
};

EncodedConversation ReadConversation(const Json& json, TokenLists* lists) {
  EncodedConversation out;
  out.channel = json.at("channel").get<int>();
  out.satisfied = json.at("satisfied").get<float>();
  out.survey = json.at("survey").get<float>();
  out.weight = json.at("weight").get<float>();
  for (const Json& turn : json.at("turns")) {
    arcsat::EncodedTurn encoded;
    encoded.tokens = lists->Get(turn.at("tokens"));
    encoded.speaker = static_cast<arcsat::Speaker>(turn.at("speaker").get<int>());
    encoded.gap = turn.at("gap").get<float>();
    encoded.has_time = turn.at("has_time").get<float>();
    encoded.rating_exceeds = turn.at("rating_exceeds").get<std::vector<float>>();
    out.turns.push_back(std::move(encoded));
  }
  return out;
}

arcsat::Segment Whole(const EncodedConversation& conversation) {
  return {&conversation, 0, static_cast<int>(conversation.turns.size())};
}

arcsat::ModelOptions ReadModelOptions(const Json& json) {
  arcsat::ModelOptions o;
  o.cross_turn_layers = json.at("cross_turn_layers").get<int>();
  o.cross_turn_window = json.at("cross_turn_window").get<int>();
  o.pooling = json.at("pooling").get<std::string>();
  o.conversation_layers = json.at("conversation_layers").get<int>();
  o.conversation_hidden = json.at("conversation_hidden").get<int>();
  o.conversation_heads = json.at("conversation_heads").get<int>();
  o.conversation_window = json.at("conversation_window").get<int>();
  o.boxes = json.at("boxes").get<int>();
  o.max_turn_tokens = json.value("max_turn_tokens", o.max_turn_tokens);
  o.dropout = 0;
  return o;
}

arcsat::TrainOptions ReadTrainOptions(const Json& json) {
  arcsat::TrainOptions o;
  o.learning_rate = json.at("learning_rate").get<double>();
  o.head_learning_rate = json.at("head_learning_rate").get<double>();
  o.layer_decay = json.at("layer_decay").get<double>();
  o.weight_decay = json.at("weight_decay").get<double>();
  o.warmup = json.at("warmup").get<double>();
  o.schedule = json.at("schedule").get<std::string>();
  o.clip = json.at("clip").get<double>();
  o.outlook_weight = json.at("outlook_weight").get<double>();
  o.state_weight = json.at("state_weight").get<double>();
  o.final_share = json.at("final_share").get<double>();
  o.rating_weight = json.at("rating_weight").get<double>();
  o.survey_weight = json.at("survey_weight").get<double>();
  return o;
}

/// Without a tokenizer, unlike StartModel.
std::shared_ptr<arcsat::ArcModel> MakeModel(const fs::path& encoder,
                                            const arcsat::ModelOptions& options) {
  const arcsat::TensorFile weights = arcsat::ReadSafetensors(encoder / "model.safetensors");
  return std::make_unique<arcsat::ArcModel>(arcsat::ReadEncoderConfig(encoder), options, &weights,
                                            /*seed=*/1);
}

Tensors Hidden(const fs::path& encoder, const Json& request) {
  torch::NoGradGuard no_grad;
  std::shared_ptr<arcsat::ArcModel> model;
  if (arcsat::ReadEncoderConfig(encoder).original.contains("arcsat")) {
    model = std::move(arcsat::LoadModel(encoder).model);
  } else {
    arcsat::ModelOptions options;
    options.cross_turn_layers = 0;
    model = MakeModel(encoder, options);
  }
  TokenLists lists;
  EncodedConversation conversation;
  for (const Json& ids : request.at("turns")) {
    conversation.turns.emplace_back().tokens = lists.Get(ids);
  }
  const arcsat::RaggedBatch batch = arcsat::MakeBatch({Whole(conversation)});
  const auto& turn_encoder = model->encoder();
  const auto hidden = turn_encoder.HiddenStates(batch, turn_encoder.config().layers, false);
  return {{"hidden", hidden.index_select(0, batch.token_of)}};
}

Tensors MaskedLm(const fs::path& encoder, const Json& request) {
  arcsat::ModelOptions options;
  options.cross_turn_layers = 0;
  const auto model = MakeModel(encoder, options);
  const arcsat::TensorFile file = arcsat::ReadSafetensors(encoder / "model.safetensors");
  arcsat::Initialiser initialiser(1);
  const auto& turn_encoder = model->encoder();
  const arcsat::MlmHead head(turn_encoder.config(), &file, &initialiser, &model->parameters());
  TokenLists lists;
  EncodedConversation conversation;
  for (const Json& ids : request.at("turns")) {
    conversation.turns.emplace_back().tokens = lists.Get(ids);
  }
  const auto numbers = [&](const char* key) {
    return torch::tensor(request.at(key).get<std::vector<std::int64_t>>(), torch::kInt64);
  };
  const auto states = turn_encoder.TokenStates(arcsat::MakeBatch({Whole(conversation)}), false);
  const auto words = turn_encoder.words();
  const auto logits = head.Logits(states.index_select(0, numbers("places")), words);
  const auto loss = torch::cross_entropy_loss(logits, numbers("targets"));
  loss.backward();
  return {{"logits", logits.detach()}, {"loss", loss.detach()}, {"gradient", words.grad()}};
}

void Train(arcsat::ArcModel* model, const Json& request,
           const std::vector<EncodedConversation>& conversations, Tensors* out) {
  const arcsat::TrainOptions train = ReadTrainOptions(request.at("train"));
  const arcsat::LabelOptions labels{model->options().boxes, train.final_share, train.rating_weight,
                                    train.survey_weight};
  arcsat::Optimizer optimizer(&model->parameters(), train);
  const auto total = static_cast<std::int64_t>(request.at("steps").size());
  std::vector<torch::Tensor> losses, norms;
  for (std::int64_t step = 0; step < total; ++step) {
    std::vector<arcsat::Segment> segments;
    for (const Json& index : request["steps"][static_cast<std::size_t>(step)]) {
      segments.push_back(Whole(conversations.at(index.get<std::size_t>())));
    }
    const arcsat::BatchLabels targets = arcsat::MakeLabels(segments, labels);
    const arcsat::Losses loss = arcsat::ComputeLosses(
        model->Forward(arcsat::MakeBatch(segments), /*training=*/true), targets,
        arcsat::WeightOf(targets), train.outlook_weight, train.state_weight);
    loss.total.backward();
    losses.push_back(torch::stack({loss.outlook, loss.state, loss.total}).detach());
    if (step == 0) {
      for (const auto& parameter : model->parameters().all()) {
        (*out)["gradient." + parameter.name] = parameter.value.grad().clone();
      }
    }
    const double norm = optimizer.GradientNorm();
    norms.push_back(torch::full({}, norm, torch::kFloat64));
    optimizer.Step(norm, arcsat::ScheduleFactor(train.schedule, train.warmup, step, total));
  }
  if (total > 0) (*out)["losses"] = torch::stack(losses);
  if (total > 0) (*out)["norms"] = torch::stack(norms);
  for (const auto& parameter : model->parameters().all()) {
    (*out)["value." + parameter.name] = parameter.value.detach();
  }
}

Tensors Model(const fs::path& encoder, const Json& request, const char* saved) {
  const arcsat::ModelOptions options = ReadModelOptions(request.at("model"));
  arcsat::LoadedModel loaded;
  if (saved != nullptr) {
    loaded = arcsat::StartModel(encoder, options, arcsat::SurveyOptions{}, /*seed=*/1);
  } else {
    loaded.model = MakeModel(encoder, options);
  }
  TokenLists lists;
  std::vector<EncodedConversation> conversations;
  for (const Json& json : request.at("conversations")) {
    conversations.push_back(ReadConversation(json, &lists));
  }
  std::vector<arcsat::Segment> segments;
  for (const auto& conversation : conversations) segments.push_back(Whole(conversation));
  Tensors out;
  {
    torch::NoGradGuard no_grad;
    const arcsat::ArcOutput output = loaded.model->Forward(arcsat::MakeBatch(segments), false);
    out["state"] = output.state;
    out["outlook"] = output.outlook;
  }
  Train(loaded.model.get(), request, conversations, &out);
  if (saved != nullptr) arcsat::SaveModel(loaded, saved);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (!((mode == "hidden" || mode == "mlm") && argc == 5) &&
      !(mode == "model" && (argc == 5 || argc == 6))) {
    std::fputs("usage: arcsat_model_probe hidden|mlm|model ENCODER REQUEST.json OUT [SAVED]\n",
               stderr);
    return 2;
  }
  try {
    const Json request = Json::parse(arcsat::ReadFile(argv[3]));
    const Tensors out = mode == "hidden" ? Hidden(argv[2], request)
                        : mode == "mlm"  ? MaskedLm(argv[2], request)
                                         : Model(argv[2], request, argc == 6 ? argv[5] : nullptr);
    arcsat::WriteSafetensors(argv[4], {out, {}});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
