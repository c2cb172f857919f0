#include "base/error.h"

#include <cstdarg>
#include <cstdio>

namespace {
thread_local char message[2048];
}

extern "C" void clipa_set_error(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
}

extern "C" const char* clipa_last_error(void) { return message; }
