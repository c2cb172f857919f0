// The last error of the calling thread.
#pragma once

extern "C" {
// printf-style; longer messages are cut at 2 kB.
__attribute__((format(printf, 1, 2))) void clipa_set_error(const char* format, ...);
const char* clipa_last_error(void);
}
