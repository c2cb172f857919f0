// Pictures of a batch on CUDA: the stored bytes go over, all else happens there.
#include "image/device_images.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "cuda/check.h"
#include "cuda/picture.h"
#include "image/filter_weight.h"
#include "image/image_job.h"

namespace clipa {

namespace {

// What a buffer of pictures keeps between batches: a stream of its own, so that a program may run
// beside it, and memory that grows to what a batch needs.
class PictureStage {
 public:
  explicit PictureStage(std::shared_ptr<Context> context) : context_(std::move(context)) {
    check(cudaSetDevice(context_->device()), "cudaSetDevice");
    check(cudaStreamCreateWithFlags(&queue_.stream, cudaStreamNonBlocking), "a stream");
  }
  ~PictureStage() {
    account(-1);
    cudaSetDevice(context_->device());
    if (queue_.stream != nullptr) cudaStreamDestroy(queue_.stream);
  }

  std::string run(const Map& map, const std::vector<clipa_image_job>& jobs, uint32_t size,
                  int32_t filter, uint8_t* out) {
    uint64_t stride = 16;
    int taps = 1, rows = 1;
    for (size_t i = 0; i < jobs.size(); ++i) {
      const clipa_image_job& job = jobs[i];
      if (const char* problem = check_job(job, map, filter)) return describe(i, problem);
      stride = std::max(stride, (picture_bytes(job) + 15) / 16 * 16);
      rows = std::max(rows, static_cast<int>(job.height));
      for (int side = 0; side < 2; ++side) {
        const int in = static_cast<int>(side == 0 ? job.width : job.height);
        const float from = job.crop[side];
        taps = std::max(taps, most_taps(filter_scale(in, from, from + job.crop[2 + side],
                                                     static_cast<int>(size), filter)));
      }
    }
    if (stride > kMostStored) return "a stored picture has more than 64 MiB";
    host_.resize(stride * jobs.size());
    for (size_t i = 0; i < jobs.size(); ++i) {
      const char* problem =
          map.read(jobs[i].offset, picture_bytes(jobs[i]), host_.data() + i * stride);
      if (problem != nullptr) return describe(i, problem);
    }
    const uint64_t scratch = picture_scratch(stride, rows, static_cast<int>(size), taps);
    const uint64_t job_bytes = jobs.size() * sizeof(clipa_image_job);
    grow(stored_, host_.size());
    grow(scratch_, scratch * jobs.size());
    grow(jobs_, job_bytes);
    stored_->write(0, host_.data(), host_.size());
    jobs_->write(0, jobs.data(), job_bytes);
    prepare_pictures(queue_,
                     {reinterpret_cast<const clipa_image_job*>(jobs_->data()),
                      reinterpret_cast<uint8_t*>(stored_->data()), stride,
                      reinterpret_cast<uint8_t*>(scratch_->data()), scratch, static_cast<int>(size),
                      filter, taps, rows, out},
                     static_cast<int>(jobs.size()));
    check(cudaStreamSynchronize(queue_.stream), "pictures on the device");
    return "";
  }

 private:
  static constexpr uint64_t kMostStored = 64 << 20;  // so that kernels may count in int

  static std::string describe(size_t number, const char* problem) {
    return "picture " + std::to_string(number) + ": " + problem;
  }

  void grow(std::unique_ptr<DeviceMemory>& memory, uint64_t bytes) {
    if (memory && memory->bytes() >= bytes) return;
    if (memory) context_->account(-static_cast<int64_t>(memory->bytes()));
    memory.reset();
    memory = std::make_unique<DeviceMemory>(context_->device(), bytes);
    context_->account(static_cast<int64_t>(bytes));
  }
  void account(int64_t sign) {
    for (const auto* memory : {&stored_, &scratch_, &jobs_}) {
      if (*memory) context_->account(sign * static_cast<int64_t>((*memory)->bytes()));
    }
  }

  std::shared_ptr<Context> context_;
  Queue queue_;
  std::vector<uint8_t> host_;
  std::unique_ptr<DeviceMemory> stored_, scratch_, jobs_;
};

}  // namespace

std::string device_images(const Map& map, const std::vector<clipa_image_job>& jobs, uint32_t size,
                          int32_t filter, Buffer& out) {
  if (jobs.empty()) return "";
  check(cudaSetDevice(out.context->device()), "cudaSetDevice");
  if (!out.attached) out.attached = std::make_shared<PictureStage>(out.context);
  return static_cast<PictureStage*>(out.attached.get())
      ->run(map, jobs, size, filter, reinterpret_cast<uint8_t*>(out.memory.data()));
}

}  // namespace clipa
