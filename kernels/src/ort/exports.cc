// The exported functions of clipa_ort.h, and the entry point for any ONNX Runtime.
#include <cstring>
#include <string>

#include "base/guard.h"
#include "base/handles.h"
#include "clipa_ort.h"
#include "ort/custom_ops.h"
#include "ort/session_run.h"

namespace clipa {
namespace ort {

namespace {

HandleTable<Session>& sessions() {
  static auto* table = new HandleTable<Session>();
  return *table;
}
HandleTable<SessionRun>& runs() {
  static auto* table = new HandleTable<SessionRun>();
  return *table;
}

// Runs body; a failure's message goes to the calling thread and, where there is one, to the object.
template <class Body>
int32_t reported(const char* function, LastError* error, Body body) {
  const auto failed = [&](int32_t status, const std::string& what) {
    const std::string message = std::string(function) + ": " + what;
    if (error != nullptr) error->set(message);
    return fail(status, message);
  };
  return guarded(function, [&]() -> int32_t {
    try {
      body();
      return CLIPA_OK;
    } catch (const Failure& failure) {
      return failed(failure.status, failure.what());
    } catch (const std::bad_alloc&) {
      return failed(CLIPA_OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception& other) {
      return failed(CLIPA_INTERNAL, other.what());
    }
  });
}

template <class Body>
int32_t with_run(const char* function, uint64_t run, Body body) {
  const std::shared_ptr<SessionRun> found = runs().get(run);
  if (!found) return stale(function, "run");
  return reported(function, &found->error, [&] { body(*found); });
}

clipa_ort_tensor tensor_from(int32_t type, const int64_t* dims, uint64_t rank) {
  if (rank > CLIPA_ORT_MAX_RANK) {
    throw Failure(CLIPA_INVALID_ARGUMENT, "rank is " + std::to_string(rank) +
                                              "; allowed are up to " +
                                              std::to_string(CLIPA_ORT_MAX_RANK));
  }
  clipa_ort_tensor tensor = {};
  tensor.type = type;
  tensor.rank = static_cast<int32_t>(rank);
  if (rank > 0) std::memcpy(tensor.dims, dims, sizeof(int64_t) * rank);
  return tensor;
}

void check_params(const clipa_ort_params& params) {
  const auto refuse = [](const std::string& text) { throw Failure(CLIPA_INVALID_ARGUMENT, text); };
  if (params.size != sizeof(clipa_ort_params)) {
    refuse("params.size is " + std::to_string(params.size) + ", expected " +
           std::to_string(sizeof(clipa_ort_params)));
  }
  if (params.threads < 1 || params.threads > 256) {
    refuse("threads is " + std::to_string(params.threads) + ", allowed are 1 to 256");
  }
  if (params.provider < CLIPA_ORT_AUTO || params.provider > CLIPA_ORT_CUDA) {
    refuse("provider is " + std::to_string(params.provider) +
           ", allowed are 0 (auto), 1 (cpu), 2 (cuda)");
  }
  if (params.device < 0) refuse("device is " + std::to_string(params.device));
  if (params.spin < 0 || params.spin > 1000000) {
    refuse("spin is " + std::to_string(params.spin) + ", allowed are 0 to 1000000 microseconds");
  }
  if (params.reserved != 0) refuse("reserved is " + std::to_string(params.reserved) + ", not 0");
}

int32_t copy_out(const std::string& text, char* out, uint64_t bytes, uint64_t* needed) {
  *needed = text.size() + 1;
  if (out == nullptr || bytes == 0) return CLIPA_OK;
  const uint64_t count = text.size() < bytes - 1 ? text.size() : bytes - 1;
  std::memcpy(out, text.data(), count);
  out[count] = '\0';
  return CLIPA_OK;
}

}  // namespace

}  // namespace ort
}  // namespace clipa

using namespace clipa;       // NOLINT: this file is the door between the namespace and C
using namespace clipa::ort;  // NOLINT

static_assert(sizeof(clipa_ort_params) == 32, "the host writes params in this layout");
static_assert(sizeof(clipa_ort_tensor) == 72, "the host reads tensors in this layout");

CLIPA_EXPORT int32_t clipa_ort_load(const char* library, const char* version) {
  if (library == nullptr) return missing("clipa_ort_load", "library");
  if (version == nullptr) return missing("clipa_ort_load", "version");
  return reported("clipa_ort_load", nullptr, [&] { load(library, version); });
}

CLIPA_EXPORT int32_t clipa_ort_error_message(uint64_t session, uint64_t run, char* out,
                                             uint64_t bytes) {
  return guarded(__func__, [&]() -> int32_t {
    if (out == nullptr || bytes == 0) return missing("clipa_ort_error_message", "out");
    uint64_t needed = 0;
    if (run != 0) {
      const std::shared_ptr<SessionRun> found = runs().get(run);
      if (!found) return stale("clipa_ort_error_message", "run");
      return copy_out(found->error.get(), out, bytes, &needed);
    }
    if (session == 0) return copy_out(clipa_last_error(), out, bytes, &needed);
    const std::shared_ptr<Session> found = sessions().get(session);
    if (!found) return stale("clipa_ort_error_message", "session");
    return copy_out(found->error.get(), out, bytes, &needed);
  });
}

CLIPA_EXPORT int32_t clipa_ort_custom_ops(char* out, uint64_t bytes, uint64_t* needed) {
  return guarded(__func__, [&]() -> int32_t {
    if (needed == nullptr) return missing("clipa_ort_custom_ops", "needed");
    return copy_out(describe_custom_ops(), out, bytes, needed);
  });
}

CLIPA_EXPORT int32_t clipa_ort_session_create(const clipa_ort_params* params, const char* path,
                                              const void* model, uint64_t bytes,
                                              uint64_t* session) {
  if (params == nullptr) return missing("clipa_ort_session_create", "params");
  if (session == nullptr) return missing("clipa_ort_session_create", "session");
  return reported("clipa_ort_session_create", nullptr, [&] {
    check_params(*params);
    const std::string file = path != nullptr ? path : "";
    if (file.empty() && (model == nullptr || bytes == 0)) {
      throw Failure(CLIPA_INVALID_ARGUMENT, "neither a path nor the bytes of a model were given");
    }
    std::string copy(file.empty() ? static_cast<const char*>(model) : "", file.empty() ? bytes : 0);
    *session = sessions().add(std::make_shared<Session>(*params, file, std::move(copy)));
  });
}

CLIPA_EXPORT int32_t clipa_ort_session_use_context(uint64_t session, uint64_t context) {
  const std::shared_ptr<Session> found = sessions().get(session);
  if (!found) return stale("clipa_ort_session_use_context", "session");
  std::shared_ptr<Context> owner = find_context(context);
  if (!owner) return stale("clipa_ort_session_use_context", "context");
  return reported("clipa_ort_session_use_context", &found->error,
                  [&] { found->use_context(std::move(owner)); });
}

CLIPA_EXPORT int32_t clipa_ort_session_open(uint64_t session) {
  const std::shared_ptr<Session> found = sessions().get(session);
  if (!found) return stale("clipa_ort_session_open", "session");
  return reported("clipa_ort_session_open", &found->error, [&] { found->open(); });
}

CLIPA_EXPORT int32_t clipa_ort_session_destroy(uint64_t session) {
  return guarded(__func__, [&]() -> int32_t {
    return sessions().remove(session) ? CLIPA_OK : stale("clipa_ort_session_destroy", "session");
  });
}

CLIPA_EXPORT int32_t clipa_ort_session_info(uint64_t session, char* out, uint64_t bytes,
                                            uint64_t* needed) {
  return guarded(__func__, [&]() -> int32_t {
    if (needed == nullptr) return missing("clipa_ort_session_info", "needed");
    const std::shared_ptr<Session> found = sessions().get(session);
    if (!found) return stale("clipa_ort_session_info", "session");
    if (found->get() == nullptr) {
      return fail(CLIPA_INVALID_ARGUMENT, "clipa_ort_session_info: the session is not open");
    }
    return copy_out(found->info(), out, bytes, needed);
  });
}

CLIPA_EXPORT int32_t clipa_ort_run_create(uint64_t session, uint64_t* run) {
  if (run == nullptr) return missing("clipa_ort_run_create", "run");
  const std::shared_ptr<Session> found = sessions().get(session);
  if (!found) return stale("clipa_ort_run_create", "session");
  return reported("clipa_ort_run_create", &found->error,
                  [&] { *run = runs().add(std::make_shared<SessionRun>(found)); });
}

CLIPA_EXPORT int32_t clipa_ort_run_destroy(uint64_t run) {
  return guarded(__func__, [&]() -> int32_t {
    return runs().remove(run) ? CLIPA_OK : stale("clipa_ort_run_destroy", "run");
  });
}

CLIPA_EXPORT int32_t clipa_ort_run_input(uint64_t run, uint64_t index, int32_t type,
                                         const int64_t* dims, uint64_t rank, const void* data,
                                         uint64_t bytes) {
  if (dims == nullptr && rank > 0) return missing("clipa_ort_run_input", "dims");
  return with_run("clipa_ort_run_input", run, [&](SessionRun& found) {
    found.set_input(index, tensor_from(type, dims, rank), data, bytes);
  });
}

CLIPA_EXPORT int32_t clipa_ort_run_write(uint64_t run, uint64_t index, uint64_t offset,
                                         const void* data, uint64_t bytes) {
  if (data == nullptr && bytes > 0) return missing("clipa_ort_run_write", "data");
  return with_run("clipa_ort_run_write", run,
                  [&](SessionRun& found) { found.write(index, offset, data, bytes); });
}

CLIPA_EXPORT int32_t clipa_ort_run_bind_input(uint64_t run, uint64_t index, int32_t type,
                                              const int64_t* dims, uint64_t rank, uint64_t buffer,
                                              uint64_t offset) {
  if (dims == nullptr && rank > 0) return missing("clipa_ort_run_bind_input", "dims");
  return with_run("clipa_ort_run_bind_input", run, [&](SessionRun& found) {
    found.bind_input(index, tensor_from(type, dims, rank), buffer, offset);
  });
}

CLIPA_EXPORT int32_t clipa_ort_run_bind_output(uint64_t run, uint64_t index, int32_t type,
                                               const int64_t* dims, uint64_t rank, uint64_t buffer,
                                               uint64_t offset) {
  if (dims == nullptr && rank > 0) return missing("clipa_ort_run_bind_output", "dims");
  return with_run("clipa_ort_run_bind_output", run, [&](SessionRun& found) {
    found.bind_output(index, tensor_from(type, dims, rank), buffer, offset);
  });
}

CLIPA_EXPORT int32_t clipa_ort_run_execute(uint64_t run) {
  return with_run("clipa_ort_run_execute", run, [](SessionRun& found) { found.execute(); });
}

CLIPA_EXPORT int32_t clipa_ort_run_output(uint64_t run, uint64_t index, clipa_ort_tensor* tensor) {
  if (tensor == nullptr) return missing("clipa_ort_run_output", "tensor");
  return with_run("clipa_ort_run_output", run,
                  [&](SessionRun& found) { *tensor = found.output(index); });
}

CLIPA_EXPORT int32_t clipa_ort_run_read(uint64_t run, uint64_t index, uint64_t offset, void* data,
                                        uint64_t bytes) {
  if (data == nullptr && bytes > 0) return missing("clipa_ort_run_read", "data");
  return with_run("clipa_ort_run_read", run,
                  [&](SessionRun& found) { found.read(index, offset, data, bytes); });
}

// ONNX Runtime calls it when a user registers this library, whichever ONNX Runtime that is.
CLIPA_EXPORT OrtStatus* RegisterCustomOps(OrtSessionOptions* options, const OrtApiBase* base) {
  const OrtApi* table = base->GetApi(kApiVersion);
  if (table == nullptr) {
    // Version 1 of the table exists for ever, and with it the way to say what is wrong.
    const OrtApi* first = base->GetApi(1);
    const auto create = reinterpret_cast<decltype(Api::CreateStatus)>(first->functions[0]);
    return create(kFail, "clipa: the custom ops need ONNX Runtime 1.21 or later");
  }
  return register_custom_ops(options, table);
}
