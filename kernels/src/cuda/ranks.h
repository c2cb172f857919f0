// What a device's queue has to do with the other ranks.
#pragma once

#include "cuda/queue.h"

namespace clipa {

// Before the queue is waited for, and before a recording ends: sums under way on a stream of their
// own become part of the queue.
void join_sums(Queue& queue);
// While the host waits for a queue, its ops may wait for other ranks.
class RanksAwaited {
 public:
  RanksAwaited();
  ~RanksAwaited();
  // As check(), but what broke off the device's work is only the echo of what happened to another
  // rank, which is known a moment later: that is said then.
  void check(cudaError_t error, const char* what) const;
};

}  // namespace clipa
