// Exported functions: visibility, and the one place where exceptions end.
#pragma once

#include <exception>
#include <new>
#include <string>

#include "base/error.h"
#include "clipa_status.h"

#define CLIPA_EXPORT extern "C" __attribute__((visibility("default")))

namespace clipa {

// Ends an exported function with a status of its own.
class StatusError : public std::exception {
 public:
  StatusError(int32_t status, std::string message)
      : status_(status), message_(std::move(message)) {}
  int32_t status() const { return status_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  int32_t status_;
  std::string message_;
};

inline int32_t fail(int32_t status, const std::string& message) {
  clipa_set_error("%s", message.c_str());
  return status;
}

inline int32_t missing(const char* function, const char* what) {
  return fail(CLIPA_INVALID_ARGUMENT, std::string(function) + ": " + what + " is null");
}

inline int32_t stale(const char* function, const char* what) {
  return fail(CLIPA_STALE_HANDLE, std::string(function) + ": the " + what +
                                      " handle is stale: it was disposed or never created");
}

// Every exported function is one call of this.
template <class Body>
int32_t guarded(const char* function, Body body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return fail(CLIPA_OUT_OF_MEMORY, std::string(function) + ": out of memory");
  } catch (const StatusError& error) {
    return fail(error.status(), std::string(function) + ": " + error.what());
  } catch (const std::exception& error) {
    return fail(CLIPA_INTERNAL, std::string(function) + ": " + error.what());
  } catch (...) {
    return fail(CLIPA_INTERNAL, std::string(function) + ": unknown exception");
  }
}

}  // namespace clipa
