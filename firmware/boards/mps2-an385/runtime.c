// SPDX-License-Identifier: Apache-2.0
// What the compiler calls and no library gives here. Not built with
// -ftree-loop-distribute-patterns, which would turn these loops into calls of themselves.
#include <stddef.h>
#include <stdint.h>

void ems_fault(void);

void* memcpy(void* restrict to, const void* restrict from, size_t size) {
  uint8_t* t = to;
  const uint8_t* f = from;
  while (size-- != 0) *t++ = *f++;
  return to;
}

void* memmove(void* to, const void* from, size_t size) {
  uint8_t* t = to;
  const uint8_t* f = from;
  if (t <= f) return memcpy(to, from, size);
  while (size-- != 0) t[size] = f[size];
  return to;
}

void* memset(void* to, int value, size_t size) {
  uint8_t* t = to;
  while (size-- != 0) *t++ = (uint8_t)value;
  return to;
}

int memcmp(const void* a, const void* b, size_t size) {
  const uint8_t* x = a;
  const uint8_t* y = b;
  for (; size != 0; --size, ++x, ++y) {
    if (*x != *y) return *x < *y ? -1 : 1;
  }
  return 0;
}

size_t strlen(const char* text) {
  size_t size = 0;
  while (text[size] != '\0') ++size;
  return size;
}

void abort(void) { ems_fault(); }
void __cxa_pure_virtual(void) { ems_fault(); }
int __cxa_atexit(void (*destroy)(void*), void* object, void* dso) {
  (void)destroy;
  (void)object;
  (void)dso;
  return 0;  // main() never returns.
}
void* __dso_handle;
