// An index file of a stranger, opened and searched; and rows that this library encoded itself,
// where both scans must give the same hits.
#include <cmath>

#include "entry.h"

using namespace fuzz;  // NOLINT: a program of one file

namespace {

constexpr uint64_t kAlign = 64;

uint64_t aligned(uint64_t at) { return (at + kAlign - 1) / kAlign * kAlign; }

struct Hits {
  bool found = false;
  clipa_search_report report{};
  std::vector<clipa_search_hit> hits;
};

Hits search(uint64_t index, uint64_t query, uint32_t top, uint32_t flags) {
  const size_t room = std::min<uint32_t>(top, 64);
  const size_t bytes = sizeof(clipa_search_report) + room * sizeof(clipa_search_hit);
  const uint64_t out = buffer(std::vector<uint8_t>(bytes));
  Hits result;
  result.found = succeeded(clipa_search_run(context(), index, query, out, top, flags));
  if (result.found) {
    const auto all = contents(out, bytes);
    std::memcpy(&result.report, all.data(), sizeof result.report);
    result.hits.resize(room);
    std::memcpy(result.hits.data(), all.data() + sizeof result.report,
                bytes - sizeof result.report);
  }
  clipa_buffer_destroy(out);
  return result;
}

// Whatever the file says: no more hits than asked for, of rows that there are.
void check_hits(const Hits& result, uint32_t top, uint64_t count) {
  if (!result.found) return;
  demand(result.report.found == top, "as many hits as asked for");
  demand(result.report.candidates <= count, "no more candidates than rows");
  for (uint32_t i = 0; i < result.report.found; ++i) {
    demand(result.hits[i].row < count, "a hit is a row");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  Input input(data, bytes);
  const uint32_t mode = input.take<uint8_t>();
  const uint32_t width = 1 + input.take<uint16_t>() % (mode & 1 ? 2100 : 40);
  const uint64_t count = 1 + input.below(80);
  const uint32_t top = mode & 2 ? input.take<uint32_t>() : 1 + input.below(8);
  const uint32_t flags = mode & 4 ? input.take<uint32_t>() : 0;
  const uint64_t blocks = (count + CLIPA_SEARCH_BLOCK - 1) / CLIPA_SEARCH_BLOCK;
  const uint64_t code_bytes = blocks * ((width + 3) / 4) * CLIPA_SEARCH_BLOCK * 4;
  const uint64_t part = blocks * CLIPA_SEARCH_BLOCK * sizeof(float);
  clipa_search_layout layout{};
  layout.codes = aligned(count * width * sizeof(float));
  layout.scales = aligned(layout.codes + code_bytes);
  layout.errors = aligned(layout.scales + part);
  layout.count = count;
  layout.width = width;
  const uint64_t size = layout.errors + part;
  if (mode & 8) layout = input.take<clipa_search_layout>();
  std::vector<float> query(mode & 8 ? 2100 : width);
  for (float& value : query) value = static_cast<float>(input.take<int8_t>()) / 16.0f;
  std::vector<uint8_t> file = input.fill(size);

  bool encoded = false;
  if ((mode & 24) == 16) {
    auto* rows = reinterpret_cast<float*>(file.data());
    auto* scales = reinterpret_cast<float*>(file.data() + layout.scales);
    auto* errors = reinterpret_cast<float*>(file.data() + layout.errors);
    encoded = succeeded(clipa_search_encode(rows, count, width, file.data() + layout.codes,
                                            code_bytes, scales, errors, part));
  }
  const uint64_t map = scratch_map(file);
  std::vector<uint8_t> raw(query.size() * sizeof(float));
  std::memcpy(raw.data(), query.data(), raw.size());
  const uint64_t asked = buffer(raw);
  uint64_t index = 0;
  if (succeeded(clipa_search_open(map, &layout, &index))) {
    const Hits native = search(index, asked, top, flags);
    check_hits(native, top, layout.count);
    if (encoded && flags == 0 && native.found) {
      const Hits portable = search(index, asked, top, CLIPA_SEARCH_PORTABLE);
      demand(portable.found && portable.report.found == native.report.found, "both scans answer");
      for (uint32_t i = 0; i < native.report.found; ++i) {
        demand(portable.hits[i].row == native.hits[i].row &&
                   portable.hits[i].score == native.hits[i].score,
               "both scans give the same hits");
      }
    }
    succeeded(clipa_search_close(index));
  }
  clipa_buffer_destroy(asked);
  clipa_map_close(map);
  return 0;
}
