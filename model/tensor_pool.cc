#include "model/tensor_pool.h"

#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <iterator>
#include <list>
#include <map>
#include <mutex>
#include <new>
#include <vector>

namespace arcsat {
namespace {

constexpr std::size_t kSmallest = std::size_t{64} << 10;  // below, the heap serves
constexpr std::size_t kHeader = 64;                       // before a tensor's first byte, so that
                                                          // it is aligned as LibTorch wants it

constexpr std::size_t kLargerBy = 2;  // of what was asked for: a block may be half as large again

/// What stands before a tensor's bytes.
struct BlockHead {
  std::size_t bytes = 0;  ///< of the block, this included; 0: the heap's
};
static_assert(sizeof(BlockHead) <= kHeader);

/// The next of eight sizes between powers of two: a block is at most an eighth larger than asked,
/// and serves all that are nearly as large.
std::size_t SizeClass(std::size_t bytes) {
  const std::size_t step = std::bit_floor(bytes - 1) / 8;
  return (bytes + step - 1) / step * step;
}

/// Blocks of memory by size class, those given back kept for a while.
class Blocks {
 public:
  explicit Blocks(const PoolLimits& limits) : limits_(limits) {}

  /// A block of `*bytes` or, which it says then, somewhat more. Null where the system has none
  /// left.
  void* Take(std::size_t* bytes) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (void* block = TakeKept(bytes)) return block;
    }
    void* block = Map(*bytes);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (block == nullptr) {
      // What lies ready in other sizes may be what is lacking.
      while (kept_bytes_ > 0) DropOldest();
      block = Map(*bytes);
      if (block == nullptr) return nullptr;
    }
    Count(*bytes);
    DropSurplus();
    return block;
  }

  void Give(void* block, std::size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    kept_.push_back(block);
    by_size_[bytes].push_back(std::prev(kept_.end()));
    kept_bytes_ += bytes;
    used_ -= bytes;
    DropSurplus();
  }

 private:
  static void* Map(std::size_t bytes) {
    void* block = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return block == MAP_FAILED ? nullptr : block;
  }
  /// The newest of the smallest that serve, or null. A larger block is better than one that the
  /// system has to fill with zeros first.
  void* TakeKept(std::size_t* bytes) {
    auto found = by_size_.lower_bound(*bytes);
    while (found != by_size_.end() && found->second.empty()) ++found;
    if (found == by_size_.end() || found->first > *bytes + *bytes / kLargerBy) return nullptr;
    *bytes = found->first;
    const auto newest = found->second.back();
    found->second.pop_back();
    void* block = *newest;
    kept_.erase(newest);
    kept_bytes_ -= *bytes;
    Count(*bytes);
    return block;
  }
  void Count(std::size_t bytes) {
    used_ += bytes;
    most_used_ = std::max(most_used_, used_);
  }
  void DropSurplus() {
    const auto in_all =
        static_cast<std::size_t>((1 + limits_.beyond_peak) * static_cast<double>(most_used_));
    const std::size_t most = std::max(limits_.kept, in_all > used_ ? in_all - used_ : 0);
    while (kept_bytes_ > most) DropOldest();
  }
  void DropOldest() {
    void* block = kept_.front();
    const std::size_t bytes = static_cast<BlockHead*>(block)->bytes;
    auto& same = by_size_[bytes];
    same.erase(same.begin());  // of a size, the first was given back first
    kept_.pop_front();
    kept_bytes_ -= bytes;
    munmap(block, bytes);
  }

  PoolLimits limits_;
  std::size_t kept_bytes_ = 0, used_ = 0, most_used_ = 0;
  std::mutex mutex_;
  std::list<void*> kept_;  // the oldest first
  std::map<std::size_t, std::vector<std::list<void*>::iterator>> by_size_;
};

class TensorPool final : public c10::Allocator {
 public:
  explicit TensorPool(const PoolLimits& limits) { blocks_ = new Blocks(limits); }

  c10::DataPtr allocate(std::size_t bytes) override {
    void* data = bytes == 0 ? nullptr : Allocate(bytes + kHeader);
    return {data, data, &Free, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &Free; }
  void copy_data(void* to, const void* from, std::size_t count) const override {
    default_copy_data(to, from, count);
  }

 private:
  static void* Allocate(std::size_t bytes) {
    const bool pooled = bytes >= kSmallest;
    if (pooled) bytes = SizeClass(bytes);
    void* block = pooled ? blocks_->Take(&bytes) : std::aligned_alloc(kHeader, RoundUp(bytes));
    TORCH_CHECK_WITH(OutOfMemoryError, block != nullptr, "cannot allocate ", bytes, " bytes");
    new (block) BlockHead{pooled ? bytes : 0};
    return static_cast<char*>(block) + kHeader;
  }
  static void Free(void* data) {
    if (data == nullptr) return;
    void* block = static_cast<char*>(data) - kHeader;
    const std::size_t bytes = static_cast<BlockHead*>(block)->bytes;
    if (bytes == 0) {
      std::free(block);
    } else {
      blocks_->Give(block, bytes);
    }
  }
  static std::size_t RoundUp(std::size_t bytes) {
    return (bytes + kHeader - 1) / kHeader * kHeader;
  }

  // Never deleted: tensors may outlive everything else.
  static inline Blocks* blocks_ = nullptr;
};

}  // namespace

void PoolTensorMemory(const PoolLimits& limits) {
  static auto* const pool = new TensorPool(limits);  // as long-lived as the last tensor
  c10::SetCPUAllocator(pool);
}

}  // namespace arcsat
