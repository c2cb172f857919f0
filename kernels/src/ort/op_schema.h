// What a custom op is: its tensors and attributes as data, and its kernels.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "clipa_ort.h"
#include "ort/shapes.h"

namespace clipa {
namespace ort {

class Call;
class Node;

enum class Packing { kNone, kOutIn, kInOut };

struct TensorSpec {
  const char* name;
  int32_t type;  // clipa_ort_type
  const char* shape;
  bool optional = false;
  // A matrix that products are taken with: packed once when it is a constant of the graph.
  Packing packing = Packing::kNone;
};

enum class AttributeKind { kInt, kFloat, kString };

struct AttributeSpec {
  const char* name;
  AttributeKind kind;
  bool required;
  double fallback;                  // of a number that is not required
  std::vector<const char*> values;  // allowed strings; the first is the default if not required
};

// The attributes of one node, checked.
class Attributes {
 public:
  int64_t integer(const char* name) const { return static_cast<int64_t>(numbers_.at(name)); }
  float number(const char* name) const { return static_cast<float>(numbers_.at(name)); }
  const std::string& string(const char* name) const { return strings_.at(name); }

  void set(const std::string& name, double value) { numbers_[name] = value; }
  void set(const std::string& name, const std::string& value) { strings_[name] = value; }

 private:
  std::map<std::string, double> numbers_;
  std::map<std::string, std::string> strings_;
};

// Which inputs of a node are given.
using Present = std::vector<bool>;

struct OpSchema {
  const char* name;
  std::vector<TensorSpec> inputs;
  TensorSpec output;
  std::vector<AttributeSpec> attributes;
  // Sets letters that attributes give; before shapes are matched. May be null.
  void (*prepare)(const Attributes& attributes, Letters& letters);
  // Derives letters that are still open and checks what they have to obey; letters may be unknown
  // while a graph is loaded. Throws OpError.
  void (*derive)(const Attributes& attributes, const Present& present, Letters& letters);
};

// Where a kernel of a device queues a node: the stream, and what device_state() made for the node.
struct DeviceQueue {
  void* stream;
  void* state;
};

// A row of a table of kernels. One of compute and queue is null.
struct OpKernel {
  const OpSchema* schema;
  const char* provider;  // null = CPU, else as ONNX Runtime calls it: "CUDAExecutionProvider"
  // Computes on the host's threads, with packed weights.
  void (*compute)(const Attributes& attributes, Call& call);
  // Queues the node on a stream of the device where its tensors lie. Throws OpError.
  void (*queue)(const Attributes& attributes, const Node& node, DeviceQueue to) = nullptr;
};

// Ends with an entry whose schema is null.
extern const OpKernel kCpuKernels[];

// Checks given attributes against the schema; `read` sets a value and returns whether it was given.
template <class Read>
Attributes checked_attributes(const OpSchema& schema, Read read) {
  Attributes attributes;
  for (const AttributeSpec& spec : schema.attributes) {
    double number = 0;
    std::string string;
    const bool given = read(spec, &number, &string);
    const std::string where = std::string(schema.name) + ": attribute " + spec.name;
    if (!given && spec.required) throw OpError(where + " is missing");
    if (spec.kind != AttributeKind::kString) {
      attributes.set(spec.name, given ? number : spec.fallback);
      continue;
    }
    if (!given) string = spec.values[0];
    std::string allowed;
    bool fits = false;
    for (const char* value : spec.values) {
      fits = fits || string == value;
      allowed += (allowed.empty() ? "" : ", ") + std::string(value);
    }
    if (!fits) throw OpError(where + " is \"" + string + "\"; allowed are " + allowed);
    attributes.set(spec.name, string);
  }
  return attributes;
}

}  // namespace ort
}  // namespace clipa
