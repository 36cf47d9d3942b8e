/* SPDX-License-Identifier: Apache-2.0 */
/* Batteries of three protocols, read with the same calls: a reply whose frames do not say how many
 * sensors there are, frames of a CAN bus, and limits for a module that has an address. Then a bus
 * of which nobody knows what it speaks. All memory is static. */
#include <ems/ems.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t codec_memory[EMS_CODEC_WORDS];
static uint64_t mailbox_memory[EMS_CAN_MAILBOX_WORDS];
static uint64_t detector_memory[EMS_CAN_DETECTOR_WORDS];
static ems_value_t values[EMS_VALUES_MAX];
static ems_readings_t readings = {
    .struct_size = sizeof readings, .values = values, .value_capacity = EMS_VALUES_MAX};

static void must(ems_status_t status, const char* call) {
  if (status == EMS_OK) return;
  fprintf(stderr, "%s: %s: %s\n", call, ems_status_name(status), ems_last_error_message());
  exit(1);
}
#define MUST(call) must((call), #call)

/* The protocol as it is; then, with what its frames cannot say, in codec_memory. */
static const ems_codec_t* codec_of(const char* protocol, const ems_codec_options_t* options) {
  const ems_codec_t* codec = NULL;
  ems_codec_info_t info = {.struct_size = sizeof info};
  const char* variant = "none";
  MUST(ems_codec_find(protocol, &codec));
  MUST(ems_codec_describe(codec, &info));
  if (info.variant_count > 0) MUST(ems_codec_variant(codec, 0, &variant));
  printf("%s, %u bit/s, variant %s\n", info.name, (unsigned)info.bit_rates[0], variant);
  if (options == NULL) return codec;
  MUST(ems_codec_init(codec_memory, sizeof codec_memory, codec, options, &codec));
  return codec;
}

static void print_readings(void) {
  for (uint32_t i = 0; i < readings.value_count; ++i) {
    ems_signal_info_t signal = {.struct_size = sizeof signal};
    MUST(ems_signal_get(values[i].signal, &signal));
    printf("  %s", signal.integer_name);
    if (values[i].element > 0) printf(" %u", (unsigned)values[i].element);
    if (values[i].quality == EMS_QUALITY_BAD) {
      puts(" unknown");
    } else {
      printf(" %lld\n", (long long)values[i].value);
    }
  }
}

/* A reply to "temperatures". Two sensors are fitted: only the caller knows, and only so the second,
 * which says nothing, is a sensor that is missing. */
static void a_serial_battery(void) {
  static const uint8_t reply[] = {0xA5, 0x01, 0x96, 0x08, 0x01, 0x37, 0x00, 0x00, 0x00,
                                  0x00, 0x00, 0x00, 0x7C, 0xA5, 0x01, 0x96, 0x08, 0x02,
                                  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46};
  const ems_codec_options_t options = {.struct_size = sizeof options, .temperature_count = 2};
  const ems_codec_t* codec = codec_of("daly_a5", &options);
  MUST(ems_codec_decode(codec, NULL, 0, reply, sizeof reply, &readings));
  print_readings();
}

/* A message is spread over frames; the mailbox keeps what a codec needs of the frames before. */
static void a_can_battery(void) {
  static const ems_can_frame_t frames[] = {
      {0x351, 0, 0, 8, 0, {0x14, 0x02, 0x74, 0x0E, 0x74, 0x0E, 0xCC, 0x01}},
      {0x123, 0, 0, 2, 0, {0xBE, 0xEF}}, /* Somebody else's. */
      {0x356, 0, 0, 6, 0, {0x7B, 0x13, 0xE9, 0xFE, 0x6B, 0x01}}};
  const ems_codec_t* codec = codec_of("pylontech-lv-can", NULL);
  ems_can_mailbox_t* mailbox = NULL;
  MUST(ems_can_mailbox_init(mailbox_memory, sizeof mailbox_memory, codec, &mailbox));
  for (size_t i = 0; i < sizeof frames / sizeof *frames; ++i) {
    int32_t taken = EMS_CAN_IGNORED;
    MUST(ems_can_mailbox_decode(mailbox, &frames[i], (int64_t)i, &readings, &taken));
    if (taken == EMS_CAN_IGNORED) printf("  frame %03X is not the battery's\n", frames[i].id);
    print_readings();
  }
}

/* What to send so that module 3 keeps limits of ours for a while. */
static void limits(void) {
  const ems_codec_options_t options = {
      .struct_size = sizeof options, .has_address = 1, .address = 3};
  const ems_battery_limits_t wanted = {.struct_size = sizeof wanted,
                                       .charge_voltage_mv = 53200,
                                       .discharge_voltage_mv = 46000,
                                       .charge_current_ma = 25000,
                                       .discharge_current_ma = 37000};
  const ems_codec_t* codec = codec_of("pylontech", &options);
  ems_codec_info_t info = {.struct_size = sizeof info};
  uint8_t request[EMS_REQUEST_SIZE];
  size_t size = 0;
  MUST(ems_codec_describe(codec, &info));
  MUST(ems_codec_encode_limits(codec, &wanted, request, sizeof request, &size));
  printf("  send %.*s\n  again within %lld ms\n", (int)size - 1, (const char*)request,
         (long long)info.limits_lease_ms); /* The last byte is a carriage return. */
}

/* Identifiers are the evidence: 361 is sent by one relative of the family only. */
static void an_unknown_battery(void) {
  static const ems_can_frame_t frames[] = {
      {0x351, 0, 0, 8, 0, {0x14, 0x02, 0x74, 0x0E, 0x74, 0x0E, 0xCC, 0x01}},
      {0x355, 0, 0, 4, 0, {0x1A, 0x00, 0x64, 0x00}},
      {0x361, 0, 0, 4, 0, {0xE4, 0x0C, 0xE4, 0x0C}}};
  ems_can_detector_t* detector = NULL;
  ems_can_detection_t said = {.struct_size = sizeof said};
  MUST(ems_can_detector_init(detector_memory, sizeof detector_memory, &detector));
  for (size_t i = 0; i < sizeof frames / sizeof *frames; ++i) {
    MUST(ems_can_detector_receive(detector, &frames[i]));
  }
  MUST(ems_can_detector_weigh(detector, &said));
  printf("%u frames, %s\n", (unsigned)said.frames,
         said.verdict == EMS_DETECT_FOUND ? "spoken:" : "not sure:");
  for (size_t i = 0; i < said.best_count; ++i) {
    ems_can_detected_t one = {.struct_size = sizeof one};
    ems_codec_info_t info = {.struct_size = sizeof info};
    MUST(ems_can_detector_ranked_at(detector, i, &one));
    MUST(ems_codec_describe(one.codec, &info));
    printf("  %s reads %u messages\n", info.name, (unsigned)one.messages);
  }
}

int main(void) {
  a_serial_battery();
  a_can_battery();
  limits();
  an_unknown_battery();
  return 0;
}
