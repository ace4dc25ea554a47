#include "app/triage_items.h"

#include "app/dataset.h"
#include "app/labelled.h"
#include "data/error.h"
#include "data/timestamp.h"
#include "eval/calibration.h"
#include "model/model_folder.h"

namespace arcsat {

std::vector<FinishedConversation> ScoreFinished(const FinishedFile& file) {
  UseThreads(file.threads);
  const LoadedModel model = LoadModel(ModelFolder(file.model));
  const Calibration calibration = DemandCalibration(model, file.model);
  ScoreStream stream;
  stream.model = &model;
  stream.read = file.read;
  stream.quiet = file.quiet;
  stream.label = "scoring";
  stream.wanted = [](const Conversation& c) { return !c.turns.empty(); };
  std::vector<FinishedConversation> out;
  stream.Run(file.data, [&](const Conversation& c, RawScore&& raw) {
    FinishedConversation one;
    one.score = Apply(calibration, raw);
    one.score.model = model.name;
    for (const Turn& turn : c.turns) one.at.push_back(turn.at);
    one.started = ParseTimestamp(c.started_at);
    one.satisfied = Satisfied(c, model.survey);
    one.context = {c.channel ? Name(*c.channel) : "",
                   c.problem_type,
                   static_cast<int>(c.turns.size()),
                   one.score.entry,
                   one.score.exit,
                   c.escalated};
    out.push_back(std::move(one));
  });
  if (out.empty()) {
    throw Error({file.data, "holds no conversation that can be scored",
                 "expected one JSON object a line", "see docs/formats.md"});
  }
  return out;
}

}  // namespace arcsat
