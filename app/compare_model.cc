#include <filesystem>

#include "app/compare_inputs.h"
#include "app/dataset.h"
#include "data/settings.h"

namespace arcsat {

namespace fs = std::filesystem;

struct ModelVersion::Impl {
  LoadedModel model;
  bool calibrated = false;
  Calibration calibration;
};

ModelVersion::ModelVersion(const std::string& path) : impl_(std::make_unique<Impl>()) {
  impl_->model = LoadModel(ModelFolder(path));
  auto calibration = FindCalibration(impl_->model.folder);
  impl_->calibrated = calibration.has_value();
  if (calibration) impl_->calibration = std::move(*calibration);
}

ModelVersion::~ModelVersion() = default;
ModelVersion::ModelVersion(ModelVersion&&) noexcept = default;

const SurveyOptions& ModelVersion::survey() const { return impl_->model.survey; }
const std::string& ModelVersion::name() const { return impl_->model.name; }
bool ModelVersion::calibrated() const { return impl_->calibrated; }
double ModelVersion::threshold() const { return impl_->calibration.threshold; }

void ModelVersion::ForEachScore(const std::string& data, const ReadOptions& read, bool quiet,
                                const std::function<bool(const Conversation&)>& wanted,
                                const std::function<void(Score&&)>& use) const {
  const ScoreStream stream{&impl_->model, read, 512, quiet, "scoring", wanted};
  stream.Run(data, [&](const Conversation&, RawScore&& raw) {
    Score score = Apply(impl_->calibration, raw);
    score.model = impl_->model.name;
    use(std::move(score));
  });
}

std::vector<AnsweredFile> ModelVersion::TrainedOn() const {
  std::vector<AnsweredFile> files;
  const fs::path config = impl_->model.folder.parent_path() / "config.cfg";
  if (impl_->model.folder.filename() != "model" || !fs::exists(config)) return files;
  for (const Setting& setting : ReadSettings(config.string())) {
    if (setting.key != "data") continue;
    const DataSource data = ParseDataSource(setting.value, impl_->model.survey);
    files.push_back({data.path, data.survey});
  }
  return files;
}

}  // namespace arcsat
