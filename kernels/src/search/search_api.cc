// The exported functions of clipa_search.h.
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <new>
#include <string>

#include "base/guard.h"
#include "base/handles.h"
#include "base/program.h"
#include "clipa_search.h"
#include "image/map.h"
#include "search/codes.h"
#include "search/search.h"

namespace clipa {

namespace {

static_assert(sizeof(clipa_search_layout) == 48, "the host writes this layout");
static_assert(sizeof(clipa_search_report) == 16, "the host reads this layout");
static_assert(sizeof(clipa_search_hit) == 8, "the host reads this layout");
static_assert(kBlock == CLIPA_SEARCH_BLOCK, "the header names the block");

constexpr uint64_t kAlign = 64;

struct SearchIndex {
  std::shared_ptr<Map> map;
  SearchTable table;
};

HandleTable<SearchIndex>& indexes() {
  static auto* table = new HandleTable<SearchIndex>();
  return *table;
}

// Null, or what is wrong with the size of a table.
const char* check_size(uint64_t count, uint32_t width) {
  if (width < 1 || width > CLIPA_SEARCH_MAX_WIDTH) return "the width must be 1 to 2048";
  if (count < 1 || count > 0xffffffffu) return "the count must be 1 to 2^32 - 1";
  return nullptr;
}

// Null, or what is wrong with the place of a part.
const char* check_part(const Map& map, uint64_t at, uint64_t bytes) {
  if (at % kAlign != 0) return "a part does not start at a multiple of 64 bytes";
  if (at > map.bytes || bytes > map.bytes - at) return "a part lies outside the mapped file";
  return nullptr;
}

const char* check_query(const float* query, int64_t width) {
  double squares = 0;
  for (int64_t i = 0; i < width; ++i) squares += static_cast<double>(query[i]) * query[i];
  if (!(squares < INFINITY)) return "the query has a value that is not finite";
  // Rounding is bounded as a share of the length, which must be far from the smallest float.
  return squares > 1e-12 && squares < 1e12 ? nullptr
                                           : "the query's length must be between 1e-6 and 1e6";
}

}  // namespace

}  // namespace clipa

using namespace clipa;  // NOLINT: this file is the door between the namespace and C

CLIPA_EXPORT int32_t clipa_search_encode(float* rows, uint64_t count, uint32_t width,
                                         uint8_t* codes, uint64_t codes_bytes, float* scales,
                                         float* errors, uint64_t scales_bytes) {
  return guarded(__func__, [&]() -> int32_t {
    if (rows == nullptr) return missing("clipa_search_encode", "rows");
    if (codes == nullptr) return missing("clipa_search_encode", "codes");
    if (scales == nullptr) return missing("clipa_search_encode", "scales");
    if (errors == nullptr) return missing("clipa_search_encode", "errors");
    const char* problem = check_size(count, width);
    const auto refuse = [](const std::string& what) {
      return fail(CLIPA_INVALID_ARGUMENT, "clipa_search_encode: " + what);
    };
    if (problem != nullptr) return refuse(problem);
    const uint64_t blocks = code_blocks(static_cast<int64_t>(count));
    const uint64_t bytes = code_bytes(static_cast<int64_t>(count), width);
    if (codes_bytes != bytes) {
      return refuse(std::to_string(codes_bytes) + " bytes for codes, expected " +
                    std::to_string(bytes));
    }
    if (scales_bytes != blocks * kBlock * sizeof(float)) {
      return refuse(std::to_string(scales_bytes) + " bytes for scales and for errors, expected " +
                    std::to_string(blocks * kBlock * sizeof(float)));
    }
    std::memset(codes, 128, bytes);
    std::memset(scales, 0, scales_bytes);
    std::memset(errors, 0, scales_bytes);
    const uint64_t stride = bytes / blocks;
    for (uint64_t i = 0; i < count; ++i) {
      float* row = rows + i * width;
      if (!normalize_row(row, width)) {
        return refuse("row " + std::to_string(i) + " has a value that is not finite");
      }
      encode_row(row, width, static_cast<int64_t>(i % kBlock), codes + i / kBlock * stride,
                 scales + i, errors + i);
    }
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_search_open(uint64_t map, const clipa_search_layout* layout,
                                       uint64_t* index) {
  return guarded(__func__, [&]() -> int32_t {
    if (layout == nullptr) return missing("clipa_search_open", "layout");
    if (index == nullptr) return missing("clipa_search_open", "index");
    std::shared_ptr<Map> file = find_map(map);
    if (!file) return stale("clipa_search_open", "map");
    const uint64_t count = layout->count, width = layout->width;
    const char* problem = check_size(count, layout->width);
    if (problem == nullptr) {
      const uint64_t per_row = code_blocks(static_cast<int64_t>(count)) * kBlock * sizeof(float);
      const uint64_t bytes = code_bytes(static_cast<int64_t>(count), static_cast<int64_t>(width));
      const uint64_t parts[4][2] = {{layout->rows, count * width * sizeof(float)},
                                    {layout->codes, bytes},
                                    {layout->scales, per_row},
                                    {layout->errors, per_row}};
      for (const auto& part : parts) {
        if (problem == nullptr) problem = check_part(*file, part[0], part[1]);
      }
      // The whole of it is read by the first search: without a page fault for each 64 kB.
      if (problem == nullptr) {
        const uint64_t page = layout->codes / 4096 * 4096;
        madvise(const_cast<uint8_t*>(file->data) + page, layout->codes - page + bytes,
                MADV_WILLNEED);
      }
    }
    if (problem != nullptr) {
      return fail(CLIPA_INVALID_ARGUMENT, std::string("clipa_search_open: ") + problem);
    }
    auto made = std::make_shared<SearchIndex>();
    const auto floats = [&](uint64_t at) {
      return reinterpret_cast<const float*>(file->data + at);
    };
    made->table = {floats(layout->rows),        file->data + layout->codes,
                   floats(layout->scales),      floats(layout->errors),
                   static_cast<int64_t>(count), static_cast<int64_t>(width)};
    made->map = std::move(file);
    *index = indexes().add(std::move(made));
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_search_close(uint64_t index) {
  return guarded(__func__, [&]() -> int32_t {
    return indexes().remove(index) ? CLIPA_OK : stale("clipa_search_close", "index");
  });
}

CLIPA_EXPORT int32_t clipa_search_run(uint64_t context, uint64_t index, uint64_t query,
                                      uint64_t hits, uint32_t top, uint32_t flags) {
  return guarded(__func__, [&]() -> int32_t {
    std::shared_ptr<Context> owner = find_context(context);
    if (!owner) return stale("clipa_search_run", "context");
    // A nonblocking call runs on a thread of the host's pool, so the context keeps the message.
    const auto refuse = [&](int32_t status, const std::string& problem) {
      owner->set_error("clipa_search_run: " + problem);
      return fail(status, "clipa_search_run: " + problem);
    };
    std::shared_ptr<SearchIndex> found = indexes().get(index);
    if (!found) return refuse(CLIPA_STALE_HANDLE, "the index was disposed or never opened");
    std::shared_ptr<Buffer> from = find_buffer(query);
    std::shared_ptr<Buffer> to = find_buffer(hits);
    if (!from || !to) return refuse(CLIPA_STALE_HANDLE, "a buffer was disposed or never created");
    const SearchTable& table = found->table;
    if (top < 1 || top > table.count) {
      return refuse(
          CLIPA_INVALID_ARGUMENT,
          "top is " + std::to_string(top) + ", allowed are 1 to " + std::to_string(table.count));
    }
    if (flags > CLIPA_SEARCH_PORTABLE) return refuse(CLIPA_INVALID_ARGUMENT, "unknown flag");
    if (from->memory.bytes() < table.width * sizeof(float) ||
        to->memory.bytes() < sizeof(clipa_search_report) + top * sizeof(clipa_search_hit)) {
      return refuse(CLIPA_INVALID_ARGUMENT, "the query or the hits do not fit their buffers");
    }
    const HostView query_view(from->memory, table.width * sizeof(float), HostView::Access::kRead);
    const auto* values = reinterpret_cast<const float*>(query_view.data());
    const char* problem = check_query(values, table.width);
    if (problem != nullptr) return refuse(CLIPA_INVALID_ARGUMENT, problem);
    // A scan of pages that are no longer there would end the process.
    problem = found->map->check();
    if (problem != nullptr) return refuse(CLIPA_IO, problem);
    bool enough = true;
    const int32_t status = owner->on_worker([&]() -> int32_t {
      const SearchResult result =
          search(*owner, table, values, top, (flags & CLIPA_SEARCH_PORTABLE) != 0);
      enough = result.hits.size() == top;
      if (!enough) return CLIPA_INVALID_ARGUMENT;
      const clipa_search_report report{static_cast<uint32_t>(result.hits.size()), result.candidates,
                                       result.scored, 0};
      to->memory.write(0, &report, sizeof report);
      to->memory.write(sizeof report, result.hits.data(),
                       result.hits.size() * sizeof(clipa_search_hit));
      return CLIPA_OK;
    });
    return enough ? status
                  : refuse(status,
                           "the index contradicts itself: its bounds rule out too many "
                           "rows; remove it and build it again");
  });
}
