// What the library asks of OpenMP, on one thread: the fuzzers need no other runtime.
#pragma once

inline int omp_get_num_procs() { return 1; }
inline int omp_get_max_threads() { return 1; }
inline void omp_set_num_threads(int) {}
