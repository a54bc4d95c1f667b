// The functions of include/hfoffline/hfoffline.h.
#include <errno.h>

#define HFOFFLINE_API __attribute__((visibility("default")))
#include "hfoffline/hfoffline.h"
#include "shim/current_test.h"
#include "shim/policy_source.h"
#include "shim/refusal.h"
#include "shim/shared_state.h"
#include "shim/test_allowance.h"

using namespace hfoffline;
using namespace hfoffline::shim;

static_assert(static_cast<int>(Kind::egress) == HFOFFLINE_EGRESS);
static_assert(static_cast<int>(Kind::name) == HFOFFLINE_NAME);
static_assert(static_cast<int>(Kind::write) == HFOFFLINE_WRITE);
static_assert(static_cast<int>(Kind::probe) == HFOFFLINE_PROBE);
static_assert(static_cast<int>(Kind::environment) == HFOFFLINE_ENVIRONMENT);
static_assert(static_cast<int>(Kind::exec) == HFOFFLINE_EXEC);
static_assert(static_cast<int>(Kind::allow) == HFOFFLINE_ALLOW);

extern "C" {

int hfoffline_active(void) { return policy().valid() ? 1 : 0; }

const char* hfoffline_version(void) { return HFOFFLINE_VERSION; }

const char* hfoffline_models_dir(void) {
  const TextReference& reference = policy().header().models_dir;
  return reference.length != 0 ? policy().c_str(reference) : nullptr;
}

uint64_t hfoffline_refusal_count(enum hfoffline_kind kind) {
  if (static_cast<unsigned>(kind) >= static_cast<unsigned>(Kind::count)) return 0;
  return own_refusal_count(static_cast<Kind>(kind));
}

uint64_t hfoffline_run_refusal_count(enum hfoffline_kind kind) {
  if (static_cast<unsigned>(kind) >= static_cast<unsigned>(Kind::count)) return 0;
  return refusal_total(run_state(), static_cast<Kind>(kind));
}

void hfoffline_set_test(const char* name) { set_test(name); }

const char* hfoffline_run(void) {
  const PolicyHeader& header = policy().header();
  // Without a launcher each process has a name of its own, which nobody else's lines have.
  return header.run_state_file.length != 0 ? policy().c_str(header.run) : nullptr;
}

const char* hfoffline_record_file(void) {
  const TextReference& reference = policy().header().record_file;
  return reference.length != 0 ? policy().c_str(reference) : nullptr;
}

int hfoffline_test_allow(const char* test, const char* rule) {
  return test == nullptr || rule == nullptr ? EINVAL : allow_in_test(test, rule);
}

void hfoffline_test_end(const char* test) {
  if (test != nullptr) end_test(test);
}

}  // extern "C"
