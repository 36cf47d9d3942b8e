// SPDX-License-Identifier: Apache-2.0
// Decodes what it reads from standard input through the C ABI and prints what came out, one fact a
// line; test_c_conformance.py compares with the vectors. Each line of input is one job:
//   poll CODEC OPTIONS REQUEST REPLY   hexadecimal, `-` for empty
//   request CODEC OPTIONS REQUEST -    what a request asks for
//   can CODEC OPTIONS FRAME ...        frames as cansend writes them
// OPTIONS is VARIANT,ADDRESS,CELLS,TEMPERATURES with `-` for what is not said.
#include <ems/ems.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 1 << 16, BYTES = 1024, TEXTS = 32, VENDOR_VALUES = 64, COUNTS = 64 };

static ems_value_t values[EMS_VALUES_MAX];
static ems_text_t texts[TEXTS];
static ems_vendor_value_t vendor_values[VENDOR_VALUES];
static ems_element_count_t element_counts[COUNTS];
static ems_readings_t readings = {.struct_size = sizeof readings,
                                  .values = values,
                                  .value_capacity = EMS_VALUES_MAX,
                                  .texts = texts,
                                  .text_capacity = TEXTS,
                                  .vendor_values = vendor_values,
                                  .vendor_value_capacity = VENDOR_VALUES,
                                  .element_counts = element_counts,
                                  .element_count_capacity = COUNTS};

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
    printf("value %s %s%s %s %s %u %u %u %u %u %" PRId64 "\n", info.name, info.name,
           info.si_name + strlen(info.has_elements ? info.list_name : info.name), info.si_name,
           info.unit_name, info.digits, info.has_elements, value->element, value->module,
           value->quality, value->value);
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

/// As `emsctl decode` does: frames of which none is of the protocol are its wrong header.
static ems_status_t can_job(const ems_codec_t* codec, char* frames) {
  static uint64_t memory[EMS_CAN_MAILBOX_WORDS];
  ems_can_mailbox_t* mailbox = NULL;
  int32_t taken = EMS_CAN_IGNORED;
  int decoded = 0;
  ems_status_t status = ems_can_mailbox_init(memory, sizeof memory, codec, &mailbox);
  for (char* text = strtok(frames, " "); text != NULL && status == EMS_OK;
       text = strtok(NULL, " ")) {
    char line[80];
    ems_candump_line_t parsed = {.struct_size = sizeof parsed};
    snprintf(line, sizeof line, "(0.000000) can0 %s", text);
    status = ems_candump_parse(line, &parsed);
    if (status != EMS_OK) break;
    status = ems_can_mailbox_decode(mailbox, &parsed.frame, 0, &readings, &taken);
    if (status == EMS_OK) print_readings(codec);
    decoded += taken == EMS_CAN_DECODED;
  }
  return status == EMS_OK && decoded == 0 ? EMS_E_HEADER : status;
}

static uint8_t number_of(const char* text) {
  return (uint8_t)(strcmp(text, "-") == 0 ? 0 : strtoul(text, NULL, 10));
}

/// The codec with what OPTIONS says, in memory that the next job uses again.
static ems_status_t codec_of(const char* name, const char* text, const ems_codec_t** out) {
  static uint64_t memory[EMS_CODEC_WORDS];
  char variant[40], address[4], cells[4], temperatures[4];
  ems_codec_options_t options = {.struct_size = sizeof options};
  const ems_codec_t* plain = NULL;
  if (ems_codec_find(name, &plain) != EMS_OK) exit(2);
  if (sscanf(text, "%39[^,],%3[^,],%3[^,],%3s", variant, address, cells, temperatures) != 4)
    exit(2);
  options.variant = strcmp(variant, "-") == 0 ? NULL : variant;
  options.has_address = strcmp(address, "-") != 0;
  options.address = number_of(address);
  options.cell_count = number_of(cells);
  options.temperature_count = number_of(temperatures);
  return ems_codec_init(memory, sizeof memory, plain, &options, out);
}

int main(void) {
  static char line[LINE];
  for (uint32_t bit = 0; bit < 64; ++bit) {
    if (ems_alarm_name(bit) != NULL) printf("alarm %u %s\n", bit, ems_alarm_name(bit));
  }
  for (size_t i = 0; i < ems_codec_count(); ++i) {
    const ems_codec_t* codec = NULL;
    ems_codec_info_t info = {.struct_size = sizeof info};
    if (ems_codec_at(i, &codec) != EMS_OK || ems_codec_describe(codec, &info) != EMS_OK) return 3;
    printf("codec %s\n", info.name);
  }
  puts("end ok 0");
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    char* kind = strtok(line, " ");
    char* name = strtok(NULL, " ");
    char* options = strtok(NULL, " ");
    const ems_codec_t* codec = NULL;
    if (kind == NULL || name == NULL || options == NULL) return 2;
    ems_status_t status = codec_of(name, options, &codec);
    if (status == EMS_OK && strcmp(kind, "can") == 0) {
      status = can_job(codec, options + strlen(options) + 1);
    } else if (status == EMS_OK) {
      const char* request = strtok(NULL, " ");
      const char* reply = strtok(NULL, " ");
      if (request == NULL || reply == NULL) return 2;
      status =
          strcmp(kind, "poll") == 0 ? poll_job(codec, request, reply) : request_job(codec, request);
      if (status == EMS_OK) print_readings(codec);
    }
    printf("end %s %u\n", ems_status_name(status), ems_last_error_offset());
  }
  return 0;
}
