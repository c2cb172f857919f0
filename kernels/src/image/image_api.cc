// The exported functions of clipa_image.h.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/guard.h"
#include "base/handles.h"
#include "base/program.h"
#include "clipa_image.h"
#include "image/colour.h"
#include "image/device_images.h"
#include "image/image_job.h"
#include "image/map.h"
#include "image/resample.h"
#include "image/shape.h"

namespace clipa {

namespace {

static_assert(sizeof(clipa_image_job) == 112, "the host writes jobs in this layout");

HandleTable<Map>& maps() {
  static auto* table = new HandleTable<Map>();
  return *table;
}

Box box_of(const float crop[4]) { return {crop[0], crop[1], crop[0] + crop[2], crop[1] + crop[3]}; }

class BatchWork {
 public:
  BatchWork(const Map& map, uint32_t size, int32_t filter)
      : map_(map), size_(size), filter_(filter), pixels_(int64_t{size} * size) {
    small_.resize(pixels_);
    floats_.resize(3 * pixels_);
  }

  // Null, or what is wrong with the job or its file.
  const char* run(const clipa_image_job& job, uint8_t* rgb) {
    const char* problem = check_job(job, map_, filter_);
    if (problem != nullptr) return problem;
    const uint64_t bytes = picture_bytes(job);
    if (source_.size() < bytes) source_.resize(bytes);
    problem = map_.read(job.offset, bytes, source_.data());
    if (problem != nullptr) return problem;
    const uint8_t* source = change_shapes(job, bytes);
    const bool gray = job.channels == 1;
    const int side = static_cast<int>(size_);
    resampler_.resize(source, static_cast<int>(job.width), static_cast<int>(job.height),
                      static_cast<int>(job.channels), box_of(job.crop), gray ? small_.data() : rgb,
                      side, side, filter_);
    if (gray) {
      static const float kBlack[3] = {0, 0, 0};
      static const float kWhite[3] = {255, 255, 255};
      const bool inked = (job.flags & CLIPA_IMAGE_INK) != 0;
      ink_on_paper(small_.data(), pixels_, inked ? job.ink : kBlack, inked ? job.paper : kWhite,
                   rgb);
    }
    if ((job.flags & CLIPA_IMAGE_FLIP) != 0) flip_lines(size_, rgb);
    distort_colours(job, pixels_, rgb, floats_.data());
    return nullptr;
  }

 private:
  // The stored picture in source_, or what the job makes of its shapes.
  const uint8_t* change_shapes(const clipa_image_job& job, uint64_t bytes) {
    const int width = static_cast<int>(job.width), height = static_cast<int>(job.height);
    const int channels = static_cast<int>(job.channels);
    if ((job.flags & CLIPA_IMAGE_STROKE) != 0) {
      thicken(job.stroke, width, height, channels, source_.data(), &shapes_);
    }
    if ((job.flags & CLIPA_IMAGE_WARP) == 0) return source_.data();
    warped_.resize(bytes);
    warp(source_.data(), job.warp, width, height, channels, warped_.data());
    return warped_.data();
  }

  const Map& map_;
  const uint32_t size_;
  const int32_t filter_;
  const int64_t pixels_;
  Resampler resampler_;
  std::vector<uint8_t> source_;
  std::vector<uint8_t> warped_;
  ShapeScratch shapes_;
  std::vector<uint8_t> small_;
  std::vector<float> floats_;
};

}  // namespace

std::shared_ptr<Map> find_map(uint64_t handle) { return maps().get(handle); }

}  // namespace clipa

using namespace clipa;  // NOLINT: this file is the door between the namespace and C

CLIPA_EXPORT int32_t clipa_map_open(const char* path, uint64_t* map, uint64_t* bytes) {
  return guarded(__func__, [&]() -> int32_t {
    if (path == nullptr) return missing("clipa_map_open", "path");
    if (map == nullptr) return missing("clipa_map_open", "map");
    if (bytes == nullptr) return missing("clipa_map_open", "bytes");
    std::string message;
    std::shared_ptr<Map> made = Map::open(path, &message);
    if (!made) return fail(CLIPA_IO, message);
    *bytes = made->bytes;
    *map = maps().add(std::move(made));
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_map_close(uint64_t map) {
  return guarded(__func__, [&]() -> int32_t {
    return maps().remove(map) ? CLIPA_OK : stale("clipa_map_close", "map");
  });
}

CLIPA_EXPORT int32_t clipa_map_scratch(uint64_t bytes, uint64_t* map) {
  return guarded(__func__, [&]() -> int32_t {
    if (map == nullptr) return missing("clipa_map_scratch", "map");
    if (bytes < 1 || bytes > uint64_t{1} << 40) {
      return fail(CLIPA_INVALID_ARGUMENT, "clipa_map_scratch: bytes must be 1 to 2^40");
    }
    std::string message;
    std::shared_ptr<Map> made = Map::scratch(bytes, &message);
    if (!made) return fail(CLIPA_OUT_OF_MEMORY, message);
    *map = maps().add(std::move(made));
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_map_write(uint64_t map, uint64_t offset, const uint8_t* data,
                                     uint64_t bytes) {
  return guarded(__func__, [&]() -> int32_t {
    std::shared_ptr<Map> memory = find_map(map);
    if (!memory) return stale("clipa_map_write", "map");
    if (data == nullptr) return missing("clipa_map_write", "data");
    const char* problem = memory->write(offset, bytes, data);
    if (problem == nullptr) return CLIPA_OK;
    return fail(CLIPA_INVALID_ARGUMENT, std::string("clipa_map_write: ") + problem);
  });
}

CLIPA_EXPORT int32_t clipa_resize_u8(const uint8_t* src, uint64_t src_bytes, uint32_t width,
                                     uint32_t height, uint32_t channels, const float* box,
                                     uint8_t* dst, uint64_t dst_bytes, uint32_t out_width,
                                     uint32_t out_height, int32_t filter) {
  return guarded(__func__, [&]() -> int32_t {
    if (src == nullptr) return missing("clipa_resize_u8", "src");
    if (box == nullptr) return missing("clipa_resize_u8", "box");
    if (dst == nullptr) return missing("clipa_resize_u8", "dst");
    const char* problem = check_picture(width, height, channels, box, filter);
    if (problem == nullptr &&
        (out_width < 1 || out_height < 1 || out_width > kMaxSide || out_height > kMaxSide)) {
      problem = "sides must be 1 to 65536 pixels";
    }
    if (problem == nullptr && src_bytes != uint64_t{width} * height * channels) {
      problem = "src_bytes differs from width * height * channels";
    }
    if (problem == nullptr && dst_bytes != uint64_t{out_width} * out_height * channels) {
      problem = "dst_bytes differs from out_width * out_height * channels";
    }
    if (problem != nullptr) {
      return fail(CLIPA_INVALID_ARGUMENT, std::string("clipa_resize_u8: ") + problem);
    }
    Resampler().resize(src, static_cast<int>(width), static_cast<int>(height),
                       static_cast<int>(channels), box_of(box), dst, static_cast<int>(out_width),
                       static_cast<int>(out_height), filter);
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_image_batch(uint64_t map, uint64_t jobs, uint64_t count, uint64_t out,
                                       uint32_t out_size, int32_t filter) {
  return guarded(__func__, [&]() -> int32_t {
    std::shared_ptr<Map> pictures = find_map(map);
    if (!pictures) return stale("clipa_image_batch", "map");
    std::shared_ptr<Buffer> job_buffer = find_buffer(jobs);
    if (!job_buffer) return stale("clipa_image_batch", "jobs");
    std::shared_ptr<Buffer> out_buffer = find_buffer(out);
    if (!out_buffer) return stale("clipa_image_batch", "out");
    // A nonblocking call runs on a thread of the host's pool, so the context keeps the message.
    const auto refuse = [&](const std::string& problem) {
      out_buffer->context->set_error("clipa_image_batch: " + problem);
      return fail(CLIPA_INVALID_ARGUMENT, "clipa_image_batch: " + problem);
    };
    const uint64_t one = uint64_t{out_size} * out_size * 3;
    if (out_size < 1 || out_size > 4096 ||
        count > job_buffer->memory.bytes() / sizeof(clipa_image_job) ||
        count > out_buffer->memory.bytes() / one) {
      return refuse(std::to_string(count) + " pictures of " + std::to_string(out_size) +
                    " px do not fit the buffers");
    }
    const HostView jobs_view(job_buffer->memory, count * sizeof(clipa_image_job),
                             HostView::Access::kRead);
    if (!DeviceMemory::kOnHost) {
      std::vector<clipa_image_job> list(count);
      std::memcpy(list.data(), jobs_view.data(), count * sizeof(clipa_image_job));
      const std::string problem = device_images(*pictures, list, out_size, filter, *out_buffer);
      return problem.empty() ? CLIPA_OK : refuse(problem);
    }
    BatchWork work(*pictures, out_size, filter);
    const HostView out_view(out_buffer->memory, count * one, HostView::Access::kWrite);
    uint8_t* rgb = reinterpret_cast<uint8_t*>(out_view.data());
    for (uint64_t i = 0; i < count; ++i) {
      clipa_image_job job;
      std::memcpy(&job, jobs_view.data() + i * sizeof job, sizeof job);
      const char* problem = work.run(job, rgb + i * one);
      if (problem != nullptr) return refuse("picture " + std::to_string(i) + ": " + problem);
    }
    return CLIPA_OK;
  });
}
