// SPDX-License-Identifier: Apache-2.0
// The last error is each thread's own, and codecs may be used from many threads at once.
#include <ems/ems.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 8, ROUNDS = 20000 };

static void* work(void* argument) {
  const int even = *(const int*)argument % 2 == 0;
  const char* expected = "no signal has that name";
  for (int round = 0; round < ROUNDS; ++round) {
    ems_signal_info_t info = {.struct_size = sizeof info};
    ems_asset_t asset;
    const ems_status_t status =
        even ? ems_signal_find("nonsense", &info) : ems_asset_parse("battery/x", &asset);
    if (status != (even ? EMS_E_NOT_FOUND : EMS_E_SYNTAX)) return "status";
    if (even ? strcmp(ems_last_error_message(), expected) != 0 || ems_last_error_offset() != 0
             : ems_last_error_offset() == 0) {
      return "another thread's error";
    }
    if (ems_signal_find("soc", &info) != EMS_OK || ems_last_error_message()[0] != '\0') {
      return "a stale message after success";
    }
  }
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  int numbers[THREADS];
  int failures = 0;
  for (int i = 0; i < THREADS; ++i) {
    numbers[i] = i;
    if (pthread_create(&threads[i], NULL, work, &numbers[i]) != 0) return 2;
  }
  for (int i = 0; i < THREADS; ++i) {
    void* wrong = NULL;
    pthread_join(threads[i], &wrong);
    if (wrong != NULL) {
      fprintf(stderr, "thread %d: %s\n", i, (const char*)wrong);
      ++failures;
    }
  }
  return failures;
}
