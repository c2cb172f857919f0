// The exported functions of clipa.h: handles in, statuses out, no exception past this file.
#include <omp.h>

#include <cstdio>
#include <cstring>
#include <new>
#include <string>

#include "base/context.h"
#include "base/device_info.h"
#include "base/guard.h"
#include "base/handles.h"
#include "base/program.h"
#include "clipa.h"

namespace clipa {

namespace {

HandleTable<Context>& contexts() {
  static auto* table = new HandleTable<Context>();
  return *table;
}
HandleTable<Buffer>& buffers() {
  static auto* table = new HandleTable<Buffer>();
  return *table;
}
HandleTable<Program>& programs() {
  static auto* table = new HandleTable<Program>();
  return *table;
}

int32_t fail_in(Context& context, int32_t status, const std::string& message) {
  context.set_error(message);
  return fail(status, message);
}

int32_t copy_text(const std::string& text, char* out, uint64_t bytes) {
  const uint64_t count = text.size() < bytes - 1 ? text.size() : bytes - 1;
  std::memcpy(out, text.data(), count);
  out[count] = '\0';
  return CLIPA_OK;
}

// The range of a host copy, checked against the buffer.
int32_t check_range(const char* function, const Buffer& buffer, uint64_t offset, uint64_t bytes) {
  const uint64_t have = buffer.memory.bytes();
  if (offset <= have && bytes <= have - offset) return CLIPA_OK;
  char text[160];
  std::snprintf(text, sizeof text, "%s: bytes %llu+%llu of a buffer of %llu", function,
                static_cast<unsigned long long>(offset), static_cast<unsigned long long>(bytes),
                static_cast<unsigned long long>(have));
  return fail(CLIPA_INVALID_ARGUMENT, text);
}

}  // namespace

std::shared_ptr<Buffer> find_buffer(uint64_t handle) { return buffers().get(handle); }
std::shared_ptr<Context> find_context(uint64_t handle) { return contexts().get(handle); }

}  // namespace clipa

using namespace clipa;  // NOLINT: this file is the door between the namespace and C

CLIPA_EXPORT int32_t clipa_abi_version(uint32_t* version) {
  if (version == nullptr) return missing(__func__, "version");
  *version = CLIPA_ABI_VERSION;
  return CLIPA_OK;
}

CLIPA_EXPORT int32_t clipa_build_info(char* out, uint64_t bytes) {
  return guarded(__func__, [&]() -> int32_t {
    if (out == nullptr || bytes == 0) return missing("clipa_build_info", "out");
    const DeviceInfo info = device_info();
    char text[512];
    std::snprintf(text, sizeof text,
                  "{\"abi\":%d,\"device\":\"%s\",\"compiler\":\"%s\",\"blas\":\"%s\","
                  "\"lanes\":%d,\"bf16\":\"%s\",\"openmp\":%d,\"cores\":%d}",
                  CLIPA_ABI_VERSION, info.device, __VERSION__, info.blas, info.lanes, info.bf16,
                  _OPENMP, omp_get_num_procs());
    return copy_text(text, out, bytes);
  });
}

CLIPA_EXPORT int32_t clipa_error_message(uint64_t context, char* out, uint64_t bytes) {
  return guarded(__func__, [&]() -> int32_t {
    if (out == nullptr || bytes == 0) return missing("clipa_error_message", "out");
    if (context == 0) return copy_text(clipa_last_error(), out, bytes);
    std::shared_ptr<Context> found = contexts().get(context);
    if (!found) return stale("clipa_error_message", "context");
    return copy_text(found->error(), out, bytes);
  });
}

CLIPA_EXPORT int32_t clipa_context_create(const clipa_context_params* params, uint64_t* context) {
  return guarded(__func__, [&]() -> int32_t {
    if (params == nullptr) return missing("clipa_context_create", "params");
    if (context == nullptr) return missing("clipa_context_create", "context");
    if (params->size != sizeof(clipa_context_params)) {
      return fail(CLIPA_INVALID_ARGUMENT, "clipa_context_create: params.size is " +
                                              std::to_string(params->size) + ", expected " +
                                              std::to_string(sizeof(clipa_context_params)));
    }
    if (params->threads < 0 || params->threads > 256) {
      return fail(CLIPA_INVALID_ARGUMENT, "clipa_context_create: threads is " +
                                              std::to_string(params->threads) +
                                              ", allowed are 0 (all cores) to 256");
    }
    if (params->precision > CLIPA_PRECISION_BF16) {
      return fail(CLIPA_INVALID_ARGUMENT, "clipa_context_create: precision is " +
                                              std::to_string(params->precision) +
                                              ", allowed are 0 (float32) and 1 (bfloat16)");
    }
    const int threads = params->threads > 0 ? params->threads : omp_get_num_procs();
    *context =
        contexts().add(std::make_shared<Context>(threads, params->device, params->precision));
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_context_destroy(uint64_t context) {
  return guarded(__func__, [&]() -> int32_t {
    return contexts().remove(context) ? CLIPA_OK : stale("clipa_context_destroy", "context");
  });
}

CLIPA_EXPORT int32_t clipa_context_cancel(uint64_t context, int32_t flag) {
  return guarded(__func__, [&]() -> int32_t {
    std::shared_ptr<Context> found = contexts().get(context);
    if (!found) return stale("clipa_context_cancel", "context");
    found->cancelled = flag;
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_context_memory(uint64_t context, uint64_t* bytes, uint64_t* peak_bytes) {
  return guarded(__func__, [&]() -> int32_t {
    if (bytes == nullptr) return missing("clipa_context_memory", "bytes");
    if (peak_bytes == nullptr) return missing("clipa_context_memory", "peak_bytes");
    std::shared_ptr<Context> found = contexts().get(context);
    if (!found) return stale("clipa_context_memory", "context");
    *bytes = found->memory();
    *peak_bytes = found->peak_memory();
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_buffer_create(uint64_t context, uint64_t bytes, uint64_t* buffer) {
  return guarded(__func__, [&]() -> int32_t {
    if (buffer == nullptr) return missing("clipa_buffer_create", "buffer");
    std::shared_ptr<Context> found = contexts().get(context);
    if (!found) return stale("clipa_buffer_create", "context");
    try {
      *buffer = buffers().add(std::make_shared<Buffer>(found, bytes));
    } catch (const std::bad_alloc&) {
      return fail_in(*found, CLIPA_OUT_OF_MEMORY,
                     "clipa_buffer_create: no memory for " + std::to_string(bytes) + " bytes");
    }
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_buffer_destroy(uint64_t buffer) {
  return guarded(__func__, [&]() -> int32_t {
    return buffers().remove(buffer) ? CLIPA_OK : stale("clipa_buffer_destroy", "buffer");
  });
}

CLIPA_EXPORT int32_t clipa_buffer_write(uint64_t buffer, uint64_t offset, const void* data,
                                        uint64_t bytes) {
  return guarded(__func__, [&]() -> int32_t {
    if (data == nullptr && bytes > 0) return missing("clipa_buffer_write", "data");
    std::shared_ptr<Buffer> found = buffers().get(buffer);
    if (!found) return stale("clipa_buffer_write", "buffer");
    const int32_t status = check_range("clipa_buffer_write", *found, offset, bytes);
    if (status == CLIPA_OK) found->memory.write(offset, data, bytes);
    return status;
  });
}

CLIPA_EXPORT int32_t clipa_buffer_read(uint64_t buffer, uint64_t offset, void* data,
                                       uint64_t bytes) {
  return guarded(__func__, [&]() -> int32_t {
    if (data == nullptr && bytes > 0) return missing("clipa_buffer_read", "data");
    std::shared_ptr<Buffer> found = buffers().get(buffer);
    if (!found) return stale("clipa_buffer_read", "buffer");
    const int32_t status = check_range("clipa_buffer_read", *found, offset, bytes);
    if (status == CLIPA_OK) found->memory.read(offset, data, bytes);
    return status;
  });
}

CLIPA_EXPORT int32_t clipa_execute(uint64_t context, const clipa_op* ops, uint64_t count) {
  return guarded(__func__, [&]() -> int32_t {
    if (ops == nullptr && count > 0) return missing("clipa_execute", "ops");
    std::shared_ptr<Context> found = contexts().get(context);
    if (!found) return stale("clipa_execute", "context");
    Program once(found);
    std::string message;
    // Checked on the worker too: a workspace must not grow under a program that is running.
    const int32_t status = found->on_worker([&] {
      const int32_t checked = once.add(ops, count, &message);
      return checked == CLIPA_OK ? once.run(&message) : checked;
    });
    return status == CLIPA_OK ? CLIPA_OK : fail_in(*found, status, message);
  });
}

CLIPA_EXPORT int32_t clipa_program_create(uint64_t context, const clipa_op* ops, uint64_t count,
                                          uint64_t* program) {
  return guarded(__func__, [&]() -> int32_t {
    if (ops == nullptr && count > 0) return missing("clipa_program_create", "ops");
    if (program == nullptr) return missing("clipa_program_create", "program");
    std::shared_ptr<Context> found = contexts().get(context);
    if (!found) return stale("clipa_program_create", "context");
    auto made = std::make_shared<Program>(found);
    std::string message;
    const int32_t status = found->on_worker([&] { return made->add(ops, count, &message); });
    if (status != CLIPA_OK) return fail_in(*found, status, message);
    *program = programs().add(std::move(made));
    return CLIPA_OK;
  });
}

CLIPA_EXPORT int32_t clipa_program_destroy(uint64_t program) {
  return guarded(__func__, [&]() -> int32_t {
    return programs().remove(program) ? CLIPA_OK : stale("clipa_program_destroy", "program");
  });
}

CLIPA_EXPORT int32_t clipa_program_run(uint64_t program) {
  return guarded(__func__, [&]() -> int32_t {
    std::shared_ptr<Program> found = programs().get(program);
    if (!found) return stale("clipa_program_run", "program");
    std::string message;
    const int32_t status = found->context().on_worker([&] { return found->run(&message); });
    return status == CLIPA_OK ? CLIPA_OK : fail_in(found->context(), status, message);
  });
}

CLIPA_EXPORT int32_t clipa_program_profile(uint64_t program, double* seconds, uint64_t count,
                                           uint64_t* runs) {
  return guarded(__func__, [&]() -> int32_t {
    if (seconds == nullptr) return missing("clipa_program_profile", "seconds");
    if (runs == nullptr) return missing("clipa_program_profile", "runs");
    std::shared_ptr<Program> found = programs().get(program);
    if (!found) return stale("clipa_program_profile", "program");
    if (count != found->size()) {
      return fail(CLIPA_INVALID_ARGUMENT, "clipa_program_profile: count is " +
                                              std::to_string(count) + ", the program has " +
                                              std::to_string(found->size()) + " ops");
    }
    std::vector<double>& spent = found->seconds();
    if (spent.empty()) spent.assign(found->size(), 0);
    for (uint64_t i = 0; i < count; ++i) {
      seconds[i] = spent[i];
      spent[i] = 0;
    }
    *runs = found->runs;
    found->runs = 0;
    return CLIPA_OK;
  });
}
