// SPDX-License-Identifier: Apache-2.0
// Decodes what it reads from standard input through the C ABI and prints what came out, one fact a
// line; test_c_conformance.py compares with the vectors. Each line of input is one job:
//   poll CODEC REQUEST REPLY   hexadecimal, `-` for empty
//   request CODEC REQUEST -    what a request asks for
//   can CODEC FRAME ...        frames as cansend writes them
#include <ems/ems.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 1 << 16, BYTES = 1024 };

static ems_value_t values[EMS_VALUES_MAX];
static ems_text_t texts[8];
static ems_vendor_value_t vendor_values[32];
static ems_element_count_t element_counts[8];
static ems_readings_t readings = {.struct_size = sizeof readings,
                                  .values = values,
                                  .value_capacity = EMS_VALUES_MAX,
                                  .texts = texts,
                                  .text_capacity = 8,
                                  .vendor_values = vendor_values,
                                  .vendor_value_capacity = 32,
                                  .element_counts = element_counts,
                                  .element_count_capacity = 8};

static size_t unhex(const char* text, uint8_t* out) {
  size_t size = 0;
  unsigned byte = 0;
  for (; size < BYTES && sscanf(text, "%2x", &byte) == 1; text += 2) out[size++] = (uint8_t)byte;
  return size;
}

static void print_readings(const ems_codec_t* codec) {
  for (uint32_t i = 0; i < readings.value_count; ++i) {
    const ems_value_t* value = &values[i];
    ems_signal_info_t info = {.struct_size = sizeof info};
    if (ems_signal_get(value->signal, &info) != EMS_OK) exit(3);
    printf("value %s %s %s %u %u %u %u %u %" PRId64 "\n", info.name, info.si_name, info.unit_name,
           info.digits, info.has_elements, value->element, value->module, value->quality,
           value->value);
    if (value->signal == EMS_SIGNAL_VENDOR_ALARMS) {
      for (uint32_t bit = 0; bit < 64; ++bit) {
        const char* name = NULL;
        if (ems_codec_vendor_alarm_name(codec, bit, &name) == EMS_OK) {
          printf("vendor_alarm %u %s\n", bit, name);
        }
      }
    }
  }
  for (uint32_t i = 0; i < readings.text_count; ++i) {
    printf("text %s %u %s\n", ems_text_field_name(texts[i].field), texts[i].module, texts[i].text);
  }
  for (uint32_t i = 0; i < readings.vendor_value_count; ++i) {
    printf("vendor %s %" PRId64 "\n", vendor_values[i].name, vendor_values[i].value);
  }
  for (uint32_t i = 0; i < readings.element_count_count; ++i) {
    ems_signal_info_t info = {.struct_size = sizeof info};
    if (ems_signal_get(element_counts[i].signal, &info) != EMS_OK) exit(3);
    printf("count %s %u %u\n", info.si_name, element_counts[i].module, element_counts[i].count);
  }
  if (readings.acknowledged) puts("ack");
}

static ems_status_t poll_job(const ems_codec_t* codec, const char* request, const char* reply) {
  static uint8_t asked[BYTES], answered[BYTES];
  const size_t asked_size = unhex(request, asked);
  const size_t answered_size = unhex(reply, answered);
  return ems_codec_decode(codec, asked, asked_size, answered, answered_size, &readings);
}

static ems_status_t request_job(const ems_codec_t* codec, const char* request) {
  static uint8_t asked[BYTES];
  return ems_codec_decode_request(codec, asked, unhex(request, asked), &readings);
}

static ems_status_t can_job(const ems_codec_t* codec, char* frames) {
  static uint64_t memory[EMS_CAN_LISTENER_WORDS];
  ems_can_listener_t* listener = NULL;
  ems_status_t status = ems_can_listener_init(memory, sizeof memory, codec, &listener);
  if (status == EMS_OK) status = ems_can_listener_link_up(listener, 0);
  for (char* text = strtok(frames, " "); text != NULL && status == EMS_OK;
       text = strtok(NULL, " ")) {
    char line[80];
    ems_candump_line_t parsed = {.struct_size = sizeof parsed};
    snprintf(line, sizeof line, "(0.000000) can0 %s", text);
    status = ems_candump_parse(line, &parsed);
    if (status != EMS_OK) break;
    status = ems_can_listener_receive(listener, &parsed.frame, 0, &readings);
    if (status == EMS_OK) print_readings(codec);
  }
  return status;
}

int main(void) {
  static char line[LINE];
  for (uint32_t bit = 0; bit < 64; ++bit) {
    if (ems_alarm_name(bit) != NULL) printf("alarm %u %s\n", bit, ems_alarm_name(bit));
  }
  puts("end ok 0");
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    char* kind = strtok(line, " ");
    char* name = strtok(NULL, " ");
    const ems_codec_t* codec = NULL;
    if (kind == NULL || name == NULL || ems_codec_find(name, &codec) != EMS_OK) return 2;
    ems_status_t status;
    if (strcmp(kind, "can") == 0) {
      status = can_job(codec, name + strlen(name) + 1);
    } else {
      const char* request = strtok(NULL, " ");
      const char* reply = strtok(NULL, " ");
      if (request == NULL || reply == NULL) return 2;
      status = strcmp(kind, "poll") == 0 ? poll_job(codec, request, reply)
                                         : request_job(codec, request);
      if (status == EMS_OK) print_readings(codec);
    }
    printf("end %s %u\n", ems_status_name(status), ems_last_error_offset());
  }
  return 0;
}
