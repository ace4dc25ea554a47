#include "export/graph_builder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>
#include <utility>

namespace arcsat::onnx {

struct Graph::Root {
  std::map<std::string, int> names;  // how often each was asked for
  std::vector<Initialiser> constants;
  std::map<std::string, Value> cache;  // small constants by content
  std::string path;                    // of the scopes that are open
  std::set<std::string> domains;       // of operators that are not ONNX's own
};

Graph::Scope::Scope(std::string* path, const std::string& part) : path_(path), size_(path->size()) {
  *path += part + "/";
}

Graph::Graph(std::string name) : Graph(std::move(name), std::make_shared<Root>()) {}

Graph::Graph(std::string name, std::shared_ptr<Root> root) : root_(std::move(root)) {
  def_.name = std::move(name);
}

Graph Graph::Body(const std::string& name) const { return Graph(root_->path + name, root_); }

Graph::Scope Graph::Enter(const std::string& part) const { return {&root_->path, part}; }

std::string Graph::Unique(const std::string& name) {
  const int before = root_->names[name]++;
  return before == 0 ? name : Unique(fmt::format("{}.{}", name, before));
}

Value Graph::Input(const std::string& name, Type type, std::vector<Dim> shape, std::string doc) {
  def_.inputs.push_back({Unique(name), type, true, std::move(shape), std::move(doc)});
  return {def_.inputs.back().name};
}

Value Graph::BodyInput(const std::string& name, Type type) {
  return Input(root_->path + name, type, {});
}

void Graph::Output(const std::string& name, const Value& value, Type type, std::vector<Dim> shape,
                   std::string doc) {
  const std::string unique = Unique(name);
  def_.nodes.push_back({"Identity", unique, {value.name}, {unique}, {}, ""});
  def_.outputs.push_back({unique, type, true, std::move(shape), std::move(doc)});
}

void Graph::BodyOutput(const Value& value, Type type) {
  def_.outputs.push_back({value.name, type, false, {}, ""});
}

Value Graph::Constant(const std::string& name, Type type, std::vector<std::int64_t> dims,
                      std::string_view bytes, std::shared_ptr<const void> keep) {
  const std::string unique = Unique(name);
  root_->constants.push_back({unique, type, std::move(dims), bytes, std::move(keep)});
  return {unique};
}

Value Graph::Floats(const std::string& name, std::vector<std::int64_t> dims,
                    std::vector<float> values) {
  const auto kept = std::make_shared<const std::vector<float>>(std::move(values));
  return Constant(name, Type::kFloat, std::move(dims),
                  {reinterpret_cast<const char*>(kept->data()), kept->size() * sizeof(float)},
                  kept);
}

Value Graph::Doubles(std::vector<double> values) {
  const auto kept = std::make_shared<const std::vector<double>>(std::move(values));
  return Constant("constant/doubles", Type::kDouble, {static_cast<std::int64_t>(kept->size())},
                  {reinterpret_cast<const char*>(kept->data()), kept->size() * sizeof(double)},
                  kept);
}

Value Graph::Int(std::int64_t value) {
  const std::string name = fmt::format("constant/{}", value);
  const auto found = root_->cache.find(name);
  if (found != root_->cache.end()) return found->second;
  const auto kept = std::make_shared<const std::int64_t>(value);
  return root_->cache[name] =
             Constant(name, Type::kInt64, {}, {reinterpret_cast<const char*>(kept.get()), 8}, kept);
}

Value Graph::Ints(std::vector<std::int64_t> values) {
  const std::string name = fmt::format("constant/[{}]", fmt::join(values, ","));
  const auto found = root_->cache.find(name);
  if (found != root_->cache.end()) return found->second;
  const auto kept = std::make_shared<const std::vector<std::int64_t>>(std::move(values));
  // Long tables would make long names.
  const std::string shown =
      name.size() < 60 ? name : fmt::format("constant/table.{}", root_->cache.size());
  return root_->cache[name] =
             Constant(shown, Type::kInt64, {static_cast<std::int64_t>(kept->size())},
                      {reinterpret_cast<const char*>(kept->data()), kept->size() * 8}, kept);
}

Value Graph::Float(float value) {
  const std::string name = fmt::format("constant/{}f", value);
  const auto found = root_->cache.find(name);
  if (found != root_->cache.end()) return found->second;
  return root_->cache[name] = Floats(name, {}, {value});
}

Value Graph::Double(double value) {
  const std::string name = fmt::format("constant/{}d", value);
  const auto found = root_->cache.find(name);
  if (found != root_->cache.end()) return found->second;
  const auto kept = std::make_shared<const double>(value);
  return root_->cache[name] = Constant(name, Type::kDouble, {},
                                       {reinterpret_cast<const char*>(kept.get()), 8}, kept);
}

Value Graph::Byte(std::uint8_t value) {
  const std::string name = fmt::format("constant/{}u8", value);
  const auto found = root_->cache.find(name);
  if (found != root_->cache.end()) return found->second;
  const auto kept = std::make_shared<const std::uint8_t>(value);
  return root_->cache[name] =
             Constant(name, Type::kUint8, {}, {reinterpret_cast<const char*>(kept.get()), 1}, kept);
}

std::vector<Value> Graph::Ops(const std::string& op, const std::vector<Value>& inputs, int outputs,
                              std::vector<Attribute> attributes) {
  Node node;
  node.op = op;
  node.name = Unique(root_->path + op);
  for (const Value& input : inputs) node.inputs.push_back(input.name);
  node.attributes = std::move(attributes);
  std::vector<Value> values;
  for (int i = 0; i < outputs; ++i) {
    node.outputs.push_back(outputs == 1 ? node.name : Unique(fmt::format("{}:{}", node.name, i)));
    values.push_back({node.outputs.back()});
  }
  def_.nodes.push_back(std::move(node));
  return values;
}

Value Graph::Op(const std::string& op, const std::vector<Value>& inputs,
                std::vector<Attribute> attributes) {
  return Ops(op, inputs, 1, std::move(attributes)).front();
}

std::vector<Value> Graph::Custom(const std::string& domain, const std::string& op,
                                 const std::vector<Value>& inputs, int outputs,
                                 std::vector<Attribute> attributes) {
  const std::vector<Value> values = Ops(op, inputs, outputs, std::move(attributes));
  def_.nodes.back().domain = domain;
  root_->domains.insert(domain);
  return values;
}

Value Graph::Loop(const Value& trips, const Graph& body) {
  const auto def = std::make_shared<const GraphDef>(body.def_);
  return Op("Loop", {trips, {""}}, {{"body", def}});
}

GraphDef Graph::Finish() const {
  GraphDef def = def_;
  def.initialisers = root_->constants;
  return def;
}

std::vector<std::string> Graph::domains() const {
  return {root_->domains.begin(), root_->domains.end()};
}

ModelDef ModelOf(const Graph& graph, std::vector<std::pair<std::string, std::string>> metadata,
                 std::string doc) {
  ModelDef model;
  model.ir_version = kIrVersion;
  model.opset = kOpset;
  model.domains = graph.domains();
  model.producer = "arcsat";
  model.producer_version = "1";
  model.metadata = std::move(metadata);
  model.graph = graph.Finish();
  model.graph.doc = doc;
  model.doc = std::move(doc);
  return model;
}

}  // namespace arcsat::onnx
