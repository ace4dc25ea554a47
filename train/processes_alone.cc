// Where Gloo's headers are missing: one process, and a message to whoever starts more.
#include "data/error.h"
#include "train/processes.h"

namespace arcsat {

struct Processes::Group {};
struct GradientSum::Impl {};

Processes::Processes(const Launch& launch, std::chrono::seconds) : launch_(launch) {
  if (size() > 1) {
    throw UsageError({"environment variable WORLD_SIZE", "asks for several processes",
                      "expected a program built with Gloo (its headers were not found)",
                      "install libgloo-dev and build again, or train in one process"});
  }
}

Processes::~Processes() = default;
void Processes::Use(torch::Device) {}
std::vector<double> Processes::Sum(std::vector<double> values) { return values; }
std::string Processes::OfFirst(const std::string& text) { return text; }
void Processes::CopyFromFirst(const std::vector<torch::Tensor>&) {}
GradientSum::GradientSum(Processes*, const std::vector<torch::Tensor>&) {}
GradientSum::~GradientSum() = default;
void GradientSum::Backward(const torch::Tensor& loss) { loss.backward(); }
torch::Tensor GradientSum::Nothing() const { return {}; }

}  // namespace arcsat
