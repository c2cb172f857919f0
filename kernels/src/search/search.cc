#include "search/search.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>
#include <new>

#include "lanes/lanes.h"
#include "search/codes.h"
#include "search/exact_score.h"
#include "search/scan.h"

namespace clipa {

namespace {

using L = Lanes<kBlock>;

constexpr int64_t kBlocksPerTask = 256;
constexpr int64_t kRowsPerTask = 64;
constexpr int64_t kFirstBatch = 256;
constexpr int64_t kLargestBatch = 8192;

struct Candidate {
  float bound;  // no score is higher
  uint32_t row;
};

// What one thread has found. Its own cache lines: threads write here all the time.
struct alignas(128) Finds {
  std::vector<float> lower;  // the `top` highest lower bounds, a heap with the least in front
  std::vector<Candidate> candidates;
};

struct Scan {
  const SearchTable& table;
  const QueryCodes& query;
  size_t top;
  bool portable;
  std::vector<Finds> finds;
  // A lower bound of the score of the last hit; it only rises.
  std::atomic<float> reach{-std::numeric_limits<float>::infinity()};
  std::atomic<bool> out_of_memory{false};

  void raise(float least) {
    float seen = reach.load(std::memory_order_relaxed);
    while (least > seen && !reach.compare_exchange_weak(seen, least)) {
    }
  }

  void note(Finds& found, int64_t row, float upper, float lower) {
    if (found.candidates.size() == found.candidates.capacity()) drop_beaten(found);
    found.candidates.push_back({upper, static_cast<uint32_t>(row)});
    std::vector<float>& heap = found.lower;
    if (!(lower == lower)) lower = -std::numeric_limits<float>::infinity();
    if (heap.size() == top) {
      if (lower <= heap.front()) return;
      std::pop_heap(heap.begin(), heap.end(), std::greater<float>());
      heap.back() = lower;
    } else {
      heap.push_back(lower);
    }
    std::push_heap(heap.begin(), heap.end(), std::greater<float>());
    if (heap.size() == top) raise(heap.front());
  }

  // Before the list grows: what was good enough at first may be beaten by now.
  void drop_beaten(Finds& found) {
    const float least = reach.load(std::memory_order_relaxed);
    std::vector<Candidate>& list = found.candidates;
    list.erase(std::remove_if(list.begin(), list.end(),
                              [least](const Candidate& c) { return c.bound < least; }),
               list.end());
    if (list.size() * 2 > list.capacity()) list.reserve(std::max<size_t>(1024, list.size() * 2));
  }

  void blocks(int64_t begin, int64_t end, Finds& found) {
    const int64_t stride = code_groups(table.width) * kBlock * kGroup;
    const auto sums_of = portable ? block_sums_portable : block_sums;
    const L::V scale = L::splat(query.scale), slack = L::splat(query.slack);
    const L::V per_error = L::splat(query.slack_per_error);
    float least = reach.load(std::memory_order_relaxed);
    for (int64_t block = begin; block < end; ++block) {
      const BlockSums sums = sums_of(table.codes + block * stride, query) - query.offset;
      const int64_t first = block * kBlock;
      const L::V score =
          __builtin_convertvector((L::I)sums, L::V) * (L::load(table.scales + first) * scale);
      const L::V wrong_by = L::load(table.errors + first) * per_error + slack;
      const L::V upper = score + wrong_by;
      if (!(L::reduce_max(upper) >= least)) continue;
      for (int64_t lane = 0; lane < kBlock && first + lane < table.count; ++lane) {
        if (!(upper[lane] >= least)) continue;
        note(found, first + lane, upper[lane], score[lane] - wrong_by[lane]);
        least = reach.load(std::memory_order_relaxed);
      }
    }
  }
};

// Threads of the team end no exception, so a full memory is noted.
void scan_task(void* data, int64_t task, int thread) {
  Scan& scan = *static_cast<Scan*>(data);
  const int64_t blocks = code_blocks(scan.table.count);
  const int64_t begin = task * kBlocksPerTask;
  try {
    scan.blocks(begin, std::min(blocks, begin + kBlocksPerTask), scan.finds[thread]);
  } catch (const std::bad_alloc&) {
    scan.out_of_memory = true;
  }
}

struct Scoring {
  const SearchTable& table;
  const float* query;
  const Candidate* candidates;
  int64_t count;
  clipa_search_hit* hits;
};

void score_task(void* data, int64_t task, int) {
  const Scoring& work = *static_cast<const Scoring*>(data);
  const int64_t width = work.table.width, begin = task * kRowsPerTask;
  const int64_t end = std::min(work.count, begin + kRowsPerTask);
  for (int64_t i = begin; i < end; ++i) {
    const uint32_t row = work.candidates[i].row;
    if (i + 2 < end) {
      const float* later = work.table.rows + work.candidates[i + 2].row * width;
      for (int64_t at = 0; at < std::min<int64_t>(width, 256); at += 16) {
        __builtin_prefetch(later + at);
      }
    }
    const float score = exact_score(work.table.rows + row * width, work.query, width);
    // Only a file changed after its check can give NaN, which would spoil the order.
    work.hits[i] = {row, score == score ? score : -std::numeric_limits<float>::infinity()};
  }
}

bool better(const clipa_search_hit& a, const clipa_search_hit& b) {
  return a.score > b.score || (a.score == b.score && a.row < b.row);
}

// All that the bounds left, the highest bound first. Orders them only as far as they are needed:
// each batch is the best of the rest.
void score_candidates(Context& context, const SearchTable& table, const float* query, size_t top,
                      std::vector<Candidate>& list, SearchResult* result) {
  std::vector<clipa_search_hit> batch(kLargestBatch);
  std::vector<clipa_search_hit>& best = result->hits;  // a heap with the worst in front
  const auto higher = [](const Candidate& a, const Candidate& b) { return a.bound > b.bound; };
  std::sort(list.begin(), list.end(), higher);
  int64_t size = kFirstBatch;
  for (size_t at = 0; at < list.size();) {
    // An equal bound may still be an equal score of a lower row.
    if (best.size() == top && list[at].bound < best.front().score) break;
    const int64_t count = std::min<int64_t>(size, list.size() - at);
    Scoring work{table, query, list.data() + at, count, batch.data()};
    context.parallel((count + kRowsPerTask - 1) / kRowsPerTask, score_task, &work);
    for (int64_t i = 0; i < count; ++i) {
      if (best.size() < top) {
        best.push_back(batch[i]);
      } else if (better(batch[i], best.front())) {
        std::pop_heap(best.begin(), best.end(), better);
        best.back() = batch[i];
      } else {
        continue;
      }
      std::push_heap(best.begin(), best.end(), better);
    }
    result->scored += static_cast<uint32_t>(count);
    at += count;
    size = std::min(2 * size, kLargestBatch);
  }
  std::sort(best.begin(), best.end(), better);
}

}  // namespace

SearchResult search(Context& context, const SearchTable& table, const float* query, uint32_t top,
                    bool portable) {
  const QueryCodes codes(query, table.width);
  Scan scan{table, codes, top, portable, std::vector<Finds>(context.threads())};
  for (Finds& found : scan.finds) {
    found.lower.reserve(top);
    found.candidates.reserve(1024);
  }
  const int64_t tasks = (code_blocks(table.count) + kBlocksPerTask - 1) / kBlocksPerTask;
  context.parallel(tasks, scan_task, &scan);
  if (scan.out_of_memory) throw std::bad_alloc();
  // The bounds of all threads together reach higher than those of one.
  std::vector<float> lower;
  for (const Finds& found : scan.finds) {
    lower.insert(lower.end(), found.lower.begin(), found.lower.end());
  }
  // Bounds of a stranger's file may be no numbers, and none of them compares.
  if (lower.size() < top) return {};
  std::nth_element(lower.begin(), lower.begin() + (top - 1), lower.end(), std::greater<float>());
  const float least = lower[top - 1];
  std::vector<Candidate> list;
  for (const Finds& found : scan.finds) {
    std::copy_if(found.candidates.begin(), found.candidates.end(), std::back_inserter(list),
                 [least](const Candidate& c) { return c.bound >= least; });
  }
  SearchResult result;
  result.candidates = static_cast<uint32_t>(list.size());
  score_candidates(context, table, query, top, list, &result);
  return result;
}

}  // namespace clipa
