// How a context runs ops on a CUDA device: they are put on one stream, between fork and join on
// two, and from the third run on a program is one graph. A request to cancel is seen before a graph
// starts; a graph runs whole.
#include <cuda_runtime.h>

#include <algorithm>

#include "base/context.h"
#include "base/device_info.h"
#include "base/device_memory.h"
#include "cuda/check.h"
#include "cuda/products.h"
#include "cuda/queue.h"
#include "cuda/ranks.h"

namespace clipa {

namespace {

// By Wrong.
const char* const kWrong[kWrongKinds] = {
    "a token id lies outside the table", "a patch index lies outside the picture",
    "a patch index lies outside the position table", "wrong data"};

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// Says what is missing when no device can be used.
void require_device(int32_t device) {
  int driver = 0, runtime = 0, count = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  if (driver == 0) {
    throw StatusError(CLIPA_UNSUPPORTED, "no NVIDIA driver was found; CUDA needs one for CUDA " +
                                             version_text(runtime) +
                                             " or later; install it, or use the device cpu");
  }
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaErrorInsufficientDriver) {
    cudaGetLastError();
    throw StatusError(CLIPA_UNSUPPORTED, "the NVIDIA driver is too old: it knows CUDA " +
                                             version_text(driver) + ", this library needs " +
                                             version_text(runtime) +
                                             "; update the driver, or use the device cpu");
  }
  if (error == cudaErrorNoDevice || (error == cudaSuccess && count == 0)) {
    cudaGetLastError();
    throw StatusError(CLIPA_UNSUPPORTED,
                      "no CUDA device was found; look at nvidia-smi and CUDA_VISIBLE_DEVICES, or "
                      "use the device cpu");
  }
  check(error, "cudaGetDeviceCount");
  if (device < 0 || device >= count) {
    throw StatusError(CLIPA_INVALID_ARGUMENT, "device cuda:" + std::to_string(device) +
                                                  " does not exist; this machine has " +
                                                  std::to_string(count));
  }
}

int attribute(cudaDeviceAttr which, int32_t device) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, which, device), "cudaDeviceGetAttribute");
  return value;
}

// Where sides part or meet; neither computes anything.
bool parts(const Step& step) {
  return step.op.kind == CLIPA_OP_FORK || step.op.kind == CLIPA_OP_JOIN;
}

// A stream with what its ops need beside their operands.
struct Lane {
  Queue queue;
  std::unique_ptr<DeviceMemory> products_workspace;
  std::unique_ptr<DeviceMemory> workspace;
  uint64_t needed = 0;  // bytes of the workspace, of the ops that are being checked

  void open() {
    check(cudaStreamCreateWithFlags(&queue.stream, cudaStreamNonBlocking), "a stream");
  }
  void close() {
    if (queue.stream != nullptr) cudaStreamDestroy(queue.stream);
  }
};

}  // namespace

struct Context::Device {
  explicit Device(int32_t number) : number(number) {
    require_device(number);
    check(cudaSetDevice(number), "cudaSetDevice");
    if (attribute(cudaDevAttrComputeCapabilityMajor, number) < 8) {
      throw StatusError(CLIPA_UNSUPPORTED, "device cuda:" + std::to_string(number) +
                                               " is older than compute capability 8.0 (A100), the "
                                               "oldest that this build has code for");
    }
    main.open();
    Queue& queue = main.queue;
    queue.shared_limit = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, number);
    products = std::make_unique<Products>();
    queue.products = products.get();
    problem = std::make_unique<DeviceMemory>(number, sizeof(int32_t));
    queue.problem = reinterpret_cast<int32_t*>(problem->data());
  }
  ~Device() {
    cudaSetDevice(number);
    if (forked != nullptr) cudaEventDestroy(forked);
    if (joined != nullptr) cudaEventDestroy(joined);
    side.close();
    main.close();
  }

  // Makes the second stream; outside of recordings, as nothing else may happen in them.
  void open_side() {
    if (joined != nullptr) return;
    side.queue = main.queue;
    side.queue.products_workspace = nullptr;
    side.open();
    check(cudaEventCreateWithFlags(&forked, cudaEventDisableTiming), "an event");
    check(cudaEventCreateWithFlags(&joined, cudaEventDisableTiming), "an event");
  }
  void fork() {
    if (joined == nullptr) return;
    check(cudaEventRecord(forked, main.queue.stream), "an event");
    check(cudaStreamWaitEvent(side.queue.stream, forked, 0), "an event");
    side.queue.forget();
    parted = true;
  }
  void join() {
    if (!parted) return;
    check(cudaEventRecord(joined, side.queue.stream), "an event");
    check(cudaStreamWaitEvent(main.queue.stream, joined, 0), "an event");
  }
  Lane& lane(const Step& step) { return step.side ? side : main; }

  const int32_t number;
  Lane main, side;
  std::unique_ptr<Products> products;
  std::unique_ptr<DeviceMemory> problem;
  cudaEvent_t forked = nullptr, joined = nullptr;
  bool parted = false;      // the side was given something since the last finish()
  uint64_t generation = 0;  // of the workspaces: recordings hold their addresses
  int32_t queued = 0;       // ops since the last finish()
};

namespace {

struct GraphRecording : Recording {
  ~GraphRecording() override {
    cudaSetDevice(device);
    if (graph != nullptr) cudaGraphExecDestroy(graph);
  }
  cudaGraphExec_t graph = nullptr;
  int32_t device = 0;
  uint64_t generation = 0;
};

}  // namespace

Context::Context(int threads, int32_t device, uint32_t precision)
    : threads_(threads),
      device_number_(device),
      precision_(precision),
      team_(threads),
      device_(new Device(device)) {
  device_->main.queue.bf16 = precision == CLIPA_PRECISION_BF16;
  worker_ = std::thread([this] { work_loop(); });
}

void* Context::stream() const { return device_->main.queue.stream; }

void Context::reserve(const std::vector<Step>& steps) {
  Device& own = *device_;
  check(cudaSetDevice(own.number), "cudaSetDevice");
  const auto grow = [&](std::unique_ptr<DeviceMemory>& memory, uint64_t bytes) {
    if (memory && memory->bytes() >= bytes) return;
    if (memory) account(-static_cast<int64_t>(memory->bytes()));
    memory.reset();
    memory = std::make_unique<DeviceMemory>(own.number, bytes);
    account(static_cast<int64_t>(bytes));
    ++own.generation;
  };
  if (std::any_of(steps.begin(), steps.end(), [](const Step& step) { return step.side; })) {
    own.open_side();
  }
  struct Planned {
    Device& device;
    explicit Planned(Device& of) : device(of) { plan(true); }
    ~Planned() { plan(false); }
    void plan(bool on) {
      for (Lane* lane : {&device.main, &device.side}) lane->queue.planning = on;
    }
  };
  own.main.needed = own.side.needed = 0;
  std::unique_ptr<Planned> planned(new Planned(own));
  for (const Step& step : steps) {
    if (parts(step)) continue;
    const CudaOp* op = find_cuda_op(step.op.kind);
    if (op == nullptr) {
      throw StatusError(CLIPA_UNSUPPORTED,
                        std::string(step.spec->name) + " has no kernel in the CUDA library");
    }
    Lane& lane = own.lane(step);
    lane.queue.start(0, nullptr);
    op->run(step.op, lane.queue);
    lane.needed = std::max(lane.needed, lane.queue.used());
  }
  planned.reset();
  for (Lane* lane : {&own.main, &own.side}) {
    if (lane->queue.stream == nullptr) continue;
    if (own.products->plans() > 0) grow(lane->products_workspace, Products::kWorkspace);
    if (lane->needed > 0) grow(lane->workspace, lane->needed);
    if (lane->products_workspace) {
      lane->queue.products_workspace = lane->products_workspace->data();
    }
  }
}

Problem Context::run(const Step& step) {
  Device& own = *device_;
  if (own.queued == 0) check(cudaSetDevice(own.number), "cudaSetDevice");
  const int32_t number = own.queued++;
  if (step.op.kind == CLIPA_OP_FORK) own.fork();
  if (step.op.kind == CLIPA_OP_JOIN) own.join();
  if (parts(step)) return {};
  if (step.side) own.parted = true;
  Lane& lane = own.lane(step);
  lane.queue.start(number, lane.workspace ? lane.workspace->data() : nullptr);
  find_cuda_op(step.op.kind)->run(step.op, lane.queue);
  return {};
}

Problem Context::finish() {
  Device& own = *device_;
  own.queued = 0;
  // Where ops end between fork and join: cancelled, timed one by one, or broken off.
  own.join();
  own.parted = false;
  join_sums(own.main.queue);
  const RanksAwaited ranks;
  ranks.check(cudaStreamSynchronize(own.main.queue.stream), "ops on the device");
  int32_t word = 0;
  own.problem->read(0, &word, sizeof word);
  if (word == 0) return {};
  const int32_t none = 0;
  own.problem->write(0, &none, sizeof none);
  return {kWrong[(word - 1) % kWrongKinds], static_cast<uint64_t>((word - 1) / kWrongKinds)};
}

std::unique_ptr<Recording> Context::record(const std::vector<Step>& steps) {
  Device& own = *device_;
  const cudaStream_t stream = own.main.queue.stream;
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "a recording");
  cudaGraph_t graph = nullptr;
  try {
    for (const Step& step : steps) run(step);
    join_sums(own.main.queue);
  } catch (...) {
    own.queued = 0;
    own.parted = false;
    cudaStreamEndCapture(stream, &graph);
    if (graph != nullptr) cudaGraphDestroy(graph);
    throw;
  }
  own.queued = 0;
  own.parted = false;
  check(cudaStreamEndCapture(stream, &graph), "the end of a recording");
  auto made = std::make_unique<GraphRecording>();
  made->device = own.number;
  made->generation = own.generation;
  const cudaError_t error = cudaGraphInstantiate(&made->graph, graph, 0);
  cudaGraphDestroy(graph);
  check(error, "a graph");
  return made;
}

bool Context::replay(Recording& recording) {
  Device& own = *device_;
  auto& graph = static_cast<GraphRecording&>(recording);
  if (graph.generation != own.generation) return false;
  check(cudaSetDevice(own.number), "cudaSetDevice");
  const RanksAwaited ranks;
  ranks.check(cudaGraphLaunch(graph.graph, own.main.queue.stream), "a graph");
  return true;
}

DeviceInfo device_info() { return {"cuda", "cuBLASLt", 32, "cuBLASLt"}; }

}  // namespace clipa
