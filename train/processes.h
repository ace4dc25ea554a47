#pragma once

#include <torch/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace arcsat {

/// Where this process stands among those that were started together.
struct Launch {
  int rank = 0, size = 1;
  int local_rank = 0;        ///< on this machine: which GPU is its own
  std::string address = {};  ///< of the first, or of torchrun's store
  int port = 0;
  bool by_torchrun = false;
  int restarts = 0;         ///< times that torchrun began all of them anew after one had failed
  bool store_runs = false;  ///< torchrun keeps the store at that address itself
};

/// As torchrun says in the environment (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT);
/// alone where WORLD_SIZE is not set. UsageError where a variable is missing or no number.
Launch LaunchFromEnvironment();

/// The processes that train one model together, or this one alone. Every process calls the same
/// members in the same order; a member throws Error when another process is gone, or was not there
/// within the timeout.
///
/// The rendezvous and the restarts are torchrun's, what goes over the network is c10d's: Gloo for
/// figures and for gradients on CPUs, NCCL for gradients on GPUs.
class Processes {
 public:
  /// Meets the others. `timeout`: the longest wait for one of them. UsageError where there are
  /// others and this program was built without Gloo.
  Processes(const Launch& launch, std::chrono::seconds timeout);
  /// This one, whatever was launched.
  static Processes& Alone();
  ~Processes();
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  int rank() const { return launch_.rank; }  ///< 0..size()-1
  int size() const { return launch_.size; }
  const Launch& launch() const { return launch_; }
  bool first() const { return rank() == 0; }  ///< the one that writes

  /// Opens the way for gradients on `device`; before the members below are given its tensors.
  void Use(torch::Device device);

  /// The sum over all processes of each value, the same bits in every one.
  std::vector<double> Sum(std::vector<double> values);
  double Sum(double value) { return Sum(std::vector<double>{value})[0]; }
  /// What the first has, in all.
  std::string OfFirst(const std::string& text);
  /// Fills the tensors with those of the first.
  void CopyFromFirst(const std::vector<torch::Tensor>& tensors);

 private:
  friend class GradientSum;
  struct Group;

  Launch launch_;
  std::unique_ptr<Group> group_;
};

/// Adds up the processes' gradients while the backward pass still runs: in buckets of 25 MB, each
/// as soon as its last gradient is there (c10d's Reducer; Li et al. 2020, "PyTorch Distributed").
///
///   losses before the last of an update: loss.backward();
///   the last one:                        sum.Backward(loss);
class GradientSum {
 public:
  /// `parameters`: all that learn, in the same order in every process, their gradients defined.
  GradientSum(Processes* processes, const std::vector<torch::Tensor>& parameters);
  ~GradientSum();

  /// The backward pass from a process's last loss of an update: afterwards every gradient is the
  /// sum, over all processes, of what each has accumulated. `loss` is multiplied by their number
  /// (as those before it must have been), since c10d takes the mean. A process with nothing to
  /// learn from gives Nothing(). Error when another process is gone.
  void Backward(const torch::Tensor& loss);
  /// A loss of 0 that reaches a parameter.
  torch::Tensor Nothing() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace arcsat
