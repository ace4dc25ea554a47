#include "export/graph_weights.h"

#include <memory>

#include "model/layers.h"

namespace arcsat {
namespace {

using onnx::Type;
using onnx::Value;

/// Largest absolute values of a weight and of a table's entry as whole numbers.
constexpr int kWeightMost = 64, kTableMost = 127;

/// Which weights a constant was made of.
std::pair<const void*, std::vector<std::int64_t>> Key(const torch::Tensor& tensor) {
  return {tensor.data_ptr(), tensor.sizes().vec()};
}

torch::Tensor Plain(const torch::Tensor& tensor) {
  return tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
}

}  // namespace

Value GraphWeights::Constant(const std::string& name, Type type, const torch::Tensor& tensor) {
  const auto kept = std::make_shared<const torch::Tensor>(tensor);
  const auto* bytes = static_cast<const char*>(kept->data_ptr());
  return g_.Constant(name, type, kept->sizes().vec(), {bytes, kept->nbytes()}, kept);
}

Value GraphWeights::Add(const std::string& name, const torch::Tensor& tensor) {
  const auto key = Key(tensor);
  const auto found = values_.find(key);
  if (found != values_.end()) return found->second;
  return values_[key] = Constant(name, Type::kFloat, Plain(tensor));
}

Value GraphWeights::AddBias(const std::string& name, const torch::Tensor& learned) {
  return Constant(name, Type::kFloat, BiasTable(learned.detach().to(torch::kCPU)).t().contiguous());
}

Value GraphWeights::AddHalf(const std::string& name, const torch::Tensor& tensor) {
  const auto key = Key(tensor);
  const auto found = halves_.find(key);
  if (found != halves_.end()) return found->second;
  return halves_[key] = Constant(name + ".fp16", Type::kFloat16, Plain(tensor).to(torch::kFloat16));
}

GraphWeights::Quantised GraphWeights::AddQuantised(const std::string& name,
                                                   const torch::Tensor& matrix, int most,
                                                   bool transposed) {
  const auto key = Key(matrix);
  const auto found = quantised_.find(key);
  if (found != quantised_.end()) return found->second;
  const auto plain = Plain(matrix);
  const auto scale = plain.abs().amax(1).clamp_min(1e-12) / most;  // (rows)
  const auto whole = torch::round(plain / scale.unsqueeze(1)).to(torch::kInt8);
  Quantised made;
  made.values =
      Constant(name + ".int8", Type::kInt8, (transposed ? whole.t() : whole).contiguous());
  made.scale = Constant(name + ".scale", Type::kFloat, scale.contiguous());
  return quantised_[key] = made;
}

Value GraphWeights::Linear(const std::string& name, const Value& x, const torch::Tensor& weight,
                           const torch::Tensor& bias, Precision precision) {
  if (precision == Precision::kFloat32) {
    return g_.Gemm(x, Add(name + ".weight", weight), Add(name + ".bias", bias));
  }
  if (precision == Precision::kFloat16) {
    const auto scope = g_.Enter("fp16");
    const Value product =
        g_.Op("Gemm", {g_.Cast(x, Type::kFloat16), AddHalf(name + ".weight", weight)},
              {{"transB", std::int64_t{1}}});
    return g_.Add(g_.Cast(product, Type::kFloat), Add(name + ".bias", bias));
  }
  const Quantised w = AddQuantised(name + ".weight", weight, kWeightMost, /*transposed=*/true);
  const auto scope = g_.Enter("int8");
  // 128 stands for 0; adding half and cutting off rounds.
  const Value largest = g_.Op("ReduceMax", {g_.Op("Abs", {x}), g_.Ints({1})});  // (P, 1)
  const Value bound = g_.Max(largest, g_.Float(1e-30F));
  const Value steps = g_.Mul(x, g_.Div(g_.Float(127), bound));
  const Value whole = g_.Cast(g_.Add(steps, g_.Float(128.5F)), Type::kUint8);
  const Value sums = g_.Op("MatMulInteger", {whole, w.values, g_.Byte(128)});  // (P, out)
  const Value scaled =
      g_.Mul(g_.Mul(g_.Cast(sums, Type::kFloat), w.scale), g_.Div(bound, g_.Float(127)));
  return g_.Add(scaled, Add(name + ".bias", bias));
}

Value GraphWeights::Embed(const std::string& name, const torch::Tensor& table, const Value& indices,
                          Precision precision) {
  if (precision == Precision::kFloat32) return g_.Gather(Add(name, table), indices);
  if (precision == Precision::kFloat16) {
    return g_.Cast(g_.Gather(AddHalf(name, table), indices), Type::kFloat);
  }
  const Quantised w = AddQuantised(name, table, kTableMost, /*transposed=*/false);
  const auto scope = g_.Enter("int8");
  return g_.Mul(g_.Cast(g_.Gather(w.values, indices), Type::kFloat),
                g_.Unsqueeze(g_.Gather(w.scale, indices), 1));
}

}  // namespace arcsat
