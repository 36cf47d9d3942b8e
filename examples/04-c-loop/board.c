/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include <string.h>

enum {
  CELLS = 16,
  CELL_MV = 3410,
  HIGH_CELL = 7,
  JBD_START = 0xDD,
  JBD_END = 0x77,
  JBD_BASIC = 0x03,
  JBD_CELLS = 0x04,
  JBD_REFUSED = 0x80
};

static int64_t now_ms;
static int32_t battery_w;
static uint8_t reply[64];
static size_t reply_size;
static int contactor_open;
static unsigned char kept[4096];

static int32_t cell_mv(int cell) { /* One cell reads 260 mV high from 20 s to 30 s. */
  return CELL_MV + (cell == HIGH_CELL && now_ms >= 20000 && now_ms < 30000 ? 260 : 0);
}

static int32_t pack_mv(void) {
  int32_t sum = 0;
  for (int cell = 1; cell <= CELLS; ++cell) sum += cell_mv(cell);
  return sum;
}

static void put8(int32_t value) { reply[reply_size++] = (uint8_t)value; }
static void put16(int32_t value) {
  put8(value >> 8);
  put8(value);
}

void board_write(const uint8_t* bytes, size_t size) {
  reply_size = 0;
  if (size < 7 || bytes[0] != JBD_START) return;
  const uint8_t reg = bytes[2];
  put8(JBD_START);
  put8(reg);
  put8(reg == JBD_BASIC || reg == JBD_CELLS ? 0 : JBD_REFUSED);
  put8(reg == JBD_BASIC ? 27 : reg == JBD_CELLS ? 2 * CELLS : 0);
  if (reg == JBD_BASIC) {
    put16(pack_mv() / 10);
    put16(-(int32_t)((int64_t)battery_w * 100000 /
                     pack_mv())); /* 10 mA; the wire counts charging +. */
    put16(6000);                  /* 60.00 Ah of */
    put16(10000);
    put16(12);     /* Cycles. */
    put16(0x3421); /* Made 2026-01-01. */
    put16(0);      /* Balancing. */
    put16(0);
    put16(0);   /* Protections. */
    put8(0x10); /* Software. */
    put8(60);   /* State of charge, %. */
    put8(3);    /* Both switches on. */
    put8(CELLS);
    put8(2); /* Temperature sensors, 0.1 K. */
    put16(2981);
    put16(2983);
  } else if (reg == JBD_CELLS) {
    for (int cell = 1; cell <= CELLS; ++cell) put16(cell_mv(cell));
  }
  uint32_t sum = 0;
  for (size_t i = 2; i < reply_size; ++i) sum += reply[i];
  put16((int32_t)((0x10000u - sum) & 0xFFFFu));
  put8(JBD_END);
}

size_t board_read(uint8_t* bytes, size_t size) {
  size_t count = 0;
  for (; count < reply_size && count < size; ++count) bytes[count] = reply[count];
  reply_size = 0;
  return count;
}

void board_follow(int32_t power_w) { battery_w = contactor_open ? 0 : power_w; }
void board_stop(void) { battery_w = 0; }
void board_open(void) {
  battery_w = 0;
  contactor_open = 1; /* A person closes it again. */
}
int32_t board_battery_w(void) { return battery_w; }

/* 1.5 kW of load; from 10 s on the sun gives 2.7 kW. */
int32_t board_grid_w(void) { return (now_ms < 10000 ? 1500 : -1200) - battery_w; }
int board_estop(void) { return now_ms >= 40000; }

void board_store(const void* bytes, size_t size) {
  if (size <= sizeof kept) memcpy(kept, bytes, size);
}
int board_load(void* bytes, size_t size) {
  if (size > sizeof kept) return -1;
  memcpy(bytes, kept, size);
  return 0;
}

void board_wait_100ms(void) { now_ms += 100; }
int64_t board_now_ms(void) { return now_ms; }
