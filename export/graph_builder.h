#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "export/onnx_writer.h"

namespace arcsat::onnx {

/// The opset that the graphs need (Gelu, 20) and the IR version that goes with it: ONNX 1.15,
/// ONNX Runtime 1.17 and later.
inline constexpr int kOpset = 20;
inline constexpr int kIrVersion = 9;

/// A tensor of the graph, by its name.
struct Value {
  std::string name;
};

/// Builds a graph node by node. Nodes are named after where they stand: scope, then operator.
///
///   Graph g("arcsat");
///   const Value x = g.Input("x", Type::kFloat, {"batch", 4});
///   const auto scope = g.Enter("head");
///   const Value y = g.Sigmoid(g.Gemm(x, weight, bias));  // "head/Gemm", "head/Sigmoid"
///   g.Output("y", y, Type::kFloat, {"batch", 1}, "the chance");
class Graph {
 public:
  explicit Graph(std::string name);
  /// The body of a loop: its nodes may read the values of this graph, and it adds constants there.
  Graph Body(const std::string& name) const;

  /// Names made until the guard dies begin with `part`.
  class Scope {
   public:
    Scope(std::string* path, const std::string& part);
    ~Scope() { path_->resize(size_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    std::string* path_;
    std::size_t size_;
  };
  [[nodiscard]] Scope Enter(const std::string& part) const;

  Value Input(const std::string& name, Type type, std::vector<Dim> shape, std::string doc = "");
  Value BodyInput(const std::string& name, Type type);  ///< a scalar
  void Output(const std::string& name, const Value& value, Type type, std::vector<Dim> shape,
              std::string doc);
  void BodyOutput(const Value& value, Type type);

  /// A constant of the outermost graph; `keep` owns `bytes`.
  Value Constant(const std::string& name, Type type, std::vector<std::int64_t> dims,
                 std::string_view bytes, std::shared_ptr<const void> keep);
  Value Floats(const std::string& name, std::vector<std::int64_t> dims, std::vector<float> values);
  Value Int(std::int64_t value);                 ///< scalar; equal ones are one constant
  Value Ints(std::vector<std::int64_t> values);  ///< one axis; equal ones are one constant
  Value Doubles(std::vector<double> values);     ///< one axis
  Value Float(float value);                      ///< scalar
  Value Double(double value);                    ///< scalar
  Value Byte(std::uint8_t value);                ///< scalar of kUint8

  Value Op(const std::string& op, const std::vector<Value>& inputs,
           std::vector<Attribute> attributes = {});
  std::vector<Value> Ops(const std::string& op, const std::vector<Value>& inputs, int outputs,
                         std::vector<Attribute> attributes = {});
  /// An operator that is not ONNX's own, of version 1 of `domain`.
  std::vector<Value> Custom(const std::string& domain, const std::string& op,
                            const std::vector<Value>& inputs, int outputs,
                            std::vector<Attribute> attributes);

  // Operators, one name one meaning; see onnx.ai/onnx/operators. Arithmetic broadcasts.
  Value Add(const Value& a, const Value& b) { return Op("Add", {a, b}); }
  Value Sub(const Value& a, const Value& b) { return Op("Sub", {a, b}); }
  Value Mul(const Value& a, const Value& b) { return Op("Mul", {a, b}); }
  Value Div(const Value& a, const Value& b) { return Op("Div", {a, b}); }
  Value Min(const Value& a, const Value& b) { return Op("Min", {a, b}); }
  Value Max(const Value& a, const Value& b) { return Op("Max", {a, b}); }
  Value MatMul(const Value& a, const Value& b) { return Op("MatMul", {a, b}); }
  Value And(const Value& a, const Value& b) { return Op("And", {a, b}); }
  Value Less(const Value& a, const Value& b) { return Op("Less", {a, b}); }
  Value Greater(const Value& a, const Value& b) { return Op("Greater", {a, b}); }
  Value AtLeast(const Value& a, const Value& b) { return Op("GreaterOrEqual", {a, b}); }
  Value Equal(const Value& a, const Value& b) { return Op("Equal", {a, b}); }
  Value Sigmoid(const Value& x) { return Op("Sigmoid", {x}); }
  Value Log(const Value& x) { return Op("Log", {x}); }
  Value Where(const Value& condition, const Value& yes, const Value& no) {
    return Op("Where", {condition, yes, no});
  }
  Value Cast(const Value& x, Type type) {
    return Op("Cast", {x}, {{"to", static_cast<std::int64_t>(type)}});
  }
  /// x · weightᵀ + bias; weight (out, in) as torch stores it. x has two axes.
  Value Gemm(const Value& x, const Value& weight, const Value& bias) {
    return Op("Gemm", {x, weight, bias}, {{"transB", std::int64_t{1}}});
  }
  Value LayerNorm(const Value& x, const Value& weight, const Value& bias, double epsilon) {
    return Op("LayerNormalization", {x, weight, bias},
              {{"axis", std::int64_t{-1}}, {"epsilon", static_cast<float>(epsilon)}});
  }
  Value Gather(const Value& x, const Value& indices, std::int64_t axis = 0) {
    return Op("Gather", {x, indices}, {{"axis", axis}});
  }
  Value GatherNd(const Value& x, const Value& coordinates) {
    return Op("GatherND", {x, coordinates});
  }
  /// x[begin:end] along one axis; begin and end have one element.
  Value Slice(const Value& x, const Value& begin, const Value& end, std::int64_t axis) {
    return Op("Slice", {x, begin, end, Ints({axis})});
  }
  Value Concat(const std::vector<Value>& parts, std::int64_t axis) {
    return Op("Concat", parts, {{"axis", axis}});
  }
  Value Reshape(const Value& x, std::vector<std::int64_t> shape) {
    return Op("Reshape", {x, Ints(std::move(shape))});
  }
  Value Transpose(const Value& x, std::vector<std::int64_t> order) {
    return Op("Transpose", {x}, {{"perm", std::move(order)}});
  }
  Value Unsqueeze(const Value& x, std::int64_t axis) { return Op("Unsqueeze", {x, Ints({axis})}); }
  Value Squeeze(const Value& x, std::int64_t axis) { return Op("Squeeze", {x, Ints({axis})}); }
  Value Range(const Value& begin, const Value& end) { return Op("Range", {begin, end, Int(1)}); }
  /// Size along one axis, a scalar.
  Value Size(const Value& x, std::int64_t axis) { return Gather(Op("Shape", {x}), Int(axis)); }
  /// Running sum along axis 0; exclusive: of what is before.
  Value CumSum(const Value& x, bool exclusive) {
    return Op("CumSum", {x, Int(0)}, {{"exclusive", std::int64_t{exclusive}}});
  }
  Value Reduce(const std::string& op, const Value& x, std::int64_t axis) {
    return Op("Reduce" + op, {x, Ints({axis})}, {{"keepdims", std::int64_t{0}}});
  }
  /// Runs `body` (inputs: iteration, condition; outputs: condition, result) `trips` times and
  /// stacks its results along a new first axis.
  Value Loop(const Value& trips, const Graph& body);

  /// What was built, constants included; for the outermost graph.
  GraphDef Finish() const;
  /// Of its Custom() operators, and of those of its bodies.
  std::vector<std::string> domains() const;

 private:
  struct Root;  // shared with the bodies: names in use, constants, the scope
  Graph(std::string name, std::shared_ptr<Root> root);
  std::string Unique(const std::string& name);

  std::shared_ptr<Root> root_;
  GraphDef def_;
};

/// A finished graph as a model of this program; `doc` says what it is for.
ModelDef ModelOf(const Graph& graph, std::vector<std::pair<std::string, std::string>> metadata,
                 std::string doc);

}  // namespace arcsat::onnx
