#include "cuda/ort_stream.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "base/device_memory.h"
#include "cuda/check.h"
#include "cuda/products.h"
#include "ort/device_ops.h"

namespace clipa {

namespace {

// Where a planning queue's workspace seems to begin: as aligned as the real one, and not null,
// which would say that an operand is absent.
constexpr uintptr_t kNowhere = 256;

class Stream {
 public:
  Stream(int device, cudaStream_t stream) : device_(device) {
    queue_.stream = stream;
    int shared = 0;
    check(cudaDeviceGetAttribute(&shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, device),
          "cudaDeviceGetAttribute");
    queue_.shared_limit = shared;
    queue_.products = &products_;
    own_problem_ = std::make_unique<DeviceMemory>(device, sizeof(int32_t));
  }

  void run(const std::function<void(Queue& queue)>& body) {
    const std::lock_guard<std::mutex> lock(mutex_);
    int32_t* problem = ort::ProblemOfRun::current();
    // In a session that is not ours nobody reads the word; kernels write it all the same.
    queue_.problem =
        problem != nullptr ? problem : reinterpret_cast<int32_t*>(own_problem_->data());
    plan(body);
    queue_.start(0, workspace_ ? workspace_->data() : nullptr);
    body(queue_);
  }

 private:
  void plan(const std::function<void(Queue& queue)>& body) {
    struct Planning {
      explicit Planning(Queue& queue) : queue(queue) { queue.planning = true; }
      ~Planning() { queue.planning = false; }
      Queue& queue;
    };
    {
      const Planning planning(queue_);
      queue_.start(0, reinterpret_cast<char*>(kNowhere));
      body(queue_);
    }
    // Freeing waits for the kernels that still use the old one.
    const auto grow = [&](std::unique_ptr<DeviceMemory>& memory, uint64_t bytes) {
      if (bytes == 0 || (memory && memory->bytes() >= bytes)) return;
      memory.reset();
      memory = std::make_unique<DeviceMemory>(device_, bytes);
    };
    grow(workspace_, queue_.used());
    if (products_.plans() > 0) grow(products_workspace_, Products::kWorkspace);
    if (products_workspace_) queue_.products_workspace = products_workspace_->data();
  }

  const int device_;
  std::mutex mutex_;
  Queue queue_;
  Products products_;
  std::unique_ptr<DeviceMemory> own_problem_, workspace_, products_workspace_;
};

// All streams on which nodes run.
std::shared_ptr<Stream> shared_stream(int device, cudaStream_t stream) {
  static std::mutex mutex;
  static auto* streams = new std::map<std::pair<int, cudaStream_t>, std::weak_ptr<Stream>>();
  const std::lock_guard<std::mutex> lock(mutex);
  std::weak_ptr<Stream>& known = (*streams)[{device, stream}];
  std::shared_ptr<Stream> found = known.lock();
  if (!found) known = found = std::make_shared<Stream>(device, stream);
  return found;
}

// The streams on which one node has run: memory lives as long as the nodes that use it, so it is
// bounded by the sessions that are open.
class NodeStreams {
 public:
  Stream& of(cudaStream_t stream) {
    int device = 0;
    if (stream != nullptr) {
      check(cudaStreamGetDevice(stream, &device), "cudaStreamGetDevice");
    } else {
      check(cudaGetDevice(&device), "cudaGetDevice");
    }
    check(cudaSetDevice(device), "cudaSetDevice");
    const std::lock_guard<std::mutex> lock(mutex_);
    std::shared_ptr<Stream>& found = used_[{device, stream}];
    if (!found) found = shared_stream(device, stream);
    return *found;
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<int, cudaStream_t>, std::shared_ptr<Stream>> used_;
};

}  // namespace

void on_stream(ort::DeviceQueue to, const std::function<void(Queue& queue)>& body) {
  static_cast<NodeStreams*>(to.state)->of(static_cast<cudaStream_t>(to.stream)).run(body);
}

void run_op(Queue& queue, uint32_t kind, uint32_t flags, std::initializer_list<int64_t> dims,
            float scalar, std::initializer_list<const void*> operands) {
  Op op;
  op.kind = kind;
  op.flags = flags;
  std::copy(dims.begin(), dims.end(), op.dims);
  op.scalars[0] = scalar;
  std::transform(operands.begin(), operands.end(), op.data,
                 [](const void* data) { return const_cast<void*>(data); });
  find_cuda_op(kind)->run(op, queue);
}

namespace ort {

std::shared_ptr<void> device_state() { return std::make_shared<NodeStreams>(); }

}  // namespace ort

}  // namespace clipa
