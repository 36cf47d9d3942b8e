// SPDX-License-Identifier: Apache-2.0
/// @file Sound arguments for the generated misuse test: `good_TYPE` for each type, and
/// `good_FUNCTION_PARAMETER` where one function needs another. A type without one gets zeroed
/// memory (with struct_size set), so a new function is tested before anybody thinks of it here.
#pragma once

#include <ems/ems.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCRATCH = 1 << 17 };
/// Zeroed before each call: buffers, memory, and handles that are none.
static uint64_t scratch[SCRATCH / 8];

static const ems_codec_t* good_ems_codec;
static const ems_codec_t* good_ems_can_listener_init_codec;
static ems_poller_t* good_ems_poller;
static const ems_codec_t* good_ems_can_mailbox_init_codec;
static const ems_codec_t* good_ems_can_speak_codec;
static const ems_codec_t* good_ems_codec_send_item_codec;
static ems_can_listener_t* good_ems_can_listener;
static ems_can_mailbox_t* good_ems_can_mailbox;
static ems_detector_t* good_ems_detector;
static ems_can_detector_t* good_ems_can_detector;
static ems_image_t* good_ems_image;
static ems_safety_t* good_ems_safety;
static ems_decision_t* good_ems_decision;
static ems_control_t* good_ems_control;
static ems_alarms_t* good_ems_alarms;
static ems_payloads_t* good_ems_payloads;
static ems_telemetry_t* good_ems_telemetry;
static ems_telemetry_t* good_ems_telemetry_append_record_telemetry;
static ems_downsampler_t* good_ems_downsampler;
static ems_energy_t* good_ems_energy;
static ems_block_reader_t* good_ems_block_reader;
static ems_block_reader_t* good_ems_block_reader_next_record_reader;

static ems_safety_limits_t limits = {.struct_size = sizeof limits};
static ems_safety_battery_t battery = {.struct_size = sizeof battery,
                                       .asset = {EMS_ASSET_BATTERY, 0, 1},
                                       .cells_in_series = 16,
                                       .limits = &limits};
static ems_safety_inverter_t inverter = {.struct_size = sizeof inverter,
                                         .asset = {EMS_ASSET_INVERTER, 0, 1},
                                         .batteries = 1,
                                         .no_dc_pv = 1,
                                         .apparent_max_va = 5000,
                                         .charge_max_w = 5000,
                                         .discharge_max_w = 5000,
                                         .efficiency_bp = 9500};
static ems_safety_config_t safety_config = {.struct_size = sizeof safety_config};
static ems_decision_config_t decision_config = {.struct_size = sizeof decision_config};
static const int64_t capacity_wh[1] = {10000};
static ems_control_config_t control_config = {.struct_size = sizeof control_config,
                                              .safety = &safety_config,
                                              .decision = &decision_config,
                                              .battery_capacity_wh = capacity_wh};
static ems_poller_settings_t poller_settings = {.struct_size = sizeof poller_settings};
static ems_detect_settings_t detect_settings = {.struct_size = sizeof detect_settings};
static ems_telemetry_config_t telemetry_config = {.struct_size = sizeof telemetry_config,
                                                  .stream = EMS_STREAM_TELEMETRY,
                                                  .epoch_random = {1},
                                                  .epoch_counter = 1,
                                                  .first_sequence = 1};
static ems_safety_reset_request_t reset_request = {
    .struct_size = sizeof reset_request, .technician = 1, .name = "Ada", .cause = "none"};
static ems_sample_t sample = {.value = 1,
                              .stale_after_ms = 2000,
                              .asset = {EMS_ASSET_BATTERY, 0, 1},
                              .signal = EMS_SIGNAL_SOC,
                              .quality = EMS_QUALITY_GOOD};
static ems_event_t event = {.name = "cell_overvoltage"};

static const ems_safety_limits_t* good_ems_safety_limits = &limits;
static const ems_safety_config_t* good_ems_safety_config = &safety_config;
static const ems_decision_config_t* good_ems_decision_config = &decision_config;
static const ems_control_config_t* good_ems_control_config = &control_config;
static ems_alarms_config_t alarms_config = {.struct_size = sizeof alarms_config};
static const ems_alarms_config_t* good_ems_alarms_config = &alarms_config;
static const ems_poller_settings_t* good_ems_poller_settings = &poller_settings;
static const ems_detect_settings_t* good_ems_detect_settings = &detect_settings;
static const ems_telemetry_config_t* good_ems_telemetry_config = &telemetry_config;
static ems_downsample_config_t downsample_config = {.struct_size = sizeof downsample_config};
static const ems_downsample_config_t* good_ems_downsample_config = &downsample_config;
static ems_energy_config_t energy_config = {.struct_size = sizeof energy_config};
static const ems_energy_config_t* good_ems_energy_config = &energy_config;
static const ems_safety_reset_request_t* good_ems_safety_reset_request = &reset_request;
static const ems_sample_t* good_ems_sample = &sample;
static const ems_event_t* good_ems_event = &event;
static const uint8_t good_ems_codec_encode_poll_number = 3;
static const uint32_t good_ems_codec_vendor_alarm_name_bit = 0;
static const size_t good_ems_codec_decode_request_size = 0;  // The request is not known.
static const size_t good_ems_asset_name_size = EMS_ASSET_NAME_SIZE;
static const ems_asset_t good_asset = {EMS_ASSET_BATTERY, 0, 1};
static const char* const good_ems_candump_parse_line = "can0 351#1402740E740ECC01";
static const int64_t good_now_ms = 1000;
static const int32_t good_ems_telemetry_append_record_type = EMS_RECORD_AUDIT;
static const size_t good_ems_telemetry_append_record_size = 16;
static const int32_t good_ems_decision_config_set_grid_grid = EMS_GRID_EN_50549;
static const int32_t good_ems_safety_limits_default_chemistry = EMS_CHEMISTRY_LFP;

/// Nothing: the arithmetic of these tests is never asked for more than a crash.
static int32_t no_signature(void* context, const uint8_t* key, const uint8_t* message, size_t size,
                            const uint8_t* signature) {
  (void)context, (void)key, (void)message, (void)size, (void)signature;
  return 0;
}
static void no_hash(void* context) { (void)context; }
static void no_bytes(void* context, const uint8_t* data, size_t size) {
  (void)context, (void)data, (void)size;
}
static void no_digest(void* context, uint8_t* digest) {
  (void)context;
  memset(digest, 0, EMS_OTA_SHA256_SIZE);
}
static ems_status_t no_image(void* context, uint32_t offset, uint8_t* out, size_t size) {
  (void)context, (void)offset;
  memset(out, 0, size);
  return EMS_OK;
}
static ems_ota_crypto_t ota_crypto = {.struct_size = sizeof ota_crypto,
                                      .ed25519_verify = no_signature,
                                      .sha256_begin = no_hash,
                                      .sha256_update = no_bytes,
                                      .sha256_finish = no_digest};
static const ems_ota_crypto_t* good_ems_ota_crypto = &ota_crypto;
static ems_ota_reader_t ota_reader = {.struct_size = sizeof ota_reader, .read = no_image};
static const ems_ota_reader_t* good_ems_ota_reader = &ota_reader;
static const uint8_t ota_key[EMS_OTA_KEY_SIZE] = {9};
static ems_ota_image_policy_t ota_policy = {
    .struct_size = sizeof ota_policy, .keys = ota_key, .key_count = 1, .slot_size = 4096};
static const ems_ota_image_policy_t* good_ems_ota_image_policy = &ota_policy;
static ems_payload_t payload = {.struct_size = sizeof payload, .size = 1, .version = "1"};
static const ems_payload_t* good_ems_payload = &payload;

static void must(ems_status_t status, const char* what) {
  if (status == EMS_OK) return;
  fprintf(stderr, "fixture: %s: %s: %s\n", what, ems_status_name(status), ems_last_error_message());
  exit(2);
}
static void* room(size_t size) {
  void* memory = calloc(1, size);
  if (memory == NULL) exit(2);
  return memory;
}

static ems_block_reader_t* reader_of(ems_telemetry_t* telemetry) {
  ems_block_t block;
  ems_block_reader_t* reader = NULL;
  must(ems_telemetry_seal(telemetry), "seal");
  must(ems_telemetry_peek(telemetry, 0, &block), "peek");
  must(ems_block_reader_init(room(ems_block_reader_size()), ems_block_reader_size(), block.data,
                             block.size, &reader),
       "block reader");
  return reader;
}

static ems_telemetry_t* telemetry_of(int32_t stream) {
  ems_telemetry_config_t config = telemetry_config;
  ems_telemetry_t* telemetry = NULL;
  const size_t size = ems_telemetry_size(EMS_TELEMETRY_BUFFER_MIN);
  config.stream = stream;
  must(ems_telemetry_init(room(size), size, &config, &telemetry), "telemetry");
  return telemetry;
}

/// One row with a point of each, so that there is something to index.
static void make_good_queries(void) {
  const ems_time_grid_t grid = {.to_us = 60000000, .width_us = 10000000};
  const ems_point_t point = {.asset = {EMS_ASSET_METER, 0, 1}, .signal = EMS_SIGNAL_ACTIVE_POWER};
  const ems_row_value_t value = {.value = 1000, .valid = 1, .quality = EMS_QUALITY_GOOD};
  size_t size;
  must(ems_downsample_config_default(&downsample_config), "downsample config");
  downsample_config.grid = grid;
  size = ems_downsampler_size(&downsample_config);
  must(ems_downsampler_init(room(size), size, &downsample_config, &good_ems_downsampler),
       "downsampler");
  must(ems_downsampler_row(good_ems_downsampler, 0, &point, &value, 1), "row");
  must(ems_energy_config_default(&energy_config), "energy config");
  energy_config.grid = grid;
  energy_config.account_capacity = 4;
  size = ems_energy_size(&energy_config);
  must(ems_energy_init(room(size), size, &energy_config, &good_ems_energy), "ledger");
  must(ems_energy_row(good_ems_energy, 0, &point, &value, 1), "row");
}

static void make_good(void) {
  const ems_value_t value = {.signal = EMS_SIGNAL_SOC, .value = 5000, .quality = EMS_QUALITY_GOOD};
  ems_readings_t readings = {.struct_size = sizeof readings};
  ems_safety_result_t safety_result = {.struct_size = sizeof safety_result};
  ems_decision_inputs_t inputs = {.struct_size = sizeof inputs};
  ems_decision_result_t decision_result = {.struct_size = sizeof decision_result};
  ems_value_t values[1];
  must(ems_codec_find("jbd", &good_ems_codec), "codec");
  must(ems_codec_find("pylontech-lv-can", &good_ems_can_listener_init_codec), "CAN codec");
  good_ems_can_mailbox_init_codec = good_ems_can_listener_init_codec;
  good_ems_can_speak_codec = good_ems_can_listener_init_codec;
  good_ems_codec_send_item_codec = good_ems_can_listener_init_codec;
  must(ems_safety_limits_default(EMS_CHEMISTRY_LFP, &limits), "limits");
  must(ems_safety_limits_set_currents(&limits, 100000, 100000), "currents");
  must(ems_safety_config_default(&safety_config), "safety config");
  safety_config.battery_count = 1;
  safety_config.batteries = &battery;
  safety_config.inverter_count = 1;
  safety_config.inverters = &inverter;
  must(ems_decision_config_default(&decision_config), "decision config");
  must(ems_poller_settings_default(&poller_settings), "poller settings");
  must(ems_poller_init(room(ems_poller_size()), ems_poller_size(), good_ems_codec, NULL,
                       &good_ems_poller),
       "poller");
  must(ems_can_listener_init(room(ems_can_listener_size()), ems_can_listener_size(),
                             good_ems_can_listener_init_codec, &good_ems_can_listener),
       "listener");
  must(ems_can_mailbox_init(room(ems_can_mailbox_size()), ems_can_mailbox_size(),
                            good_ems_can_mailbox_init_codec, &good_ems_can_mailbox),
       "mailbox");
  must(ems_detect_settings_default(&detect_settings), "detect settings");
  must(ems_detector_init(room(ems_detector_size()), ems_detector_size(), &detect_settings,
                         &good_ems_detector),
       "detector");
  must(ems_can_detector_init(room(ems_can_detector_size()), ems_can_detector_size(),
                             &good_ems_can_detector),
       "CAN detector");
  must(ems_image_init(room(ems_image_size(64)), ems_image_size(64), 64, &good_ems_image), "image");
  values[0] = value;
  readings.values = values;
  readings.value_capacity = readings.value_count = 1;
  must(ems_image_apply(good_ems_image, good_asset, &readings, 0, 2000), "apply");
  must(
      ems_safety_init(room(ems_safety_size()), ems_safety_size(), &safety_config, &good_ems_safety),
      "safety");
  must(ems_safety_step(good_ems_safety, good_ems_image, false, 0, &safety_result), "safety step");
  must(ems_decision_init(room(ems_decision_size()), ems_decision_size(), &decision_config,
                         &good_ems_decision),
       "decision");
  must(ems_decision_step(good_ems_decision, &inputs, 0, &decision_result), "decision step");
  must(ems_control_init(room(ems_control_size()), ems_control_size(), &control_config,
                        &good_ems_control),
       "control");
  must(ems_alarms_config_default(&alarms_config), "alarms config");
  must(
      ems_alarms_init(room(ems_alarms_size()), ems_alarms_size(), &alarms_config, &good_ems_alarms),
      "alarms");
  must(ems_payloads_init(room(ems_payloads_size()), ems_payloads_size(), "limits",
                         &good_ems_payloads),
       "payloads");
  good_ems_telemetry = telemetry_of(EMS_STREAM_TELEMETRY);
  must(ems_telemetry_append_image(good_ems_telemetry, good_ems_image, 0, 0, NULL), "append");
  good_ems_block_reader = reader_of(good_ems_telemetry);
  good_ems_telemetry_append_record_telemetry = telemetry_of(EMS_STREAM_AUDIT);
  must(ems_telemetry_append_record(good_ems_telemetry_append_record_telemetry, 0, EMS_RECORD_AUDIT,
                                   (const uint8_t*)"x", 1, NULL),
       "record");
  good_ems_block_reader_next_record_reader = reader_of(good_ems_telemetry_append_record_telemetry);
  make_good_queries();
}
