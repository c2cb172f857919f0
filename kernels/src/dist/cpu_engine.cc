// The ranks of the CPU build: Open MPI.
#include <stdexcept>

#include "dist/mpi_wire.h"

namespace clipa {
namespace dist {

namespace {

const char kNoNeed[] =
    "ranks on the CPU meet through Open MPI, which needs no identity; start them with deno task "
    "launch or mpirun";

}  // namespace

void load_engine(const std::string& path) { load_mpi(path); }

std::unique_ptr<Wire> make_wire() {
  const Mpi* mpi = loaded_mpi();
  if (mpi == nullptr) {
    throw std::runtime_error("Open MPI is not loaded; call clipa_dist_load first");
  }
  return std::make_unique<MpiWire>(*mpi);
}

std::string new_identity() { throw std::runtime_error(kNoNeed); }

void meet(const Meeting&) { throw std::runtime_error(kNoNeed); }

}  // namespace dist
}  // namespace clipa
