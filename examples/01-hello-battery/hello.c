/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes what a JBD battery answered to "basic info": bytes recorded from a real board. */
#include <ems/ems.h>
#include <stdio.h>

int main(void) {
  uint8_t reply[] = "\xDD\x03\x00\x1D\x06\x18\x00\x00\x01\xF2\x01\xF4\x00\x00\x2C\x7C\x00\x00"
                    "\x00\x00\x00\x00\x80\x64\x03\x04\x03\x0B\x8B\x0B\x8A\x0B\x84\xFA\x8D\x77";
  const ems_codec_t* jbd;
  ems_value_t all[EMS_VALUES_MAX];
  ems_readings_t got = {.struct_size = sizeof got, .values = all, .value_capacity = EMS_VALUES_MAX};
  ems_signal_info_t signal = {.struct_size = sizeof signal};
  if (ems_codec_find("jbd", &jbd)) return 1;
  if (ems_codec_decode(jbd, NULL, 0, reply, sizeof reply - 1, &got)) return 1;
  for (uint32_t i = 0; i < got.value_count && !ems_signal_get(all[i].signal, &signal); ++i)
    printf("%s %lld\n", signal.integer_name, (long long)all[i].value);
}
