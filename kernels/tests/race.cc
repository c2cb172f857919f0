// Drives the library from several threads as a host does, for the thread sanitizer: programs of two
// contexts, eager ops, a loader that prepares pictures beside them, requests to cancel, and handles
// that come and go. Exit status 0 when every result is right; the sanitizer's own when it finds a
// race.
//
//   cmake -S kernels -B build/race -DCLIPA_SANITIZE=thread && cmake --build build/race
//   build/race/clipa_race
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "clipa.h"

namespace {

constexpr int kRounds = 40;
constexpr int64_t kFloats = 100000;
constexpr uint64_t kBytes = kFloats * sizeof(float);

std::atomic<int> failures{0};

void expect(bool right, const char* what) {
  if (right) return;
  std::fprintf(stderr, "race: %s\n", what);
  ++failures;
}

uint64_t make_context(int threads) {
  const clipa_context_params params = {sizeof params, 0, threads, 0};
  uint64_t context = 0;
  expect(clipa_context_create(&params, &context) == CLIPA_OK, "no context");
  return context;
}

clipa_op fill(uint64_t buffer, float value) {
  clipa_op op{};
  op.kind = CLIPA_OP_FILL;
  op.dims[0] = kFloats;
  op.scalars[0] = value;
  op.operands[0] = {buffer, 0, kBytes};
  return op;
}

clipa_op add(uint64_t a, uint64_t b, uint64_t y) {
  clipa_op op{};
  op.kind = CLIPA_OP_ADD;
  op.dims[0] = op.dims[1] = kFloats;
  op.operands[0] = {a, 0, kBytes};
  op.operands[1] = {b, 0, kBytes};
  op.operands[2] = {y, 0, kBytes};
  return op;
}

// A column sum has two phases and a workspace that is as large as its width asks for.
clipa_op column_sum(uint64_t x, uint64_t y, int64_t width) {
  clipa_op op{};
  op.kind = CLIPA_OP_COLUMN_SUM;
  op.dims[0] = kFloats / width;
  op.dims[1] = width;
  op.operands[0] = {x, 0, kFloats / width * width * sizeof(float)};
  op.operands[1] = {y, 0, width * sizeof(float)};
  return op;
}

// Trains, so to speak: a program many times over, with eager ops from a second thread between runs.
void compute(int threads) {
  const uint64_t context = make_context(threads);
  uint64_t a = 0, b = 0, y = 0, sums = 0;
  for (uint64_t* buffer : {&a, &b, &y}) clipa_buffer_create(context, kBytes, buffer);
  clipa_buffer_create(context, 10 * sizeof(float), &sums);
  const clipa_op ops[] = {fill(a, 1), fill(b, 2), add(a, b, y), column_sum(y, sums, 10)};
  uint64_t program = 0;
  expect(clipa_program_create(context, ops, 4, &program) == CLIPA_OK, "no program");
  std::atomic<bool> done{false};
  std::thread other([&] {
    uint64_t own = 0, total = 0;
    clipa_buffer_create(context, kBytes, &own);
    clipa_buffer_create(context, kBytes, &total);
    for (int64_t width = 100; !done; width = std::min(width + 100, kFloats)) {
      const clipa_op op = column_sum(own, total, width);
      expect(clipa_execute(context, &op, 1) == CLIPA_OK, "an eager op failed");
      uint64_t bytes = 0, peak = 0;
      clipa_context_memory(context, &bytes, &peak);
      uint64_t short_lived = 0;
      expect(clipa_program_create(context, &op, 1, &short_lived) == CLIPA_OK, "no program");
      clipa_program_destroy(short_lived);
    }
    clipa_buffer_destroy(own);
    clipa_buffer_destroy(total);
  });
  for (int i = 0; i < kRounds; ++i) {
    expect(clipa_program_run(program) == CLIPA_OK, "a program failed");
    float sum[10] = {};
    clipa_buffer_read(sums, 0, sum, sizeof sum);
    expect(sum[0] == 3.0f * kFloats / 10 && sum[9] == sum[0], "a sum is wrong");
  }
  done = true;
  other.join();
  clipa_program_destroy(program);
  clipa_context_destroy(context);
}

// Cancels programs at any moment; each either ends or says that it was cancelled.
void cancel() {
  const uint64_t context = make_context(2);
  uint64_t a = 0;
  clipa_buffer_create(context, kBytes, &a);
  const std::vector<clipa_op> ops(20, fill(a, 1));
  uint64_t program = 0;
  clipa_program_create(context, ops.data(), ops.size(), &program);
  for (int i = 0; i < kRounds; ++i) {
    std::thread stop([&] { clipa_context_cancel(context, 1); });
    const int32_t status = clipa_program_run(program);
    expect(status == CLIPA_OK || status == CLIPA_CANCELLED, "a cancelled program failed");
    stop.join();
    clipa_context_cancel(context, 0);
  }
  clipa_context_destroy(context);  // the program keeps it alive
  clipa_program_destroy(program);
  char text[100];
  expect(clipa_error_message(context, text, sizeof text) == CLIPA_STALE_HANDLE, "not stale");
}

// Prepares pictures on two threads at once, with buffers of a context that computes meanwhile.
void load_pictures(const std::string& path) {
  constexpr uint32_t kSide = 32, kPictures = 8;
  const uint64_t context = make_context(1);
  uint64_t map = 0, bytes = 0;
  expect(clipa_map_open(path.c_str(), &map, &bytes) == CLIPA_OK, "no map");
  const auto prepare = [&] {
    uint64_t jobs = 0, out = 0;
    clipa_buffer_create(context, kPictures * sizeof(clipa_image_job), &jobs);
    clipa_buffer_create(context, kPictures * kSide * kSide * 3, &out);
    for (uint32_t i = 0; i < kPictures; ++i) {
      clipa_image_job job{};
      job.offset = i;
      job.width = job.height = 48;
      job.channels = 1;
      job.crop[2] = job.crop[3] = 48;
      clipa_buffer_write(jobs, i * sizeof job, &job, sizeof job);
    }
    for (int i = 0; i < kRounds; ++i) {
      expect(clipa_image_batch(map, jobs, kPictures, out, kSide, CLIPA_FILTER_BILINEAR) == CLIPA_OK,
             "pictures failed");
    }
    clipa_buffer_destroy(jobs);
    clipa_buffer_destroy(out);
  };
  std::thread one(prepare), two(prepare);
  one.join();
  two.join();
  clipa_map_close(map);
  clipa_context_destroy(context);
}

}  // namespace

int main() {
  std::string path = std::filesystem::temp_directory_path() / "clipa-race-XXXXXX";
  const int file = mkstemp(path.data());
  std::FILE* pixels = file < 0 ? nullptr : fdopen(file, "wb");
  if (pixels == nullptr) {
    std::perror("race: no temporary file");
    return 1;
  }
  for (int i = 0; i < 48 * 48 + 64; ++i) std::fputc(i % 251, pixels);
  std::fclose(pixels);
  std::vector<std::thread> threads;
  threads.emplace_back(compute, 3);
  threads.emplace_back(compute, 2);
  threads.emplace_back(cancel);
  threads.emplace_back(load_pictures, path);
  for (std::thread& thread : threads) thread.join();
  std::remove(path.c_str());
  return failures == 0 ? 0 : 1;
}
