/* SPDX-License-Identifier: Apache-2.0 */
/* What your board gives you. Here it is SIMULATED (board.c): a battery that speaks real JBD frames,
 * an inverter, a meter, memory that keeps. */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/* The battery's serial line: writes; reads what came since, at most `size` bytes. */
void board_write(const uint8_t* bytes, size_t size);
size_t board_read(uint8_t* bytes, size_t size);

/* The inverter: takes a power (+ discharges), stops, or stops and opens its contactor; tells what
 * it delivers. */
void board_follow(int32_t power_w);
void board_stop(void);
void board_open(void);
int32_t board_battery_w(void);

/* The meter at the grid (+ imports), and the red button. */
int32_t board_grid_w(void);
int board_estop(void);

/* Memory that a power cut does not erase. Load gives 0, and zeros on a new board; or -1: it cannot
 * be read. */
void board_store(const void* bytes, size_t size);
int board_load(void* bytes, size_t size);

/* Simulated time goes on by 100 ms. */
void board_wait_100ms(void);
int64_t board_now_ms(void);

#endif
