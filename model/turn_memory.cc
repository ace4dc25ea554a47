#include "model/turn_memory.h"

namespace arcsat {

torch::Tensor KeysValues::Append(const torch::Tensor& rows) {
  if (!room_.defined()) {
    room_ = rows.contiguous();
    end_ = room_.size(0);
    return room_;
  }
  const std::int64_t kept = end_ - begin_, count = rows.size(0);
  if (end_ + count > room_.size(0)) {
    const std::int64_t all = kept + count;
    const auto larger = torch::empty({all + all / 2, room_.size(1)}, room_.options());
    larger.narrow(0, 0, kept).copy_(room_.narrow(0, begin_, kept));
    room_ = larger;
    begin_ = 0;
    end_ = kept;
  }
  room_.narrow(0, end_, count).copy_(rows);
  end_ += count;
  return room_.narrow(0, begin_, kept + count);
}

std::int64_t KeysValues::bytes() const {
  return room_.defined() ? static_cast<std::int64_t>(room_.storage().nbytes()) : 0;
}

}  // namespace arcsat
