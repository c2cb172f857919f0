// What nodes of ONNX Runtime need of a CUDA stream: a queue with a workspace and with products, as
// a context has one for the ops of training.
#pragma once

#include <functional>

#include "cuda/queue.h"
#include "ort/op_schema.h"

namespace clipa {

// Queues body's kernels on the stream of a node. body runs twice, first on a queue that only plans,
// and takes the same way both times; its pieces of the workspace are free again for the next call
// on that stream. Calls for one stream take turns. Throws StatusError.
void on_stream(ort::DeviceQueue to, const std::function<void(Queue& queue)>& body);

// Runs an op of the training library as a part of a node.
void run_op(Queue& queue, uint32_t kind, uint32_t flags, std::initializer_list<int64_t> dims,
            float scalar, std::initializer_list<const void*> operands);

}  // namespace clipa
