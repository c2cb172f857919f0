// Where two sides of a program part and meet. Nothing is computed; a device with several streams
// looks for these kinds itself.
#include "base/op.h"

namespace clipa {

namespace {

void no_needs(const Op&, Needs&) {}
int64_t nothing(const Op&, int) { return 0; }
const char* never_run(const Op&, int, int64_t, int64_t, const Run&) { return nullptr; }

}  // namespace

const OpSpec kSideOps[] = {
    {CLIPA_OP_FORK, "fork", 0, 1, no_needs, nothing, no_items, no_bytes, no_bytes, never_run},
    {CLIPA_OP_JOIN, "join", 0, 1, no_needs, nothing, no_items, no_bytes, no_bytes, never_run},
    {}};

}  // namespace clipa
