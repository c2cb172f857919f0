/* Status codes: what every function of the library returns. */
#ifndef CLIPA_STATUS_H
#define CLIPA_STATUS_H

enum clipa_status {
  CLIPA_OK = 0,
  CLIPA_INVALID_ARGUMENT = 1,
  CLIPA_OUT_OF_MEMORY = 2,
  CLIPA_IO = 3,
  CLIPA_STALE_HANDLE = 4,
  CLIPA_CANCELLED = 5,
  CLIPA_UNSUPPORTED = 6,
  CLIPA_INTERNAL = 7
};

#endif
