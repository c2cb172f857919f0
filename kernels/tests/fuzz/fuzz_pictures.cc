// Jobs over a mapped file of any bytes, and resizes of host memory.
#include "entry.h"

using namespace fuzz;  // NOLINT: a program of one file

namespace {

clipa_image_job likely_job(Input& input) {
  clipa_image_job job{};
  job.offset = input.take<uint16_t>();
  job.width = 1 + input.below(48);
  job.height = 1 + input.below(48);
  job.channels = input.below(2) == 0 ? 1 : 3;
  job.flags = input.below(64);
  const float share = 1.0f / 256.0f;
  const float left = input.take<uint8_t>() * share * job.width;
  const float top = input.take<uint8_t>() * share * job.height;
  job.crop[0] = left;
  job.crop[1] = top;
  job.crop[2] = (job.width - left) * (1 + input.take<uint8_t>()) * share;
  job.crop[3] = (job.height - top) * (1 + input.take<uint8_t>()) * share;
  for (float& value : job.ink) value = input.take<uint8_t>();
  for (float& value : job.paper) value = input.take<uint8_t>();
  for (float& value : job.jitter) value = input.take<uint8_t>() / 64.0f;
  const uint32_t turn = input.below(4);
  for (uint32_t i = 0; i < 4; ++i) job.order |= ((i + turn) % 4) << (8 * i);
  job.stroke = input.take<int8_t>() / 32.0f;
  for (float& value : job.warp) value = input.take<int8_t>() / 32.0f;
  return job;
}

void resize(Input& input) {
  const bool wild = input.below(4) == 0;
  const uint32_t width = wild ? input.take<uint32_t>() : 1 + input.below(40);
  const uint32_t height = wild ? input.take<uint32_t>() : 1 + input.below(40);
  const uint32_t channels = wild ? input.take<uint32_t>() : 1 + 2 * input.below(2);
  const uint32_t out_width = 1 + input.below(70), out_height = 1 + input.below(70);
  float box[4] = {0, 0, static_cast<float>(width), static_cast<float>(height)};
  if (input.below(2) == 0) {
    for (float& value : box) value = wild ? input.take<float>() : input.take<uint8_t>() / 8.0f;
  }
  const int32_t filter = wild ? input.take<int32_t>() : static_cast<int32_t>(input.below(2));
  const uint64_t bytes =
      wild ? input.take<uint16_t>() : static_cast<uint64_t>(width) * height * channels;
  const auto source = input.fill(bytes);
  std::vector<uint8_t> out(static_cast<size_t>(out_width) * out_height * (wild ? 3 : channels));
  succeeded(clipa_resize_u8(source.data(), source.size(), width, height, channels, box, out.data(),
                            out.size(), out_width, out_height, filter));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  Input input(data, bytes);
  const uint32_t mode = input.take<uint8_t>();
  if (mode % 4 == 3) {
    resize(input);
    return 0;
  }
  const uint32_t count = 1 + input.below(3);
  const uint32_t size = 1 + input.below(72);
  const int32_t filter = mode & 8 ? input.take<int32_t>() : static_cast<int32_t>(input.below(2));
  std::vector<clipa_image_job> jobs(count);
  for (auto& job : jobs) {
    job = likely_job(input);
    // One field of another kind now and then, or all of them.
    if (mode % 4 == 1) job = input.take<clipa_image_job>();
    if (mode % 4 == 2) {
      const size_t at = 4 * input.below(sizeof job / 4);
      const auto word = input.take<uint32_t>();
      std::memcpy(reinterpret_cast<uint8_t*>(&job) + at, &word, 4);
    }
  }
  std::vector<uint8_t> raw(jobs.size() * sizeof(clipa_image_job));
  std::memcpy(raw.data(), jobs.data(), raw.size());
  const uint64_t map = scratch_map(input.fill(1 + input.take<uint16_t>()));
  const uint64_t list = buffer(raw);
  const uint64_t out = buffer(std::vector<uint8_t>(size_t{3} * count * size * size));
  succeeded(
      clipa_image_batch(map, list, mode & 16 ? input.take<uint64_t>() : count, out, size, filter));
  clipa_buffer_destroy(out);
  clipa_buffer_destroy(list);
  clipa_map_close(map);
  return 0;
}
