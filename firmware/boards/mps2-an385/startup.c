// SPDX-License-Identifier: Apache-2.0
// Vector table and reset of the Cortex-M3 on MPS2 AN385. In C: C++ has no array designators.
#include <stdint.h>

typedef void (*Vector)(void);

extern void ems_stack_top(void);
extern uint32_t ems_stack_bottom;
extern uint32_t ems_data_load, ems_data_start, ems_data_end, ems_bss_start, ems_bss_end;
extern Vector ems_init_start[], ems_init_end[];

int main(void);
void ems_fault(void);
void ems_uart_irq(void);
void ems_tick_irq(void);

#define STACK_PAINT 0xC5C5C5C5u

void ems_reset(void) {
  for (uint32_t *from = &ems_data_load, *to = &ems_data_start; to != &ems_data_end;)
    *to++ = *from++;
  for (uint32_t* to = &ems_bss_start; to != &ems_bss_end;) *to++ = 0;
  // What stays painted below the stack was never used.
  uint32_t* here = (uint32_t*)__builtin_frame_address(0) - 16;
  for (uint32_t* to = &ems_stack_bottom; to < here;) *to++ = STACK_PAINT;
  for (Vector* init = ems_init_start; init != ems_init_end; ++init) (*init)();
  (void)main();
  ems_fault();
}

// A handler for every exception: what is not expected opens the relays and resets.
__attribute__((section(".vectors"), used)) static const Vector kVectors[16 + 32] = {
    ems_stack_top,  // Not a function: the linker's address.
    ems_reset,
    // NMI .. SysTick
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    // 0 .. 5: UART0 .. UART2, receive and transmit
    ems_uart_irq,
    ems_uart_irq,
    ems_uart_irq,
    ems_uart_irq,
    ems_uart_irq,
    ems_uart_irq,
    // 6 .. 8
    ems_fault,
    ems_fault,
    ems_fault,
    // 9: TIMER1
    ems_tick_irq,
    // 10 .. 17
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    // 18, 19: UART3
    ems_uart_irq,
    ems_uart_irq,
    // 20 .. 31
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
    ems_fault,
};
