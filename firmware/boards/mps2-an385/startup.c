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

// Memory protection unit, Armv7-M: nobody touches the 4 KiB below the stack.
#define MPU ((volatile uint32_t*)0xE000ED90u)
enum { MPU_CTRL = 1, MPU_RNR = 2, MPU_RBAR = 3, MPU_RASR = 4 };
#define GUARD_SIZE 4096u
#define GUARD_NO_ACCESS (1u << 28 | 11u << 1 | 1u)  // Execute never; 2^(11 + 1) bytes; enabled.
#define MPU_ON_ELSE_AS_USUAL (1u << 2 | 1u)

static void guard_the_stack(void) {
  MPU[MPU_RNR] = 0;
  MPU[MPU_RBAR] = (uint32_t)&ems_stack_bottom - GUARD_SIZE;
  MPU[MPU_RASR] = GUARD_NO_ACCESS;
  MPU[MPU_CTRL] = MPU_ON_ELSE_AS_USUAL;
  __asm volatile("dsb\n isb" ::: "memory");
}

void ems_reset(void) {
  for (uint32_t *from = &ems_data_load, *to = &ems_data_start; to != &ems_data_end;)
    *to++ = *from++;
  for (uint32_t* to = &ems_bss_start; to != &ems_bss_end;) *to++ = 0;
  // What stays painted below the stack was never used.
  uint32_t* here = (uint32_t*)__builtin_frame_address(0) - 16;
  for (uint32_t* to = &ems_stack_bottom; to < here;) *to++ = STACK_PAINT;
  guard_the_stack();
  for (Vector* init = ems_init_start; init != ems_init_end; ++init) (*init)();
  (void)main();
  ems_fault();
}

// The stack may be what failed: the way to open relays begins on a whole one.
__attribute__((naked)) static void fault(void) {
  __asm volatile("ldr r0, =ems_stack_top\n mov sp, r0\n b ems_fault");
}

// A handler for every exception: what is not expected opens the relays and resets.
__attribute__((section(".vectors"), used)) static const Vector kVectors[16 + 32] = {
    ems_stack_top,  // Not a function: the linker's address.
    ems_reset,
    // NMI .. SysTick
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    // 0 .. 5: UART0 .. UART2, receive and transmit
    ems_uart_irq,
    ems_uart_irq,
    ems_uart_irq,
    ems_uart_irq,
    ems_uart_irq,
    ems_uart_irq,
    // 6 .. 8
    fault,
    fault,
    fault,
    // 9: TIMER1
    ems_tick_irq,
    // 10 .. 17
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    // 18, 19: UART3
    ems_uart_irq,
    ems_uart_irq,
    // 20 .. 31
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
};
