#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "data/conversation.h"

namespace arcsat {

// What a file store of MLflow is made of. MlflowRun (train/mlflow.h) is what others use.

/// The folder of the experiment of this name in the store; both are made where they are missing.
/// Error where MLflow has the experiment in its trash.
std::filesystem::path MlflowExperiment(const std::filesystem::path& store, const std::string& name);

/// The folder of a run, whichever experiment it is in, or an empty path. Error where it was deleted
/// in MLflow.
std::filesystem::path FindMlflowRun(const std::filesystem::path& store, const std::string& id);

/// A flat object as YAML, one `key: value` a line. Strings are double-quoted with every character
/// escaped that YAML 1.1 refuses or folds.
std::string ToYaml(const Json& object);

/// The YAML with these top-level scalars replaced, or added where they are missing; the rest is as
/// it was.
std::string WithYamlFields(const std::string& yaml,
                           const std::vector<std::pair<std::string, std::string>>& fields);

/// A top-level scalar of such a file as text, without quotes; empty where there is none.
std::string YamlField(const std::string& yaml, const std::string& key);

/// "file:///…" of an absolute path, percent-encoded (RFC 8089).
std::string FileUri(const std::filesystem::path& path);

/// create_directories with an Error that names the folder.
void MakeFolders(const std::filesystem::path& folder);

}  // namespace arcsat
