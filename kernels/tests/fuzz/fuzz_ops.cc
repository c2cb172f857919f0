// Lists of ops with any kinds, sizes, flags and operands, over buffers of any bytes: refused with a
// message, or run with the same bits eagerly and as a program.
#include "base/op.h"
#include "entry.h"

using namespace fuzz;  // NOLINT: a program of one file

namespace {

constexpr int kBuffers = 3;
constexpr size_t kBytes = 1 << 15;

constexpr uint32_t kKinds[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 20, 21,
                               22, 30, 31, 40, 41, 50, 51, 52, 53, 54, 60, 61, 62,
                               63, 70, 71, 72, 73, 80, 81, 82, 83, 0,  99};

// What the buffers hold at first: small whole numbers, small fractions, anything.
std::vector<uint8_t> first_contents(int which, const std::vector<uint8_t>& bytes) {
  if (which == 2) return bytes;
  std::vector<uint8_t> out(kBytes);
  for (size_t at = 0; at + 4 <= kBytes; at += 4) {
    const int32_t whole = bytes[at] % 8;
    const float part = static_cast<float>(static_cast<int8_t>(bytes[at])) / 32.0f;
    if (which == 0) std::memcpy(out.data() + at, &whole, 4);
    if (which == 1) std::memcpy(out.data() + at, &part, 4);
  }
  return out;
}

clipa_op next_op(Input& input, const uint64_t (&buffers)[kBuffers]) {
  clipa_op op{};
  const uint32_t odd = input.take<uint8_t>();
  op.kind = odd == 255 ? input.take<uint32_t>() : kKinds[input.below(sizeof kKinds / 4)];
  op.flags = odd % 16 == 15 ? input.take<uint32_t>() : input.take<uint16_t>() & 511;
  for (int64_t& dim : op.dims) {
    const uint8_t small = input.take<uint8_t>();
    dim = small == 255 ? input.take<int64_t>() : small % 9;
  }
  for (float& scalar : op.scalars) {
    scalar = odd % 8 == 7 ? input.take<float>() : input.take<int8_t>() / 16.0f;
  }
  clipa::Op checked;
  checked.kind = op.kind;
  checked.flags = op.flags;
  std::copy(op.dims, op.dims + CLIPA_MAX_DIMS, checked.dims);
  clipa::Needs needs;
  const clipa::OpSpec* spec = clipa::find_op(op.kind);
  if (spec != nullptr) spec->needs(checked, needs);
  uint64_t at[kBuffers] = {};
  for (int i = 0; i < CLIPA_MAX_OPERANDS; ++i) {
    const uint32_t choice = input.take<uint8_t>();
    clipa_ref& ref = op.operands[i];
    if (choice >= 250) {
      ref = input.take<clipa_ref>();
      continue;
    }
    if (i >= needs.count && choice < 248) continue;
    const bool absent = i < needs.count && needs.operands[i].optional && choice % 2 == 1;
    if (absent) continue;
    const uint32_t which = choice / 2 % kBuffers;
    const uint64_t bytes =
        static_cast<uint64_t>(needs.operands[i].elements * needs.operands[i].element_bytes);
    ref.buffer = buffers[which];
    // One behind the other, or all at the start, or somewhere.
    ref.offset = choice < 160 ? at[which] : choice < 240 ? 0 : input.take<uint16_t>();
    ref.bytes = choice == 247 ? input.take<uint16_t>() : bytes;
    at[which] += (bytes + 3) / 4 * 4;
  }
  return op;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  Input input(data, bytes);
  static uint64_t buffers[kBuffers] = {};
  if (buffers[0] == 0) {
    for (uint64_t& made : buffers) made = buffer(std::vector<uint8_t>(kBytes));
  }
  std::vector<clipa_op> ops(1 + input.below(3));
  for (clipa_op& op : ops) op = next_op(input, buffers);
  const auto rest = input.fill(kBytes);
  std::vector<uint8_t> first[kBuffers];
  for (int i = 0; i < kBuffers; ++i) first[i] = first_contents(i, rest);
  const auto reset = [&] {
    for (int i = 0; i < kBuffers; ++i) {
      demand(clipa_buffer_write(buffers[i], 0, first[i].data(), kBytes) == CLIPA_OK, "written");
    }
  };

  reset();
  const bool eager = succeeded(clipa_execute(context(), ops.data(), ops.size()));
  std::vector<uint8_t> results[kBuffers];
  for (int i = 0; i < kBuffers; ++i) results[i] = contents(buffers[i], kBytes);
  reset();
  uint64_t program = 0;
  const bool made = succeeded(clipa_program_create(context(), ops.data(), ops.size(), &program));
  demand(made || !eager, "what runs eagerly is a program");
  if (!made) return 0;
  // What is wrong with the data is found when it runs, as eagerly.
  const bool ran = succeeded(clipa_program_run(program));
  demand(ran == eager, "a program runs where its ops do");
  for (int i = 0; i < kBuffers && ran; ++i) {
    demand(contents(buffers[i], kBytes) == results[i], "a program gives the bits of its ops");
  }
  succeeded(clipa_program_destroy(program));
  demand(!succeeded(clipa_program_destroy(program)), "twice is refused");
  return 0;
}
