#include <c10/util/Exception.h>
#include <torch/csrc/distributed/c10d/logger.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>

#include <algorithm>

#include "train/process_group.h"

namespace arcsat {
namespace {

struct Silence : c10::WarningHandler {
  void process(const c10::Warning&) override {}
};

}  // namespace

struct GradientSum::Impl {
  torch::Tensor any;
  std::shared_ptr<c10d::Reducer> reducer;
  std::shared_ptr<c10d::Logger> logger;  // the Reducer asks for one where a parameter was not used
};

GradientSum::GradientSum(Processes* processes, const std::vector<torch::Tensor>& parameters)
    : impl_(std::make_unique<Impl>()) {
  if (processes->size() == 1) return;
  impl_->any = parameters.front();
  // The backward pass comes to the last parameters first.
  const std::vector<bool> sparse(parameters.size(), false);
  auto [buckets, limits] = c10d::compute_bucket_assignment_by_size(
      parameters, {c10d::kDefaultFirstBucketBytes, c10d::kDefaultBucketBytesCap}, sparse);
  std::reverse(buckets.begin(), buckets.end());
  // A part without rated turns, say, leaves a head without gradients.
  impl_->reducer = std::make_shared<c10d::Reducer>(
      parameters, buckets, processes->group_->gradients, sparse, c10d::kDefaultBucketBytesCap,
      /*find_unused_parameters=*/true, /*gradient_as_bucket_view=*/true,
      std::unordered_map<std::size_t, std::string>{}, c10d::kDefaultFirstBucketBytes,
      /*skip_all_reduce_unused_params=*/false, /*use_python_reducer=*/false,
      std::vector<std::int64_t>{});
  impl_->logger = std::make_shared<c10d::Logger>(impl_->reducer);
  impl_->reducer->set_logger(impl_->logger);
}

GradientSum::~GradientSum() = default;

void GradientSum::Backward(const torch::Tensor& loss) {
  if (!impl_->reducer) return loss.backward();
  try {
    {
      // It warns where all parameters were used, which is how it should be.
      Silence silence;
      const c10::WarningUtils::WarningHandlerGuard guard(&silence);
      impl_->reducer->prepare_for_forward();
      impl_->reducer->prepare_for_backward({loss});
    }
    loss.backward();
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const c10::Error& error) {
    Processes::Group::Lost(error.what_without_backtrace());
  } catch (const std::exception& error) {
    Processes::Group::Lost(error.what());
  }
}

torch::Tensor GradientSum::Nothing() const { return impl_->any.sum() * 0; }

}  // namespace arcsat
