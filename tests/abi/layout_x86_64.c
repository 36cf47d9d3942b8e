// SPDX-License-Identifier: Apache-2.0
// Layout of every public struct of the C ABI on x86-64. Made by make_layout.py; compiled by every build.
// clang-format off
#include <ems/ems.h>

_Static_assert(sizeof(ems_alarm_t) == 160, "ems_alarm_t");
_Static_assert(offsetof(ems_alarm_t, struct_size) == 0 && sizeof(((ems_alarm_t *)0)->struct_size) == 4, "ems_alarm_t.struct_size");
_Static_assert(offsetof(ems_alarm_t, id) == 4 && sizeof(((ems_alarm_t *)0)->id) == 4, "ems_alarm_t.id");
_Static_assert(offsetof(ems_alarm_t, asset) == 8 && sizeof(((ems_alarm_t *)0)->asset) == 4, "ems_alarm_t.asset");
_Static_assert(offsetof(ems_alarm_t, signal) == 12 && sizeof(((ems_alarm_t *)0)->signal) == 2, "ems_alarm_t.signal");
_Static_assert(offsetof(ems_alarm_t, severity) == 14 && sizeof(((ems_alarm_t *)0)->severity) == 1, "ems_alarm_t.severity");
_Static_assert(offsetof(ems_alarm_t, state) == 15 && sizeof(((ems_alarm_t *)0)->state) == 1, "ems_alarm_t.state");
_Static_assert(offsetof(ems_alarm_t, value) == 16 && sizeof(((ems_alarm_t *)0)->value) == 8, "ems_alarm_t.value");
_Static_assert(offsetof(ems_alarm_t, raised_at_utc_us) == 24 && sizeof(((ems_alarm_t *)0)->raised_at_utc_us) == 8, "ems_alarm_t.raised_at_utc_us");
_Static_assert(offsetof(ems_alarm_t, changed_at_utc_us) == 32 && sizeof(((ems_alarm_t *)0)->changed_at_utc_us) == 8, "ems_alarm_t.changed_at_utc_us");
_Static_assert(offsetof(ems_alarm_t, shelved_until_utc_us) == 40 && sizeof(((ems_alarm_t *)0)->shelved_until_utc_us) == 8, "ems_alarm_t.shelved_until_utc_us");
_Static_assert(offsetof(ems_alarm_t, count) == 48 && sizeof(((ems_alarm_t *)0)->count) == 4, "ems_alarm_t.count");
_Static_assert(offsetof(ems_alarm_t, active) == 52 && sizeof(((ems_alarm_t *)0)->active) == 1, "ems_alarm_t.active");
_Static_assert(offsetof(ems_alarm_t, latching) == 53 && sizeof(((ems_alarm_t *)0)->latching) == 1, "ems_alarm_t.latching");
_Static_assert(offsetof(ems_alarm_t, latched) == 54 && sizeof(((ems_alarm_t *)0)->latched) == 1, "ems_alarm_t.latched");
_Static_assert(offsetof(ems_alarm_t, seen) == 55 && sizeof(((ems_alarm_t *)0)->seen) == 1, "ems_alarm_t.seen");
_Static_assert(offsetof(ems_alarm_t, shelved) == 56 && sizeof(((ems_alarm_t *)0)->shelved) == 1, "ems_alarm_t.shelved");
_Static_assert(offsetof(ems_alarm_t, name) == 57 && sizeof(((ems_alarm_t *)0)->name) == 49, "ems_alarm_t.name");
_Static_assert(offsetof(ems_alarm_t, acknowledged_by) == 106 && sizeof(((ems_alarm_t *)0)->acknowledged_by) == 49, "ems_alarm_t.acknowledged_by");
_Static_assert(offsetof(ems_alarm_t, reserved) == 155 && sizeof(((ems_alarm_t *)0)->reserved) == 5, "ems_alarm_t.reserved");

_Static_assert(sizeof(ems_alarm_change_t) == 360, "ems_alarm_change_t");
_Static_assert(offsetof(ems_alarm_change_t, struct_size) == 0 && sizeof(((ems_alarm_change_t *)0)->struct_size) == 4, "ems_alarm_change_t.struct_size");
_Static_assert(offsetof(ems_alarm_change_t, transition) == 4 && sizeof(((ems_alarm_change_t *)0)->transition) == 4, "ems_alarm_change_t.transition");
_Static_assert(offsetof(ems_alarm_change_t, at_utc_us) == 8 && sizeof(((ems_alarm_change_t *)0)->at_utc_us) == 8, "ems_alarm_change_t.at_utc_us");
_Static_assert(offsetof(ems_alarm_change_t, actor) == 16 && sizeof(((ems_alarm_change_t *)0)->actor) == 49, "ems_alarm_change_t.actor");
_Static_assert(offsetof(ems_alarm_change_t, text) == 65 && sizeof(((ems_alarm_change_t *)0)->text) == 129, "ems_alarm_change_t.text");
_Static_assert(offsetof(ems_alarm_change_t, reserved) == 194 && sizeof(((ems_alarm_change_t *)0)->reserved) == 6, "ems_alarm_change_t.reserved");
_Static_assert(offsetof(ems_alarm_change_t, alarm) == 200 && sizeof(((ems_alarm_change_t *)0)->alarm) == 160, "ems_alarm_change_t.alarm");

_Static_assert(sizeof(ems_alarms_config_t) == 64, "ems_alarms_config_t");
_Static_assert(offsetof(ems_alarms_config_t, struct_size) == 0 && sizeof(((ems_alarms_config_t *)0)->struct_size) == 4, "ems_alarms_config_t.struct_size");
_Static_assert(offsetof(ems_alarms_config_t, flood_changes) == 4 && sizeof(((ems_alarms_config_t *)0)->flood_changes) == 4, "ems_alarms_config_t.flood_changes");
_Static_assert(offsetof(ems_alarms_config_t, flood_window_ms) == 8 && sizeof(((ems_alarms_config_t *)0)->flood_window_ms) == 8, "ems_alarms_config_t.flood_window_ms");
_Static_assert(offsetof(ems_alarms_config_t, confirm_after_ms) == 16 && sizeof(((ems_alarms_config_t *)0)->confirm_after_ms) == 8, "ems_alarms_config_t.confirm_after_ms");
_Static_assert(offsetof(ems_alarms_config_t, shelve_max_ms) == 24 && sizeof(((ems_alarms_config_t *)0)->shelve_max_ms) == 8, "ems_alarms_config_t.shelve_max_ms");
_Static_assert(offsetof(ems_alarms_config_t, alarms) == 32 && sizeof(((ems_alarms_config_t *)0)->alarms) == 8, "ems_alarms_config_t.alarms");
_Static_assert(offsetof(ems_alarms_config_t, alarm_count) == 40 && sizeof(((ems_alarms_config_t *)0)->alarm_count) == 4, "ems_alarms_config_t.alarm_count");
_Static_assert(offsetof(ems_alarms_config_t, next_id) == 44 && sizeof(((ems_alarms_config_t *)0)->next_id) == 4, "ems_alarms_config_t.next_id");
_Static_assert(offsetof(ems_alarms_config_t, now_ms) == 48 && sizeof(((ems_alarms_config_t *)0)->now_ms) == 8, "ems_alarms_config_t.now_ms");
_Static_assert(offsetof(ems_alarms_config_t, utc_us) == 56 && sizeof(((ems_alarms_config_t *)0)->utc_us) == 8, "ems_alarms_config_t.utc_us");

_Static_assert(sizeof(ems_alarms_summary_t) == 80, "ems_alarms_summary_t");
_Static_assert(offsetof(ems_alarms_summary_t, struct_size) == 0 && sizeof(((ems_alarms_summary_t *)0)->struct_size) == 4, "ems_alarms_summary_t.struct_size");
_Static_assert(offsetof(ems_alarms_summary_t, alarm_count) == 4 && sizeof(((ems_alarms_summary_t *)0)->alarm_count) == 4, "ems_alarms_summary_t.alarm_count");
_Static_assert(offsetof(ems_alarms_summary_t, active) == 8 && sizeof(((ems_alarms_summary_t *)0)->active) == 16, "ems_alarms_summary_t.active");
_Static_assert(offsetof(ems_alarms_summary_t, unacknowledged) == 24 && sizeof(((ems_alarms_summary_t *)0)->unacknowledged) == 16, "ems_alarms_summary_t.unacknowledged");
_Static_assert(offsetof(ems_alarms_summary_t, shelved) == 40 && sizeof(((ems_alarms_summary_t *)0)->shelved) == 16, "ems_alarms_summary_t.shelved");
_Static_assert(offsetof(ems_alarms_summary_t, revision) == 56 && sizeof(((ems_alarms_summary_t *)0)->revision) == 8, "ems_alarms_summary_t.revision");
_Static_assert(offsetof(ems_alarms_summary_t, dropped) == 64 && sizeof(((ems_alarms_summary_t *)0)->dropped) == 8, "ems_alarms_summary_t.dropped");
_Static_assert(offsetof(ems_alarms_summary_t, next_id) == 72 && sizeof(((ems_alarms_summary_t *)0)->next_id) == 4, "ems_alarms_summary_t.next_id");
_Static_assert(offsetof(ems_alarms_summary_t, reserved) == 76 && sizeof(((ems_alarms_summary_t *)0)->reserved) == 4, "ems_alarms_summary_t.reserved");

_Static_assert(sizeof(ems_can_frame_t) == 16, "ems_can_frame_t");
_Static_assert(offsetof(ems_can_frame_t, id) == 0 && sizeof(((ems_can_frame_t *)0)->id) == 4, "ems_can_frame_t.id");
_Static_assert(offsetof(ems_can_frame_t, extended) == 4 && sizeof(((ems_can_frame_t *)0)->extended) == 1, "ems_can_frame_t.extended");
_Static_assert(offsetof(ems_can_frame_t, remote) == 5 && sizeof(((ems_can_frame_t *)0)->remote) == 1, "ems_can_frame_t.remote");
_Static_assert(offsetof(ems_can_frame_t, size) == 6 && sizeof(((ems_can_frame_t *)0)->size) == 1, "ems_can_frame_t.size");
_Static_assert(offsetof(ems_can_frame_t, reserved) == 7 && sizeof(((ems_can_frame_t *)0)->reserved) == 1, "ems_can_frame_t.reserved");
_Static_assert(offsetof(ems_can_frame_t, data) == 8 && sizeof(((ems_can_frame_t *)0)->data) == 8, "ems_can_frame_t.data");

_Static_assert(sizeof(ems_candump_line_t) == 56, "ems_candump_line_t");
_Static_assert(offsetof(ems_candump_line_t, struct_size) == 0 && sizeof(((ems_candump_line_t *)0)->struct_size) == 4, "ems_candump_line_t.struct_size");
_Static_assert(offsetof(ems_candump_line_t, has_time) == 4 && sizeof(((ems_candump_line_t *)0)->has_time) == 4, "ems_candump_line_t.has_time");
_Static_assert(offsetof(ems_candump_line_t, time_us) == 8 && sizeof(((ems_candump_line_t *)0)->time_us) == 8, "ems_candump_line_t.time_us");
_Static_assert(offsetof(ems_candump_line_t, frame) == 16 && sizeof(((ems_candump_line_t *)0)->frame) == 16, "ems_candump_line_t.frame");
_Static_assert(offsetof(ems_candump_line_t, interface_name) == 32 && sizeof(((ems_candump_line_t *)0)->interface_name) == 20, "ems_candump_line_t.interface_name");
_Static_assert(offsetof(ems_candump_line_t, reserved) == 52 && sizeof(((ems_candump_line_t *)0)->reserved) == 4, "ems_candump_line_t.reserved");

_Static_assert(sizeof(ems_can_burst_t) == 136, "ems_can_burst_t");
_Static_assert(offsetof(ems_can_burst_t, struct_size) == 0 && sizeof(((ems_can_burst_t *)0)->struct_size) == 4, "ems_can_burst_t.struct_size");
_Static_assert(offsetof(ems_can_burst_t, count) == 4 && sizeof(((ems_can_burst_t *)0)->count) == 4, "ems_can_burst_t.count");
_Static_assert(offsetof(ems_can_burst_t, frames) == 8 && sizeof(((ems_can_burst_t *)0)->frames) == 128, "ems_can_burst_t.frames");

_Static_assert(sizeof(ems_can_send_t) == 40, "ems_can_send_t");
_Static_assert(offsetof(ems_can_send_t, struct_size) == 0 && sizeof(((ems_can_send_t *)0)->struct_size) == 4, "ems_can_send_t.struct_size");
_Static_assert(offsetof(ems_can_send_t, reserved) == 4 && sizeof(((ems_can_send_t *)0)->reserved) == 4, "ems_can_send_t.reserved");
_Static_assert(offsetof(ems_can_send_t, every_ms) == 8 && sizeof(((ems_can_send_t *)0)->every_ms) == 8, "ems_can_send_t.every_ms");
_Static_assert(offsetof(ems_can_send_t, name) == 16 && sizeof(((ems_can_send_t *)0)->name) == 8, "ems_can_send_t.name");
_Static_assert(offsetof(ems_can_send_t, frame) == 24 && sizeof(((ems_can_send_t *)0)->frame) == 16, "ems_can_send_t.frame");

_Static_assert(sizeof(ems_can_action_t) == 40, "ems_can_action_t");
_Static_assert(offsetof(ems_can_action_t, struct_size) == 0 && sizeof(((ems_can_action_t *)0)->struct_size) == 4, "ems_can_action_t.struct_size");
_Static_assert(offsetof(ems_can_action_t, send) == 4 && sizeof(((ems_can_action_t *)0)->send) == 4, "ems_can_action_t.send");
_Static_assert(offsetof(ems_can_action_t, wake_at_ms) == 8 && sizeof(((ems_can_action_t *)0)->wake_at_ms) == 8, "ems_can_action_t.wake_at_ms");
_Static_assert(offsetof(ems_can_action_t, what) == 16 && sizeof(((ems_can_action_t *)0)->what) == 8, "ems_can_action_t.what");
_Static_assert(offsetof(ems_can_action_t, frame) == 24 && sizeof(((ems_can_action_t *)0)->frame) == 16, "ems_can_action_t.frame");

_Static_assert(sizeof(ems_can_listener_status_t) == 48, "ems_can_listener_status_t");
_Static_assert(offsetof(ems_can_listener_status_t, struct_size) == 0 && sizeof(((ems_can_listener_status_t *)0)->struct_size) == 4, "ems_can_listener_status_t.struct_size");
_Static_assert(offsetof(ems_can_listener_status_t, health) == 4 && sizeof(((ems_can_listener_status_t *)0)->health) == 4, "ems_can_listener_status_t.health");
_Static_assert(offsetof(ems_can_listener_status_t, last_error) == 8 && sizeof(((ems_can_listener_status_t *)0)->last_error) == 4, "ems_can_listener_status_t.last_error");
_Static_assert(offsetof(ems_can_listener_status_t, received) == 12 && sizeof(((ems_can_listener_status_t *)0)->received) == 4, "ems_can_listener_status_t.received");
_Static_assert(offsetof(ems_can_listener_status_t, decoded) == 16 && sizeof(((ems_can_listener_status_t *)0)->decoded) == 4, "ems_can_listener_status_t.decoded");
_Static_assert(offsetof(ems_can_listener_status_t, ignored) == 20 && sizeof(((ems_can_listener_status_t *)0)->ignored) == 4, "ems_can_listener_status_t.ignored");
_Static_assert(offsetof(ems_can_listener_status_t, errors) == 24 && sizeof(((ems_can_listener_status_t *)0)->errors) == 4, "ems_can_listener_status_t.errors");
_Static_assert(offsetof(ems_can_listener_status_t, sent) == 28 && sizeof(((ems_can_listener_status_t *)0)->sent) == 4, "ems_can_listener_status_t.sent");
_Static_assert(offsetof(ems_can_listener_status_t, silences) == 32 && sizeof(((ems_can_listener_status_t *)0)->silences) == 4, "ems_can_listener_status_t.silences");
_Static_assert(offsetof(ems_can_listener_status_t, recoveries) == 36 && sizeof(((ems_can_listener_status_t *)0)->recoveries) == 4, "ems_can_listener_status_t.recoveries");
_Static_assert(offsetof(ems_can_listener_status_t, last_error_text) == 40 && sizeof(((ems_can_listener_status_t *)0)->last_error_text) == 8, "ems_can_listener_status_t.last_error_text");

_Static_assert(sizeof(ems_signal_info_t) == 152, "ems_signal_info_t");
_Static_assert(offsetof(ems_signal_info_t, struct_size) == 0 && sizeof(((ems_signal_info_t *)0)->struct_size) == 4, "ems_signal_info_t.struct_size");
_Static_assert(offsetof(ems_signal_info_t, number) == 4 && sizeof(((ems_signal_info_t *)0)->number) == 2, "ems_signal_info_t.number");
_Static_assert(offsetof(ems_signal_info_t, unit) == 6 && sizeof(((ems_signal_info_t *)0)->unit) == 1, "ems_signal_info_t.unit");
_Static_assert(offsetof(ems_signal_info_t, digits) == 7 && sizeof(((ems_signal_info_t *)0)->digits) == 1, "ems_signal_info_t.digits");
_Static_assert(offsetof(ems_signal_info_t, has_elements) == 8 && sizeof(((ems_signal_info_t *)0)->has_elements) == 1, "ems_signal_info_t.has_elements");
_Static_assert(offsetof(ems_signal_info_t, reserved) == 9 && sizeof(((ems_signal_info_t *)0)->reserved) == 7, "ems_signal_info_t.reserved");
_Static_assert(offsetof(ems_signal_info_t, stale_after_ms) == 16 && sizeof(((ems_signal_info_t *)0)->stale_after_ms) == 8, "ems_signal_info_t.stale_after_ms");
_Static_assert(offsetof(ems_signal_info_t, name) == 24 && sizeof(((ems_signal_info_t *)0)->name) == 8, "ems_signal_info_t.name");
_Static_assert(offsetof(ems_signal_info_t, list_name) == 32 && sizeof(((ems_signal_info_t *)0)->list_name) == 8, "ems_signal_info_t.list_name");
_Static_assert(offsetof(ems_signal_info_t, unit_name) == 40 && sizeof(((ems_signal_info_t *)0)->unit_name) == 8, "ems_signal_info_t.unit_name");
_Static_assert(offsetof(ems_signal_info_t, unit_symbol) == 48 && sizeof(((ems_signal_info_t *)0)->unit_symbol) == 8, "ems_signal_info_t.unit_symbol");
_Static_assert(offsetof(ems_signal_info_t, meaning) == 56 && sizeof(((ems_signal_info_t *)0)->meaning) == 8, "ems_signal_info_t.meaning");
_Static_assert(offsetof(ems_signal_info_t, integer_name) == 64 && sizeof(((ems_signal_info_t *)0)->integer_name) == 44, "ems_signal_info_t.integer_name");
_Static_assert(offsetof(ems_signal_info_t, si_name) == 108 && sizeof(((ems_signal_info_t *)0)->si_name) == 44, "ems_signal_info_t.si_name");

_Static_assert(sizeof(ems_codec_info_t) == 104, "ems_codec_info_t");
_Static_assert(offsetof(ems_codec_info_t, struct_size) == 0 && sizeof(((ems_codec_info_t *)0)->struct_size) == 4, "ems_codec_info_t.struct_size");
_Static_assert(offsetof(ems_codec_info_t, kind) == 4 && sizeof(((ems_codec_info_t *)0)->kind) == 4, "ems_codec_info_t.kind");
_Static_assert(offsetof(ems_codec_info_t, name) == 8 && sizeof(((ems_codec_info_t *)0)->name) == 8, "ems_codec_info_t.name");
_Static_assert(offsetof(ems_codec_info_t, poll_count) == 16 && sizeof(((ems_codec_info_t *)0)->poll_count) == 4, "ems_codec_info_t.poll_count");
_Static_assert(offsetof(ems_codec_info_t, bit_rate) == 20 && sizeof(((ems_codec_info_t *)0)->bit_rate) == 4, "ems_codec_info_t.bit_rate");
_Static_assert(offsetof(ems_codec_info_t, reply_timeout_ms) == 24 && sizeof(((ems_codec_info_t *)0)->reply_timeout_ms) == 8, "ems_codec_info_t.reply_timeout_ms");
_Static_assert(offsetof(ems_codec_info_t, quiet_after_ms) == 32 && sizeof(((ems_codec_info_t *)0)->quiet_after_ms) == 8, "ems_codec_info_t.quiet_after_ms");
_Static_assert(offsetof(ems_codec_info_t, title) == 40 && sizeof(((ems_codec_info_t *)0)->title) == 8, "ems_codec_info_t.title");
_Static_assert(offsetof(ems_codec_info_t, bit_rates) == 48 && sizeof(((ems_codec_info_t *)0)->bit_rates) == 8, "ems_codec_info_t.bit_rates");
_Static_assert(offsetof(ems_codec_info_t, addresses) == 56 && sizeof(((ems_codec_info_t *)0)->addresses) == 8, "ems_codec_info_t.addresses");
_Static_assert(offsetof(ems_codec_info_t, bit_rate_count) == 64 && sizeof(((ems_codec_info_t *)0)->bit_rate_count) == 4, "ems_codec_info_t.bit_rate_count");
_Static_assert(offsetof(ems_codec_info_t, address_count) == 68 && sizeof(((ems_codec_info_t *)0)->address_count) == 4, "ems_codec_info_t.address_count");
_Static_assert(offsetof(ems_codec_info_t, variant_count) == 72 && sizeof(((ems_codec_info_t *)0)->variant_count) == 4, "ems_codec_info_t.variant_count");
_Static_assert(offsetof(ems_codec_info_t, send_count) == 76 && sizeof(((ems_codec_info_t *)0)->send_count) == 4, "ems_codec_info_t.send_count");
_Static_assert(offsetof(ems_codec_info_t, evidence) == 80 && sizeof(((ems_codec_info_t *)0)->evidence) == 4, "ems_codec_info_t.evidence");
_Static_assert(offsetof(ems_codec_info_t, asks_by_writing) == 84 && sizeof(((ems_codec_info_t *)0)->asks_by_writing) == 4, "ems_codec_info_t.asks_by_writing");
_Static_assert(offsetof(ems_codec_info_t, request_gap_ms) == 88 && sizeof(((ems_codec_info_t *)0)->request_gap_ms) == 8, "ems_codec_info_t.request_gap_ms");
_Static_assert(offsetof(ems_codec_info_t, limits_lease_ms) == 96 && sizeof(((ems_codec_info_t *)0)->limits_lease_ms) == 8, "ems_codec_info_t.limits_lease_ms");

_Static_assert(sizeof(ems_codec_options_t) == 16, "ems_codec_options_t");
_Static_assert(offsetof(ems_codec_options_t, struct_size) == 0 && sizeof(((ems_codec_options_t *)0)->struct_size) == 4, "ems_codec_options_t.struct_size");
_Static_assert(offsetof(ems_codec_options_t, has_address) == 4 && sizeof(((ems_codec_options_t *)0)->has_address) == 1, "ems_codec_options_t.has_address");
_Static_assert(offsetof(ems_codec_options_t, address) == 5 && sizeof(((ems_codec_options_t *)0)->address) == 1, "ems_codec_options_t.address");
_Static_assert(offsetof(ems_codec_options_t, cell_count) == 6 && sizeof(((ems_codec_options_t *)0)->cell_count) == 1, "ems_codec_options_t.cell_count");
_Static_assert(offsetof(ems_codec_options_t, temperature_count) == 7 && sizeof(((ems_codec_options_t *)0)->temperature_count) == 1, "ems_codec_options_t.temperature_count");
_Static_assert(offsetof(ems_codec_options_t, variant) == 8 && sizeof(((ems_codec_options_t *)0)->variant) == 8, "ems_codec_options_t.variant");

_Static_assert(sizeof(ems_battery_limits_t) == 20, "ems_battery_limits_t");
_Static_assert(offsetof(ems_battery_limits_t, struct_size) == 0 && sizeof(((ems_battery_limits_t *)0)->struct_size) == 4, "ems_battery_limits_t.struct_size");
_Static_assert(offsetof(ems_battery_limits_t, charge_voltage_mv) == 4 && sizeof(((ems_battery_limits_t *)0)->charge_voltage_mv) == 4, "ems_battery_limits_t.charge_voltage_mv");
_Static_assert(offsetof(ems_battery_limits_t, discharge_voltage_mv) == 8 && sizeof(((ems_battery_limits_t *)0)->discharge_voltage_mv) == 4, "ems_battery_limits_t.discharge_voltage_mv");
_Static_assert(offsetof(ems_battery_limits_t, charge_current_ma) == 12 && sizeof(((ems_battery_limits_t *)0)->charge_current_ma) == 4, "ems_battery_limits_t.charge_current_ma");
_Static_assert(offsetof(ems_battery_limits_t, discharge_current_ma) == 16 && sizeof(((ems_battery_limits_t *)0)->discharge_current_ma) == 4, "ems_battery_limits_t.discharge_current_ma");

_Static_assert(sizeof(ems_poll_item_t) == 16, "ems_poll_item_t");
_Static_assert(offsetof(ems_poll_item_t, struct_size) == 0 && sizeof(((ems_poll_item_t *)0)->struct_size) == 4, "ems_poll_item_t.struct_size");
_Static_assert(offsetof(ems_poll_item_t, number) == 4 && sizeof(((ems_poll_item_t *)0)->number) == 1, "ems_poll_item_t.number");
_Static_assert(offsetof(ems_poll_item_t, reserved) == 5 && sizeof(((ems_poll_item_t *)0)->reserved) == 1, "ems_poll_item_t.reserved");
_Static_assert(offsetof(ems_poll_item_t, every) == 6 && sizeof(((ems_poll_item_t *)0)->every) == 2, "ems_poll_item_t.every");
_Static_assert(offsetof(ems_poll_item_t, name) == 8 && sizeof(((ems_poll_item_t *)0)->name) == 8, "ems_poll_item_t.name");

_Static_assert(sizeof(ems_text_t) == 68, "ems_text_t");
_Static_assert(offsetof(ems_text_t, field) == 0 && sizeof(((ems_text_t *)0)->field) == 1, "ems_text_t.field");
_Static_assert(offsetof(ems_text_t, module) == 1 && sizeof(((ems_text_t *)0)->module) == 1, "ems_text_t.module");
_Static_assert(offsetof(ems_text_t, truncated) == 2 && sizeof(((ems_text_t *)0)->truncated) == 1, "ems_text_t.truncated");
_Static_assert(offsetof(ems_text_t, reserved) == 3 && sizeof(((ems_text_t *)0)->reserved) == 1, "ems_text_t.reserved");
_Static_assert(offsetof(ems_text_t, text) == 4 && sizeof(((ems_text_t *)0)->text) == 64, "ems_text_t.text");

_Static_assert(sizeof(ems_vendor_value_t) == 16, "ems_vendor_value_t");
_Static_assert(offsetof(ems_vendor_value_t, name) == 0 && sizeof(((ems_vendor_value_t *)0)->name) == 8, "ems_vendor_value_t.name");
_Static_assert(offsetof(ems_vendor_value_t, value) == 8 && sizeof(((ems_vendor_value_t *)0)->value) == 8, "ems_vendor_value_t.value");

_Static_assert(sizeof(ems_element_count_t) == 8, "ems_element_count_t");
_Static_assert(offsetof(ems_element_count_t, signal) == 0 && sizeof(((ems_element_count_t *)0)->signal) == 2, "ems_element_count_t.signal");
_Static_assert(offsetof(ems_element_count_t, count) == 2 && sizeof(((ems_element_count_t *)0)->count) == 2, "ems_element_count_t.count");
_Static_assert(offsetof(ems_element_count_t, module) == 4 && sizeof(((ems_element_count_t *)0)->module) == 1, "ems_element_count_t.module");
_Static_assert(offsetof(ems_element_count_t, reserved) == 5 && sizeof(((ems_element_count_t *)0)->reserved) == 3, "ems_element_count_t.reserved");

_Static_assert(sizeof(ems_readings_t) == 80, "ems_readings_t");
_Static_assert(offsetof(ems_readings_t, struct_size) == 0 && sizeof(((ems_readings_t *)0)->struct_size) == 4, "ems_readings_t.struct_size");
_Static_assert(offsetof(ems_readings_t, dropped) == 4 && sizeof(((ems_readings_t *)0)->dropped) == 4, "ems_readings_t.dropped");
_Static_assert(offsetof(ems_readings_t, values) == 8 && sizeof(((ems_readings_t *)0)->values) == 8, "ems_readings_t.values");
_Static_assert(offsetof(ems_readings_t, value_capacity) == 16 && sizeof(((ems_readings_t *)0)->value_capacity) == 4, "ems_readings_t.value_capacity");
_Static_assert(offsetof(ems_readings_t, value_count) == 20 && sizeof(((ems_readings_t *)0)->value_count) == 4, "ems_readings_t.value_count");
_Static_assert(offsetof(ems_readings_t, texts) == 24 && sizeof(((ems_readings_t *)0)->texts) == 8, "ems_readings_t.texts");
_Static_assert(offsetof(ems_readings_t, text_capacity) == 32 && sizeof(((ems_readings_t *)0)->text_capacity) == 4, "ems_readings_t.text_capacity");
_Static_assert(offsetof(ems_readings_t, text_count) == 36 && sizeof(((ems_readings_t *)0)->text_count) == 4, "ems_readings_t.text_count");
_Static_assert(offsetof(ems_readings_t, vendor_values) == 40 && sizeof(((ems_readings_t *)0)->vendor_values) == 8, "ems_readings_t.vendor_values");
_Static_assert(offsetof(ems_readings_t, vendor_value_capacity) == 48 && sizeof(((ems_readings_t *)0)->vendor_value_capacity) == 4, "ems_readings_t.vendor_value_capacity");
_Static_assert(offsetof(ems_readings_t, vendor_value_count) == 52 && sizeof(((ems_readings_t *)0)->vendor_value_count) == 4, "ems_readings_t.vendor_value_count");
_Static_assert(offsetof(ems_readings_t, element_counts) == 56 && sizeof(((ems_readings_t *)0)->element_counts) == 8, "ems_readings_t.element_counts");
_Static_assert(offsetof(ems_readings_t, element_count_capacity) == 64 && sizeof(((ems_readings_t *)0)->element_count_capacity) == 4, "ems_readings_t.element_count_capacity");
_Static_assert(offsetof(ems_readings_t, element_count_count) == 68 && sizeof(((ems_readings_t *)0)->element_count_count) == 4, "ems_readings_t.element_count_count");
_Static_assert(offsetof(ems_readings_t, acknowledged) == 72 && sizeof(((ems_readings_t *)0)->acknowledged) == 4, "ems_readings_t.acknowledged");
_Static_assert(offsetof(ems_readings_t, reserved) == 76 && sizeof(((ems_readings_t *)0)->reserved) == 4, "ems_readings_t.reserved");

_Static_assert(sizeof(ems_frame_scan_t) == 16, "ems_frame_scan_t");
_Static_assert(offsetof(ems_frame_scan_t, noise) == 0 && sizeof(((ems_frame_scan_t *)0)->noise) == 8, "ems_frame_scan_t.noise");
_Static_assert(offsetof(ems_frame_scan_t, size) == 8 && sizeof(((ems_frame_scan_t *)0)->size) == 8, "ems_frame_scan_t.size");

_Static_assert(sizeof(ems_phase_limits_t) == 28, "ems_phase_limits_t");
_Static_assert(offsetof(ems_phase_limits_t, count) == 0 && sizeof(((ems_phase_limits_t *)0)->count) == 4, "ems_phase_limits_t.count");
_Static_assert(offsetof(ems_phase_limits_t, phases) == 4 && sizeof(((ems_phase_limits_t *)0)->phases) == 24, "ems_phase_limits_t.phases");

_Static_assert(sizeof(ems_control_config_t) == 64, "ems_control_config_t");
_Static_assert(offsetof(ems_control_config_t, struct_size) == 0 && sizeof(((ems_control_config_t *)0)->struct_size) == 4, "ems_control_config_t.struct_size");
_Static_assert(offsetof(ems_control_config_t, armed) == 4 && sizeof(((ems_control_config_t *)0)->armed) == 4, "ems_control_config_t.armed");
_Static_assert(offsetof(ems_control_config_t, safety) == 8 && sizeof(((ems_control_config_t *)0)->safety) == 8, "ems_control_config_t.safety");
_Static_assert(offsetof(ems_control_config_t, decision) == 16 && sizeof(((ems_control_config_t *)0)->decision) == 8, "ems_control_config_t.decision");
_Static_assert(offsetof(ems_control_config_t, battery_capacity_wh) == 24 && sizeof(((ems_control_config_t *)0)->battery_capacity_wh) == 8, "ems_control_config_t.battery_capacity_wh");
_Static_assert(offsetof(ems_control_config_t, pv_meters) == 32 && sizeof(((ems_control_config_t *)0)->pv_meters) == 8, "ems_control_config_t.pv_meters");
_Static_assert(offsetof(ems_control_config_t, pv_meter_count) == 40 && sizeof(((ems_control_config_t *)0)->pv_meter_count) == 4, "ems_control_config_t.pv_meter_count");
_Static_assert(offsetof(ems_control_config_t, has_pcc_meter) == 44 && sizeof(((ems_control_config_t *)0)->has_pcc_meter) == 4, "ems_control_config_t.has_pcc_meter");
_Static_assert(offsetof(ems_control_config_t, pcc_meter) == 48 && sizeof(((ems_control_config_t *)0)->pcc_meter) == 4, "ems_control_config_t.pcc_meter");
_Static_assert(offsetof(ems_control_config_t, reserved) == 52 && sizeof(((ems_control_config_t *)0)->reserved) == 4, "ems_control_config_t.reserved");
_Static_assert(offsetof(ems_control_config_t, phase_limits) == 56 && sizeof(((ems_control_config_t *)0)->phase_limits) == 8, "ems_control_config_t.phase_limits");

_Static_assert(sizeof(ems_control_inputs_t) == 360, "ems_control_inputs_t");
_Static_assert(offsetof(ems_control_inputs_t, struct_size) == 0 && sizeof(((ems_control_inputs_t *)0)->struct_size) == 4, "ems_control_inputs_t.struct_size");
_Static_assert(offsetof(ems_control_inputs_t, estop) == 4 && sizeof(((ems_control_inputs_t *)0)->estop) == 4, "ems_control_inputs_t.estop");
_Static_assert(offsetof(ems_control_inputs_t, inverters_ready) == 8 && sizeof(((ems_control_inputs_t *)0)->inverters_ready) == 4, "ems_control_inputs_t.inverters_ready");
_Static_assert(offsetof(ems_control_inputs_t, has_setpoint) == 12 && sizeof(((ems_control_inputs_t *)0)->has_setpoint) == 4, "ems_control_inputs_t.has_setpoint");
_Static_assert(offsetof(ems_control_inputs_t, setpoint) == 16 && sizeof(((ems_control_inputs_t *)0)->setpoint) == 72, "ems_control_inputs_t.setpoint");
_Static_assert(offsetof(ems_control_inputs_t, valid) == 88 && sizeof(((ems_control_inputs_t *)0)->valid) == 4, "ems_control_inputs_t.valid");
_Static_assert(offsetof(ems_control_inputs_t, reserved) == 92 && sizeof(((ems_control_inputs_t *)0)->reserved) == 4, "ems_control_inputs_t.reserved");
_Static_assert(offsetof(ems_control_inputs_t, remote_setpoint) == 96 && sizeof(((ems_control_inputs_t *)0)->remote_setpoint) == 72, "ems_control_inputs_t.remote_setpoint");
_Static_assert(offsetof(ems_control_inputs_t, active_power_limit) == 168 && sizeof(((ems_control_inputs_t *)0)->active_power_limit) == 80, "ems_control_inputs_t.active_power_limit");
_Static_assert(offsetof(ems_control_inputs_t, dimming) == 248 && sizeof(((ems_control_inputs_t *)0)->dimming) == 80, "ems_control_inputs_t.dimming");
_Static_assert(offsetof(ems_control_inputs_t, wall) == 328 && sizeof(((ems_control_inputs_t *)0)->wall) == 24, "ems_control_inputs_t.wall");
_Static_assert(offsetof(ems_control_inputs_t, tables) == 352 && sizeof(((ems_control_inputs_t *)0)->tables) == 8, "ems_control_inputs_t.tables");

_Static_assert(sizeof(ems_control_result_t) == 40, "ems_control_result_t");
_Static_assert(offsetof(ems_control_result_t, struct_size) == 0 && sizeof(((ems_control_result_t *)0)->struct_size) == 4, "ems_control_result_t.struct_size");
_Static_assert(offsetof(ems_control_result_t, target_w) == 4 && sizeof(((ems_control_result_t *)0)->target_w) == 4, "ems_control_result_t.target_w");
_Static_assert(offsetof(ems_control_result_t, gated_w) == 8 && sizeof(((ems_control_result_t *)0)->gated_w) == 4, "ems_control_result_t.gated_w");
_Static_assert(offsetof(ems_control_result_t, safety_state) == 12 && sizeof(((ems_control_result_t *)0)->safety_state) == 4, "ems_control_result_t.safety_state");
_Static_assert(offsetof(ems_control_result_t, envelope) == 16 && sizeof(((ems_control_result_t *)0)->envelope) == 8, "ems_control_result_t.envelope");
_Static_assert(offsetof(ems_control_result_t, order_count) == 24 && sizeof(((ems_control_result_t *)0)->order_count) == 4, "ems_control_result_t.order_count");
_Static_assert(offsetof(ems_control_result_t, value_count) == 28 && sizeof(((ems_control_result_t *)0)->value_count) == 4, "ems_control_result_t.value_count");
_Static_assert(offsetof(ems_control_result_t, event_count) == 32 && sizeof(((ems_control_result_t *)0)->event_count) == 4, "ems_control_result_t.event_count");
_Static_assert(offsetof(ems_control_result_t, latch_changed) == 36 && sizeof(((ems_control_result_t *)0)->latch_changed) == 4, "ems_control_result_t.latch_changed");

_Static_assert(sizeof(ems_order_t) == 48, "ems_order_t");
_Static_assert(offsetof(ems_order_t, struct_size) == 0 && sizeof(((ems_order_t *)0)->struct_size) == 4, "ems_order_t.struct_size");
_Static_assert(offsetof(ems_order_t, asset) == 4 && sizeof(((ems_order_t *)0)->asset) == 4, "ems_order_t.asset");
_Static_assert(offsetof(ems_order_t, send) == 8 && sizeof(((ems_order_t *)0)->send) == 4, "ems_order_t.send");
_Static_assert(offsetof(ems_order_t, command) == 12 && sizeof(((ems_order_t *)0)->command) == 12, "ems_order_t.command");
_Static_assert(offsetof(ems_order_t, share_w) == 24 && sizeof(((ems_order_t *)0)->share_w) == 4, "ems_order_t.share_w");
_Static_assert(offsetof(ems_order_t, why) == 28 && sizeof(((ems_order_t *)0)->why) == 4, "ems_order_t.why");
_Static_assert(offsetof(ems_order_t, why_text) == 32 && sizeof(((ems_order_t *)0)->why_text) == 8, "ems_order_t.why_text");
_Static_assert(offsetof(ems_order_t, share_text) == 40 && sizeof(((ems_order_t *)0)->share_text) == 8, "ems_order_t.share_text");

_Static_assert(sizeof(ems_distribute_battery_t) == 32, "ems_distribute_battery_t");
_Static_assert(offsetof(ems_distribute_battery_t, bounds) == 0 && sizeof(((ems_distribute_battery_t *)0)->bounds) == 8, "ems_distribute_battery_t.bounds");
_Static_assert(offsetof(ems_distribute_battery_t, capacity_wh) == 8 && sizeof(((ems_distribute_battery_t *)0)->capacity_wh) == 8, "ems_distribute_battery_t.capacity_wh");
_Static_assert(offsetof(ems_distribute_battery_t, soc_bp) == 16 && sizeof(((ems_distribute_battery_t *)0)->soc_bp) == 4, "ems_distribute_battery_t.soc_bp");
_Static_assert(offsetof(ems_distribute_battery_t, has_soc) == 20 && sizeof(((ems_distribute_battery_t *)0)->has_soc) == 4, "ems_distribute_battery_t.has_soc");
_Static_assert(offsetof(ems_distribute_battery_t, soc_min_bp) == 24 && sizeof(((ems_distribute_battery_t *)0)->soc_min_bp) == 4, "ems_distribute_battery_t.soc_min_bp");
_Static_assert(offsetof(ems_distribute_battery_t, soc_max_bp) == 28 && sizeof(((ems_distribute_battery_t *)0)->soc_max_bp) == 4, "ems_distribute_battery_t.soc_max_bp");

_Static_assert(sizeof(ems_distribute_inverter_t) == 24, "ems_distribute_inverter_t");
_Static_assert(offsetof(ems_distribute_inverter_t, rating) == 0 && sizeof(((ems_distribute_inverter_t *)0)->rating) == 8, "ems_distribute_inverter_t.rating");
_Static_assert(offsetof(ems_distribute_inverter_t, batteries) == 8 && sizeof(((ems_distribute_inverter_t *)0)->batteries) == 8, "ems_distribute_inverter_t.batteries");
_Static_assert(offsetof(ems_distribute_inverter_t, battery_count) == 16 && sizeof(((ems_distribute_inverter_t *)0)->battery_count) == 4, "ems_distribute_inverter_t.battery_count");
_Static_assert(offsetof(ems_distribute_inverter_t, available) == 20 && sizeof(((ems_distribute_inverter_t *)0)->available) == 4, "ems_distribute_inverter_t.available");

_Static_assert(sizeof(ems_share_t) == 16, "ems_share_t");
_Static_assert(offsetof(ems_share_t, power_w) == 0 && sizeof(((ems_share_t *)0)->power_w) == 4, "ems_share_t.power_w");
_Static_assert(offsetof(ems_share_t, bounds) == 4 && sizeof(((ems_share_t *)0)->bounds) == 8, "ems_share_t.bounds");
_Static_assert(offsetof(ems_share_t, reason) == 12 && sizeof(((ems_share_t *)0)->reason) == 4, "ems_share_t.reason");

_Static_assert(sizeof(ems_distribution_t) == 20, "ems_distribution_t");
_Static_assert(offsetof(ems_distribution_t, struct_size) == 0 && sizeof(((ems_distribution_t *)0)->struct_size) == 4, "ems_distribution_t.struct_size");
_Static_assert(offsetof(ems_distribution_t, target_w) == 4 && sizeof(((ems_distribution_t *)0)->target_w) == 4, "ems_distribution_t.target_w");
_Static_assert(offsetof(ems_distribution_t, bounds) == 8 && sizeof(((ems_distribution_t *)0)->bounds) == 8, "ems_distribution_t.bounds");
_Static_assert(offsetof(ems_distribution_t, cross_charging) == 16 && sizeof(((ems_distribution_t *)0)->cross_charging) == 4, "ems_distribution_t.cross_charging");

_Static_assert(sizeof(ems_power_limits_t) == 12, "ems_power_limits_t");
_Static_assert(offsetof(ems_power_limits_t, has_discharge_max) == 0 && sizeof(((ems_power_limits_t *)0)->has_discharge_max) == 1, "ems_power_limits_t.has_discharge_max");
_Static_assert(offsetof(ems_power_limits_t, has_charge_max) == 1 && sizeof(((ems_power_limits_t *)0)->has_charge_max) == 1, "ems_power_limits_t.has_charge_max");
_Static_assert(offsetof(ems_power_limits_t, reserved) == 2 && sizeof(((ems_power_limits_t *)0)->reserved) == 2, "ems_power_limits_t.reserved");
_Static_assert(offsetof(ems_power_limits_t, discharge_max_w) == 4 && sizeof(((ems_power_limits_t *)0)->discharge_max_w) == 4, "ems_power_limits_t.discharge_max_w");
_Static_assert(offsetof(ems_power_limits_t, charge_max_w) == 8 && sizeof(((ems_power_limits_t *)0)->charge_max_w) == 4, "ems_power_limits_t.charge_max_w");

_Static_assert(sizeof(ems_time_of_use_window_t) == 16, "ems_time_of_use_window_t");
_Static_assert(offsetof(ems_time_of_use_window_t, from_minute) == 0 && sizeof(((ems_time_of_use_window_t *)0)->from_minute) == 2, "ems_time_of_use_window_t.from_minute");
_Static_assert(offsetof(ems_time_of_use_window_t, to_minute) == 2 && sizeof(((ems_time_of_use_window_t *)0)->to_minute) == 2, "ems_time_of_use_window_t.to_minute");
_Static_assert(offsetof(ems_time_of_use_window_t, days) == 4 && sizeof(((ems_time_of_use_window_t *)0)->days) == 1, "ems_time_of_use_window_t.days");
_Static_assert(offsetof(ems_time_of_use_window_t, action) == 5 && sizeof(((ems_time_of_use_window_t *)0)->action) == 1, "ems_time_of_use_window_t.action");
_Static_assert(offsetof(ems_time_of_use_window_t, has_soc_stop) == 6 && sizeof(((ems_time_of_use_window_t *)0)->has_soc_stop) == 1, "ems_time_of_use_window_t.has_soc_stop");
_Static_assert(offsetof(ems_time_of_use_window_t, reserved) == 7 && sizeof(((ems_time_of_use_window_t *)0)->reserved) == 1, "ems_time_of_use_window_t.reserved");
_Static_assert(offsetof(ems_time_of_use_window_t, power_w) == 8 && sizeof(((ems_time_of_use_window_t *)0)->power_w) == 4, "ems_time_of_use_window_t.power_w");
_Static_assert(offsetof(ems_time_of_use_window_t, soc_stop_bp) == 12 && sizeof(((ems_time_of_use_window_t *)0)->soc_stop_bp) == 4, "ems_time_of_use_window_t.soc_stop_bp");

_Static_assert(sizeof(ems_decision_config_t) == 376, "ems_decision_config_t");
_Static_assert(offsetof(ems_decision_config_t, struct_size) == 0 && sizeof(((ems_decision_config_t *)0)->struct_size) == 4, "ems_decision_config_t.struct_size");
_Static_assert(offsetof(ems_decision_config_t, policies) == 4 && sizeof(((ems_decision_config_t *)0)->policies) == 4, "ems_decision_config_t.policies");
_Static_assert(offsetof(ems_decision_config_t, pair_skew_max_ms) == 8 && sizeof(((ems_decision_config_t *)0)->pair_skew_max_ms) == 8, "ems_decision_config_t.pair_skew_max_ms");
_Static_assert(offsetof(ems_decision_config_t, import_limit_hold_ms) == 16 && sizeof(((ems_decision_config_t *)0)->import_limit_hold_ms) == 8, "ems_decision_config_t.import_limit_hold_ms");
_Static_assert(offsetof(ems_decision_config_t, setpoint_lease_max_ms) == 24 && sizeof(((ems_decision_config_t *)0)->setpoint_lease_max_ms) == 8, "ems_decision_config_t.setpoint_lease_max_ms");
_Static_assert(offsetof(ems_decision_config_t, import_limit_w) == 32 && sizeof(((ems_decision_config_t *)0)->import_limit_w) == 4, "ems_decision_config_t.import_limit_w");
_Static_assert(offsetof(ems_decision_config_t, self_consumption_target_w) == 36 && sizeof(((ems_decision_config_t *)0)->self_consumption_target_w) == 4, "ems_decision_config_t.self_consumption_target_w");
_Static_assert(offsetof(ems_decision_config_t, self_consumption_deadband_w) == 40 && sizeof(((ems_decision_config_t *)0)->self_consumption_deadband_w) == 4, "ems_decision_config_t.self_consumption_deadband_w");
_Static_assert(offsetof(ems_decision_config_t, reserved) == 44 && sizeof(((ems_decision_config_t *)0)->reserved) == 4, "ems_decision_config_t.reserved");
_Static_assert(offsetof(ems_decision_config_t, active_power_limit_lease_max_ms) == 48 && sizeof(((ems_decision_config_t *)0)->active_power_limit_lease_max_ms) == 8, "ems_decision_config_t.active_power_limit_lease_max_ms");
_Static_assert(offsetof(ems_decision_config_t, active_power_limit) == 56 && sizeof(((ems_decision_config_t *)0)->active_power_limit) == 12, "ems_decision_config_t.active_power_limit");
_Static_assert(offsetof(ems_decision_config_t, active_power_limit_fallback) == 68 && sizeof(((ems_decision_config_t *)0)->active_power_limit_fallback) == 12, "ems_decision_config_t.active_power_limit_fallback");
_Static_assert(offsetof(ems_decision_config_t, droop_release_after_ms) == 80 && sizeof(((ems_decision_config_t *)0)->droop_release_after_ms) == 8, "ems_decision_config_t.droop_release_after_ms");
_Static_assert(offsetof(ems_decision_config_t, droop_response_ms) == 88 && sizeof(((ems_decision_config_t *)0)->droop_response_ms) == 8, "ems_decision_config_t.droop_response_ms");
_Static_assert(offsetof(ems_decision_config_t, droop_nominal_mhz) == 96 && sizeof(((ems_decision_config_t *)0)->droop_nominal_mhz) == 4, "ems_decision_config_t.droop_nominal_mhz");
_Static_assert(offsetof(ems_decision_config_t, droop_deadband_over_mhz) == 100 && sizeof(((ems_decision_config_t *)0)->droop_deadband_over_mhz) == 4, "ems_decision_config_t.droop_deadband_over_mhz");
_Static_assert(offsetof(ems_decision_config_t, droop_deadband_under_mhz) == 104 && sizeof(((ems_decision_config_t *)0)->droop_deadband_under_mhz) == 4, "ems_decision_config_t.droop_deadband_under_mhz");
_Static_assert(offsetof(ems_decision_config_t, droop_bp) == 108 && sizeof(((ems_decision_config_t *)0)->droop_bp) == 4, "ems_decision_config_t.droop_bp");
_Static_assert(offsetof(ems_decision_config_t, droop_reference_w) == 112 && sizeof(((ems_decision_config_t *)0)->droop_reference_w) == 4, "ems_decision_config_t.droop_reference_w");
_Static_assert(offsetof(ems_decision_config_t, ramp_up_w_per_s) == 116 && sizeof(((ems_decision_config_t *)0)->ramp_up_w_per_s) == 4, "ems_decision_config_t.ramp_up_w_per_s");
_Static_assert(offsetof(ems_decision_config_t, ramp_down_w_per_s) == 120 && sizeof(((ems_decision_config_t *)0)->ramp_down_w_per_s) == 4, "ems_decision_config_t.ramp_down_w_per_s");
_Static_assert(offsetof(ems_decision_config_t, dimming_failsafe_w) == 124 && sizeof(((ems_decision_config_t *)0)->dimming_failsafe_w) == 4, "ems_decision_config_t.dimming_failsafe_w");
_Static_assert(offsetof(ems_decision_config_t, dimming_protective_w) == 128 && sizeof(((ems_decision_config_t *)0)->dimming_protective_w) == 4, "ems_decision_config_t.dimming_protective_w");
_Static_assert(offsetof(ems_decision_config_t, export_limit_w) == 132 && sizeof(((ems_decision_config_t *)0)->export_limit_w) == 4, "ems_decision_config_t.export_limit_w");
_Static_assert(offsetof(ems_decision_config_t, ramp_step_max_ms) == 136 && sizeof(((ems_decision_config_t *)0)->ramp_step_max_ms) == 8, "ems_decision_config_t.ramp_step_max_ms");
_Static_assert(offsetof(ems_decision_config_t, dimming_failsafe_min_ms) == 144 && sizeof(((ems_decision_config_t *)0)->dimming_failsafe_min_ms) == 8, "ems_decision_config_t.dimming_failsafe_min_ms");
_Static_assert(offsetof(ems_decision_config_t, dimming_lease_max_ms) == 152 && sizeof(((ems_decision_config_t *)0)->dimming_lease_max_ms) == 8, "ems_decision_config_t.dimming_lease_max_ms");
_Static_assert(offsetof(ems_decision_config_t, demand_limit_window_ms) == 160 && sizeof(((ems_decision_config_t *)0)->demand_limit_window_ms) == 8, "ems_decision_config_t.demand_limit_window_ms");
_Static_assert(offsetof(ems_decision_config_t, demand_limit_offset_ms) == 168 && sizeof(((ems_decision_config_t *)0)->demand_limit_offset_ms) == 8, "ems_decision_config_t.demand_limit_offset_ms");
_Static_assert(offsetof(ems_decision_config_t, demand_limit_hold_ms) == 176 && sizeof(((ems_decision_config_t *)0)->demand_limit_hold_ms) == 8, "ems_decision_config_t.demand_limit_hold_ms");
_Static_assert(offsetof(ems_decision_config_t, demand_limit_glide_ms) == 184 && sizeof(((ems_decision_config_t *)0)->demand_limit_glide_ms) == 8, "ems_decision_config_t.demand_limit_glide_ms");
_Static_assert(offsetof(ems_decision_config_t, remote_setpoint_lease_max_ms) == 192 && sizeof(((ems_decision_config_t *)0)->remote_setpoint_lease_max_ms) == 8, "ems_decision_config_t.remote_setpoint_lease_max_ms");
_Static_assert(offsetof(ems_decision_config_t, plan_age_max_ms) == 200 && sizeof(((ems_decision_config_t *)0)->plan_age_max_ms) == 8, "ems_decision_config_t.plan_age_max_ms");
_Static_assert(offsetof(ems_decision_config_t, plan_adrift_max_ms) == 208 && sizeof(((ems_decision_config_t *)0)->plan_adrift_max_ms) == 8, "ems_decision_config_t.plan_adrift_max_ms");
_Static_assert(offsetof(ems_decision_config_t, price_age_max_ms) == 216 && sizeof(((ems_decision_config_t *)0)->price_age_max_ms) == 8, "ems_decision_config_t.price_age_max_ms");
_Static_assert(offsetof(ems_decision_config_t, price_buy_below) == 224 && sizeof(((ems_decision_config_t *)0)->price_buy_below) == 8, "ems_decision_config_t.price_buy_below");
_Static_assert(offsetof(ems_decision_config_t, price_sell_above) == 232 && sizeof(((ems_decision_config_t *)0)->price_sell_above) == 8, "ems_decision_config_t.price_sell_above");
_Static_assert(offsetof(ems_decision_config_t, time_of_use_windows) == 240 && sizeof(((ems_decision_config_t *)0)->time_of_use_windows) == 8, "ems_decision_config_t.time_of_use_windows");
_Static_assert(offsetof(ems_decision_config_t, time_of_use_window_count) == 248 && sizeof(((ems_decision_config_t *)0)->time_of_use_window_count) == 4, "ems_decision_config_t.time_of_use_window_count");
_Static_assert(offsetof(ems_decision_config_t, time_of_use_only_without_prices) == 252 && sizeof(((ems_decision_config_t *)0)->time_of_use_only_without_prices) == 4, "ems_decision_config_t.time_of_use_only_without_prices");
_Static_assert(offsetof(ems_decision_config_t, time_of_use_soc_hysteresis_bp) == 256 && sizeof(((ems_decision_config_t *)0)->time_of_use_soc_hysteresis_bp) == 4, "ems_decision_config_t.time_of_use_soc_hysteresis_bp");
_Static_assert(offsetof(ems_decision_config_t, demand_limit_w) == 260 && sizeof(((ems_decision_config_t *)0)->demand_limit_w) == 4, "ems_decision_config_t.demand_limit_w");
_Static_assert(offsetof(ems_decision_config_t, demand_limit_import_max_w) == 264 && sizeof(((ems_decision_config_t *)0)->demand_limit_import_max_w) == 4, "ems_decision_config_t.demand_limit_import_max_w");
_Static_assert(offsetof(ems_decision_config_t, backup_reserve_bp) == 268 && sizeof(((ems_decision_config_t *)0)->backup_reserve_bp) == 4, "ems_decision_config_t.backup_reserve_bp");
_Static_assert(offsetof(ems_decision_config_t, backup_reserve_hysteresis_bp) == 272 && sizeof(((ems_decision_config_t *)0)->backup_reserve_hysteresis_bp) == 4, "ems_decision_config_t.backup_reserve_hysteresis_bp");
_Static_assert(offsetof(ems_decision_config_t, zero_export_tolerance_w) == 276 && sizeof(((ems_decision_config_t *)0)->zero_export_tolerance_w) == 4, "ems_decision_config_t.zero_export_tolerance_w");
_Static_assert(offsetof(ems_decision_config_t, price_currency) == 280 && sizeof(((ems_decision_config_t *)0)->price_currency) == 4, "ems_decision_config_t.price_currency");
_Static_assert(offsetof(ems_decision_config_t, price_power_w) == 284 && sizeof(((ems_decision_config_t *)0)->price_power_w) == 4, "ems_decision_config_t.price_power_w");
_Static_assert(offsetof(ems_decision_config_t, price_share_at_threshold_bp) == 288 && sizeof(((ems_decision_config_t *)0)->price_share_at_threshold_bp) == 4, "ems_decision_config_t.price_share_at_threshold_bp");
_Static_assert(offsetof(ems_decision_config_t, price_soc_buy_max_bp) == 292 && sizeof(((ems_decision_config_t *)0)->price_soc_buy_max_bp) == 4, "ems_decision_config_t.price_soc_buy_max_bp");
_Static_assert(offsetof(ems_decision_config_t, price_soc_sell_min_bp) == 296 && sizeof(((ems_decision_config_t *)0)->price_soc_sell_min_bp) == 4, "ems_decision_config_t.price_soc_sell_min_bp");
_Static_assert(offsetof(ems_decision_config_t, price_soc_hysteresis_bp) == 300 && sizeof(((ems_decision_config_t *)0)->price_soc_hysteresis_bp) == 4, "ems_decision_config_t.price_soc_hysteresis_bp");
_Static_assert(offsetof(ems_decision_config_t, self_consumption_surplus_start_w) == 304 && sizeof(((ems_decision_config_t *)0)->self_consumption_surplus_start_w) == 4, "ems_decision_config_t.self_consumption_surplus_start_w");
_Static_assert(offsetof(ems_decision_config_t, self_consumption_surplus_stop_w) == 308 && sizeof(((ems_decision_config_t *)0)->self_consumption_surplus_stop_w) == 4, "ems_decision_config_t.self_consumption_surplus_stop_w");
_Static_assert(offsetof(ems_decision_config_t, self_consumption_soc_store_max_bp) == 312 && sizeof(((ems_decision_config_t *)0)->self_consumption_soc_store_max_bp) == 4, "ems_decision_config_t.self_consumption_soc_store_max_bp");
_Static_assert(offsetof(ems_decision_config_t, self_consumption_soc_feed_min_bp) == 316 && sizeof(((ems_decision_config_t *)0)->self_consumption_soc_feed_min_bp) == 4, "ems_decision_config_t.self_consumption_soc_feed_min_bp");
_Static_assert(offsetof(ems_decision_config_t, self_consumption_soc_hysteresis_bp) == 320 && sizeof(((ems_decision_config_t *)0)->self_consumption_soc_hysteresis_bp) == 4, "ems_decision_config_t.self_consumption_soc_hysteresis_bp");
_Static_assert(offsetof(ems_decision_config_t, comfort_soc_min_bp) == 324 && sizeof(((ems_decision_config_t *)0)->comfort_soc_min_bp) == 4, "ems_decision_config_t.comfort_soc_min_bp");
_Static_assert(offsetof(ems_decision_config_t, comfort_soc_max_bp) == 328 && sizeof(((ems_decision_config_t *)0)->comfort_soc_max_bp) == 4, "ems_decision_config_t.comfort_soc_max_bp");
_Static_assert(offsetof(ems_decision_config_t, comfort_taper_bp) == 332 && sizeof(((ems_decision_config_t *)0)->comfort_taper_bp) == 4, "ems_decision_config_t.comfort_taper_bp");
_Static_assert(offsetof(ems_decision_config_t, comfort_power_w) == 336 && sizeof(((ems_decision_config_t *)0)->comfort_power_w) == 4, "ems_decision_config_t.comfort_power_w");
_Static_assert(offsetof(ems_decision_config_t, comfort_restore_w) == 340 && sizeof(((ems_decision_config_t *)0)->comfort_restore_w) == 4, "ems_decision_config_t.comfort_restore_w");
_Static_assert(offsetof(ems_decision_config_t, gentle_charge_ppm) == 344 && sizeof(((ems_decision_config_t *)0)->gentle_charge_ppm) == 4, "ems_decision_config_t.gentle_charge_ppm");
_Static_assert(offsetof(ems_decision_config_t, gentle_discharge_ppm) == 348 && sizeof(((ems_decision_config_t *)0)->gentle_discharge_ppm) == 4, "ems_decision_config_t.gentle_discharge_ppm");
_Static_assert(offsetof(ems_decision_config_t, gentle_cold_zero_mdegc) == 352 && sizeof(((ems_decision_config_t *)0)->gentle_cold_zero_mdegc) == 4, "ems_decision_config_t.gentle_cold_zero_mdegc");
_Static_assert(offsetof(ems_decision_config_t, gentle_cold_full_mdegc) == 356 && sizeof(((ems_decision_config_t *)0)->gentle_cold_full_mdegc) == 4, "ems_decision_config_t.gentle_cold_full_mdegc");
_Static_assert(offsetof(ems_decision_config_t, gentle_hot_full_mdegc) == 360 && sizeof(((ems_decision_config_t *)0)->gentle_hot_full_mdegc) == 4, "ems_decision_config_t.gentle_hot_full_mdegc");
_Static_assert(offsetof(ems_decision_config_t, gentle_hot_zero_mdegc) == 364 && sizeof(((ems_decision_config_t *)0)->gentle_hot_zero_mdegc) == 4, "ems_decision_config_t.gentle_hot_zero_mdegc");
_Static_assert(offsetof(ems_decision_config_t, gentle_temperature_power_w) == 368 && sizeof(((ems_decision_config_t *)0)->gentle_temperature_power_w) == 4, "ems_decision_config_t.gentle_temperature_power_w");

_Static_assert(sizeof(ems_power_sample_t) == 24, "ems_power_sample_t");
_Static_assert(offsetof(ems_power_sample_t, taken_at_ms) == 0 && sizeof(((ems_power_sample_t *)0)->taken_at_ms) == 8, "ems_power_sample_t.taken_at_ms");
_Static_assert(offsetof(ems_power_sample_t, stale_after_ms) == 8 && sizeof(((ems_power_sample_t *)0)->stale_after_ms) == 8, "ems_power_sample_t.stale_after_ms");
_Static_assert(offsetof(ems_power_sample_t, power_w) == 16 && sizeof(((ems_power_sample_t *)0)->power_w) == 4, "ems_power_sample_t.power_w");
_Static_assert(offsetof(ems_power_sample_t, quality) == 20 && sizeof(((ems_power_sample_t *)0)->quality) == 1, "ems_power_sample_t.quality");
_Static_assert(offsetof(ems_power_sample_t, reserved) == 21 && sizeof(((ems_power_sample_t *)0)->reserved) == 3, "ems_power_sample_t.reserved");

_Static_assert(sizeof(ems_measurement_t) == 32, "ems_measurement_t");
_Static_assert(offsetof(ems_measurement_t, value) == 0 && sizeof(((ems_measurement_t *)0)->value) == 8, "ems_measurement_t.value");
_Static_assert(offsetof(ems_measurement_t, taken_at_ms) == 8 && sizeof(((ems_measurement_t *)0)->taken_at_ms) == 8, "ems_measurement_t.taken_at_ms");
_Static_assert(offsetof(ems_measurement_t, stale_after_ms) == 16 && sizeof(((ems_measurement_t *)0)->stale_after_ms) == 8, "ems_measurement_t.stale_after_ms");
_Static_assert(offsetof(ems_measurement_t, quality) == 24 && sizeof(((ems_measurement_t *)0)->quality) == 1, "ems_measurement_t.quality");
_Static_assert(offsetof(ems_measurement_t, reserved) == 25 && sizeof(((ems_measurement_t *)0)->reserved) == 7, "ems_measurement_t.reserved");

_Static_assert(sizeof(ems_setpoint_t) == 72, "ems_setpoint_t");
_Static_assert(offsetof(ems_setpoint_t, given_at_ms) == 0 && sizeof(((ems_setpoint_t *)0)->given_at_ms) == 8, "ems_setpoint_t.given_at_ms");
_Static_assert(offsetof(ems_setpoint_t, lease_end_ms) == 8 && sizeof(((ems_setpoint_t *)0)->lease_end_ms) == 8, "ems_setpoint_t.lease_end_ms");
_Static_assert(offsetof(ems_setpoint_t, power_w) == 16 && sizeof(((ems_setpoint_t *)0)->power_w) == 4, "ems_setpoint_t.power_w");
_Static_assert(offsetof(ems_setpoint_t, actor) == 20 && sizeof(((ems_setpoint_t *)0)->actor) == 49, "ems_setpoint_t.actor");
_Static_assert(offsetof(ems_setpoint_t, reserved) == 69 && sizeof(((ems_setpoint_t *)0)->reserved) == 3, "ems_setpoint_t.reserved");

_Static_assert(sizeof(ems_limit_command_t) == 80, "ems_limit_command_t");
_Static_assert(offsetof(ems_limit_command_t, given_at_ms) == 0 && sizeof(((ems_limit_command_t *)0)->given_at_ms) == 8, "ems_limit_command_t.given_at_ms");
_Static_assert(offsetof(ems_limit_command_t, lease_end_ms) == 8 && sizeof(((ems_limit_command_t *)0)->lease_end_ms) == 8, "ems_limit_command_t.lease_end_ms");
_Static_assert(offsetof(ems_limit_command_t, limits) == 16 && sizeof(((ems_limit_command_t *)0)->limits) == 12, "ems_limit_command_t.limits");
_Static_assert(offsetof(ems_limit_command_t, actor) == 28 && sizeof(((ems_limit_command_t *)0)->actor) == 49, "ems_limit_command_t.actor");
_Static_assert(offsetof(ems_limit_command_t, reserved) == 77 && sizeof(((ems_limit_command_t *)0)->reserved) == 3, "ems_limit_command_t.reserved");

_Static_assert(sizeof(ems_wall_time_t) == 24, "ems_wall_time_t");
_Static_assert(offsetof(ems_wall_time_t, utc_us) == 0 && sizeof(((ems_wall_time_t *)0)->utc_us) == 8, "ems_wall_time_t.utc_us");
_Static_assert(offsetof(ems_wall_time_t, unsynced_ms) == 8 && sizeof(((ems_wall_time_t *)0)->unsynced_ms) == 8, "ems_wall_time_t.unsynced_ms");
_Static_assert(offsetof(ems_wall_time_t, utc_offset_s) == 16 && sizeof(((ems_wall_time_t *)0)->utc_offset_s) == 4, "ems_wall_time_t.utc_offset_s");
_Static_assert(offsetof(ems_wall_time_t, quality) == 20 && sizeof(((ems_wall_time_t *)0)->quality) == 4, "ems_wall_time_t.quality");

_Static_assert(sizeof(ems_schedule_entry_t) == 24, "ems_schedule_entry_t");
_Static_assert(offsetof(ems_schedule_entry_t, from_utc_us) == 0 && sizeof(((ems_schedule_entry_t *)0)->from_utc_us) == 8, "ems_schedule_entry_t.from_utc_us");
_Static_assert(offsetof(ems_schedule_entry_t, to_utc_us) == 8 && sizeof(((ems_schedule_entry_t *)0)->to_utc_us) == 8, "ems_schedule_entry_t.to_utc_us");
_Static_assert(offsetof(ems_schedule_entry_t, power_w) == 16 && sizeof(((ems_schedule_entry_t *)0)->power_w) == 4, "ems_schedule_entry_t.power_w");
_Static_assert(offsetof(ems_schedule_entry_t, reserved) == 20 && sizeof(((ems_schedule_entry_t *)0)->reserved) == 4, "ems_schedule_entry_t.reserved");

_Static_assert(sizeof(ems_plan_slot_t) == 32, "ems_plan_slot_t");
_Static_assert(offsetof(ems_plan_slot_t, start_utc_us) == 0 && sizeof(((ems_plan_slot_t *)0)->start_utc_us) == 8, "ems_plan_slot_t.start_utc_us");
_Static_assert(offsetof(ems_plan_slot_t, end_utc_us) == 8 && sizeof(((ems_plan_slot_t *)0)->end_utc_us) == 8, "ems_plan_slot_t.end_utc_us");
_Static_assert(offsetof(ems_plan_slot_t, power_w) == 16 && sizeof(((ems_plan_slot_t *)0)->power_w) == 4, "ems_plan_slot_t.power_w");
_Static_assert(offsetof(ems_plan_slot_t, pcc_target_w) == 20 && sizeof(((ems_plan_slot_t *)0)->pcc_target_w) == 4, "ems_plan_slot_t.pcc_target_w");
_Static_assert(offsetof(ems_plan_slot_t, has_pcc_target) == 24 && sizeof(((ems_plan_slot_t *)0)->has_pcc_target) == 4, "ems_plan_slot_t.has_pcc_target");
_Static_assert(offsetof(ems_plan_slot_t, reserved) == 28 && sizeof(((ems_plan_slot_t *)0)->reserved) == 4, "ems_plan_slot_t.reserved");

_Static_assert(sizeof(ems_price_slot_t) == 24, "ems_price_slot_t");
_Static_assert(offsetof(ems_price_slot_t, start_utc_us) == 0 && sizeof(((ems_price_slot_t *)0)->start_utc_us) == 8, "ems_price_slot_t.start_utc_us");
_Static_assert(offsetof(ems_price_slot_t, buy) == 8 && sizeof(((ems_price_slot_t *)0)->buy) == 8, "ems_price_slot_t.buy");
_Static_assert(offsetof(ems_price_slot_t, sell) == 16 && sizeof(((ems_price_slot_t *)0)->sell) == 8, "ems_price_slot_t.sell");

_Static_assert(sizeof(ems_decision_tables_t) == 128, "ems_decision_tables_t");
_Static_assert(offsetof(ems_decision_tables_t, struct_size) == 0 && sizeof(((ems_decision_tables_t *)0)->struct_size) == 4, "ems_decision_tables_t.struct_size");
_Static_assert(offsetof(ems_decision_tables_t, schedule_count) == 4 && sizeof(((ems_decision_tables_t *)0)->schedule_count) == 4, "ems_decision_tables_t.schedule_count");
_Static_assert(offsetof(ems_decision_tables_t, schedule) == 8 && sizeof(((ems_decision_tables_t *)0)->schedule) == 8, "ems_decision_tables_t.schedule");
_Static_assert(offsetof(ems_decision_tables_t, plan) == 16 && sizeof(((ems_decision_tables_t *)0)->plan) == 8, "ems_decision_tables_t.plan");
_Static_assert(offsetof(ems_decision_tables_t, plan_count) == 24 && sizeof(((ems_decision_tables_t *)0)->plan_count) == 4, "ems_decision_tables_t.plan_count");
_Static_assert(offsetof(ems_decision_tables_t, plan_id) == 28 && sizeof(((ems_decision_tables_t *)0)->plan_id) == 49, "ems_decision_tables_t.plan_id");
_Static_assert(offsetof(ems_decision_tables_t, reserved) == 77 && sizeof(((ems_decision_tables_t *)0)->reserved) == 3, "ems_decision_tables_t.reserved");
_Static_assert(offsetof(ems_decision_tables_t, plan_made_at_utc_us) == 80 && sizeof(((ems_decision_tables_t *)0)->plan_made_at_utc_us) == 8, "ems_decision_tables_t.plan_made_at_utc_us");
_Static_assert(offsetof(ems_decision_tables_t, plan_valid_for_ms) == 88 && sizeof(((ems_decision_tables_t *)0)->plan_valid_for_ms) == 8, "ems_decision_tables_t.plan_valid_for_ms");
_Static_assert(offsetof(ems_decision_tables_t, prices) == 96 && sizeof(((ems_decision_tables_t *)0)->prices) == 8, "ems_decision_tables_t.prices");
_Static_assert(offsetof(ems_decision_tables_t, price_count) == 104 && sizeof(((ems_decision_tables_t *)0)->price_count) == 4, "ems_decision_tables_t.price_count");
_Static_assert(offsetof(ems_decision_tables_t, price_currency) == 108 && sizeof(((ems_decision_tables_t *)0)->price_currency) == 4, "ems_decision_tables_t.price_currency");
_Static_assert(offsetof(ems_decision_tables_t, price_made_at_utc_us) == 112 && sizeof(((ems_decision_tables_t *)0)->price_made_at_utc_us) == 8, "ems_decision_tables_t.price_made_at_utc_us");
_Static_assert(offsetof(ems_decision_tables_t, price_end_utc_us) == 120 && sizeof(((ems_decision_tables_t *)0)->price_end_utc_us) == 8, "ems_decision_tables_t.price_end_utc_us");

_Static_assert(sizeof(ems_decision_inputs_t) == 696, "ems_decision_inputs_t");
_Static_assert(offsetof(ems_decision_inputs_t, struct_size) == 0 && sizeof(((ems_decision_inputs_t *)0)->struct_size) == 4, "ems_decision_inputs_t.struct_size");
_Static_assert(offsetof(ems_decision_inputs_t, valid) == 4 && sizeof(((ems_decision_inputs_t *)0)->valid) == 4, "ems_decision_inputs_t.valid");
_Static_assert(offsetof(ems_decision_inputs_t, envelope) == 8 && sizeof(((ems_decision_inputs_t *)0)->envelope) == 8, "ems_decision_inputs_t.envelope");
_Static_assert(offsetof(ems_decision_inputs_t, pcc_power) == 16 && sizeof(((ems_decision_inputs_t *)0)->pcc_power) == 24, "ems_decision_inputs_t.pcc_power");
_Static_assert(offsetof(ems_decision_inputs_t, battery_power) == 40 && sizeof(((ems_decision_inputs_t *)0)->battery_power) == 24, "ems_decision_inputs_t.battery_power");
_Static_assert(offsetof(ems_decision_inputs_t, gated_power) == 64 && sizeof(((ems_decision_inputs_t *)0)->gated_power) == 24, "ems_decision_inputs_t.gated_power");
_Static_assert(offsetof(ems_decision_inputs_t, setpoint) == 88 && sizeof(((ems_decision_inputs_t *)0)->setpoint) == 72, "ems_decision_inputs_t.setpoint");
_Static_assert(offsetof(ems_decision_inputs_t, reserved) == 160 && sizeof(((ems_decision_inputs_t *)0)->reserved) == 4, "ems_decision_inputs_t.reserved");
_Static_assert(offsetof(ems_decision_inputs_t, remote_setpoint) == 168 && sizeof(((ems_decision_inputs_t *)0)->remote_setpoint) == 72, "ems_decision_inputs_t.remote_setpoint");
_Static_assert(offsetof(ems_decision_inputs_t, active_power_limit) == 240 && sizeof(((ems_decision_inputs_t *)0)->active_power_limit) == 80, "ems_decision_inputs_t.active_power_limit");
_Static_assert(offsetof(ems_decision_inputs_t, dimming) == 320 && sizeof(((ems_decision_inputs_t *)0)->dimming) == 80, "ems_decision_inputs_t.dimming");
_Static_assert(offsetof(ems_decision_inputs_t, frequency_mhz) == 400 && sizeof(((ems_decision_inputs_t *)0)->frequency_mhz) == 32, "ems_decision_inputs_t.frequency_mhz");
_Static_assert(offsetof(ems_decision_inputs_t, grid_connected) == 432 && sizeof(((ems_decision_inputs_t *)0)->grid_connected) == 32, "ems_decision_inputs_t.grid_connected");
_Static_assert(offsetof(ems_decision_inputs_t, energy_imported_wh) == 464 && sizeof(((ems_decision_inputs_t *)0)->energy_imported_wh) == 32, "ems_decision_inputs_t.energy_imported_wh");
_Static_assert(offsetof(ems_decision_inputs_t, soc_bp) == 496 && sizeof(((ems_decision_inputs_t *)0)->soc_bp) == 32, "ems_decision_inputs_t.soc_bp");
_Static_assert(offsetof(ems_decision_inputs_t, soc_min_bp) == 528 && sizeof(((ems_decision_inputs_t *)0)->soc_min_bp) == 32, "ems_decision_inputs_t.soc_min_bp");
_Static_assert(offsetof(ems_decision_inputs_t, soc_max_bp) == 560 && sizeof(((ems_decision_inputs_t *)0)->soc_max_bp) == 32, "ems_decision_inputs_t.soc_max_bp");
_Static_assert(offsetof(ems_decision_inputs_t, temperature_min_mdegc) == 592 && sizeof(((ems_decision_inputs_t *)0)->temperature_min_mdegc) == 32, "ems_decision_inputs_t.temperature_min_mdegc");
_Static_assert(offsetof(ems_decision_inputs_t, temperature_max_mdegc) == 624 && sizeof(((ems_decision_inputs_t *)0)->temperature_max_mdegc) == 32, "ems_decision_inputs_t.temperature_max_mdegc");
_Static_assert(offsetof(ems_decision_inputs_t, capacity_wh) == 656 && sizeof(((ems_decision_inputs_t *)0)->capacity_wh) == 8, "ems_decision_inputs_t.capacity_wh");
_Static_assert(offsetof(ems_decision_inputs_t, wall) == 664 && sizeof(((ems_decision_inputs_t *)0)->wall) == 24, "ems_decision_inputs_t.wall");
_Static_assert(offsetof(ems_decision_inputs_t, tables) == 688 && sizeof(((ems_decision_inputs_t *)0)->tables) == 8, "ems_decision_inputs_t.tables");

_Static_assert(sizeof(ems_decision_result_t) == 32, "ems_decision_result_t");
_Static_assert(offsetof(ems_decision_result_t, struct_size) == 0 && sizeof(((ems_decision_result_t *)0)->struct_size) == 4, "ems_decision_result_t.struct_size");
_Static_assert(offsetof(ems_decision_result_t, valid) == 4 && sizeof(((ems_decision_result_t *)0)->valid) == 4, "ems_decision_result_t.valid");
_Static_assert(offsetof(ems_decision_result_t, target_w) == 8 && sizeof(((ems_decision_result_t *)0)->target_w) == 4, "ems_decision_result_t.target_w");
_Static_assert(offsetof(ems_decision_result_t, net_load_w) == 12 && sizeof(((ems_decision_result_t *)0)->net_load_w) == 4, "ems_decision_result_t.net_load_w");
_Static_assert(offsetof(ems_decision_result_t, winner) == 16 && sizeof(((ems_decision_result_t *)0)->winner) == 1, "ems_decision_result_t.winner");
_Static_assert(offsetof(ems_decision_result_t, runner_up) == 17 && sizeof(((ems_decision_result_t *)0)->runner_up) == 1, "ems_decision_result_t.runner_up");
_Static_assert(offsetof(ems_decision_result_t, reserved) == 18 && sizeof(((ems_decision_result_t *)0)->reserved) == 2, "ems_decision_result_t.reserved");
_Static_assert(offsetof(ems_decision_result_t, policy_count) == 20 && sizeof(((ems_decision_result_t *)0)->policy_count) == 4, "ems_decision_result_t.policy_count");
_Static_assert(offsetof(ems_decision_result_t, conflict_count) == 24 && sizeof(((ems_decision_result_t *)0)->conflict_count) == 4, "ems_decision_result_t.conflict_count");
_Static_assert(offsetof(ems_decision_result_t, input_count) == 28 && sizeof(((ems_decision_result_t *)0)->input_count) == 4, "ems_decision_result_t.input_count");

_Static_assert(sizeof(ems_level_trace_t) == 20, "ems_level_trace_t");
_Static_assert(offsetof(ems_level_trace_t, before) == 0 && sizeof(((ems_level_trace_t *)0)->before) == 8, "ems_level_trace_t.before");
_Static_assert(offsetof(ems_level_trace_t, after) == 8 && sizeof(((ems_level_trace_t *)0)->after) == 8, "ems_level_trace_t.after");
_Static_assert(offsetof(ems_level_trace_t, level) == 16 && sizeof(((ems_level_trace_t *)0)->level) == 1, "ems_level_trace_t.level");
_Static_assert(offsetof(ems_level_trace_t, lo_by) == 17 && sizeof(((ems_level_trace_t *)0)->lo_by) == 1, "ems_level_trace_t.lo_by");
_Static_assert(offsetof(ems_level_trace_t, hi_by) == 18 && sizeof(((ems_level_trace_t *)0)->hi_by) == 1, "ems_level_trace_t.hi_by");
_Static_assert(offsetof(ems_level_trace_t, reserved) == 19 && sizeof(((ems_level_trace_t *)0)->reserved) == 1, "ems_level_trace_t.reserved");

_Static_assert(sizeof(ems_policy_output_t) == 20, "ems_policy_output_t");
_Static_assert(offsetof(ems_policy_output_t, policy) == 0 && sizeof(((ems_policy_output_t *)0)->policy) == 1, "ems_policy_output_t.policy");
_Static_assert(offsetof(ems_policy_output_t, level) == 1 && sizeof(((ems_policy_output_t *)0)->level) == 1, "ems_policy_output_t.level");
_Static_assert(offsetof(ems_policy_output_t, status) == 2 && sizeof(((ems_policy_output_t *)0)->status) == 1, "ems_policy_output_t.status");
_Static_assert(offsetof(ems_policy_output_t, valid) == 3 && sizeof(((ems_policy_output_t *)0)->valid) == 1, "ems_policy_output_t.valid");
_Static_assert(offsetof(ems_policy_output_t, constraint_lo_w) == 4 && sizeof(((ems_policy_output_t *)0)->constraint_lo_w) == 4, "ems_policy_output_t.constraint_lo_w");
_Static_assert(offsetof(ems_policy_output_t, constraint_hi_w) == 8 && sizeof(((ems_policy_output_t *)0)->constraint_hi_w) == 4, "ems_policy_output_t.constraint_hi_w");
_Static_assert(offsetof(ems_policy_output_t, preference_lo_w) == 12 && sizeof(((ems_policy_output_t *)0)->preference_lo_w) == 4, "ems_policy_output_t.preference_lo_w");
_Static_assert(offsetof(ems_policy_output_t, preference_hi_w) == 16 && sizeof(((ems_policy_output_t *)0)->preference_hi_w) == 4, "ems_policy_output_t.preference_hi_w");

_Static_assert(sizeof(ems_conflict_t) == 12, "ems_conflict_t");
_Static_assert(offsetof(ems_conflict_t, policy) == 0 && sizeof(((ems_conflict_t *)0)->policy) == 1, "ems_conflict_t.policy");
_Static_assert(offsetof(ems_conflict_t, level) == 1 && sizeof(((ems_conflict_t *)0)->level) == 1, "ems_conflict_t.level");
_Static_assert(offsetof(ems_conflict_t, is_preference) == 2 && sizeof(((ems_conflict_t *)0)->is_preference) == 1, "ems_conflict_t.is_preference");
_Static_assert(offsetof(ems_conflict_t, bound_by) == 3 && sizeof(((ems_conflict_t *)0)->bound_by) == 1, "ems_conflict_t.bound_by");
_Static_assert(offsetof(ems_conflict_t, shortfall_w) == 4 && sizeof(((ems_conflict_t *)0)->shortfall_w) == 4, "ems_conflict_t.shortfall_w");
_Static_assert(offsetof(ems_conflict_t, against_itself_w) == 8 && sizeof(((ems_conflict_t *)0)->against_itself_w) == 4, "ems_conflict_t.against_itself_w");

_Static_assert(sizeof(ems_input_age_t) == 16, "ems_input_age_t");
_Static_assert(offsetof(ems_input_age_t, age_ms) == 0 && sizeof(((ems_input_age_t *)0)->age_ms) == 8, "ems_input_age_t.age_ms");
_Static_assert(offsetof(ems_input_age_t, policy) == 8 && sizeof(((ems_input_age_t *)0)->policy) == 1, "ems_input_age_t.policy");
_Static_assert(offsetof(ems_input_age_t, input) == 9 && sizeof(((ems_input_age_t *)0)->input) == 1, "ems_input_age_t.input");
_Static_assert(offsetof(ems_input_age_t, usable) == 10 && sizeof(((ems_input_age_t *)0)->usable) == 1, "ems_input_age_t.usable");
_Static_assert(offsetof(ems_input_age_t, has_age) == 11 && sizeof(((ems_input_age_t *)0)->has_age) == 1, "ems_input_age_t.has_age");
_Static_assert(offsetof(ems_input_age_t, quality) == 12 && sizeof(((ems_input_age_t *)0)->quality) == 1, "ems_input_age_t.quality");
_Static_assert(offsetof(ems_input_age_t, has_value) == 13 && sizeof(((ems_input_age_t *)0)->has_value) == 1, "ems_input_age_t.has_value");
_Static_assert(offsetof(ems_input_age_t, reserved) == 14 && sizeof(((ems_input_age_t *)0)->reserved) == 2, "ems_input_age_t.reserved");

_Static_assert(sizeof(ems_in_force_t) == 512, "ems_in_force_t");
_Static_assert(offsetof(ems_in_force_t, struct_size) == 0 && sizeof(((ems_in_force_t *)0)->struct_size) == 4, "ems_in_force_t.struct_size");
_Static_assert(offsetof(ems_in_force_t, valid) == 4 && sizeof(((ems_in_force_t *)0)->valid) == 4, "ems_in_force_t.valid");
_Static_assert(offsetof(ems_in_force_t, import_limit_w) == 8 && sizeof(((ems_in_force_t *)0)->import_limit_w) == 4, "ems_in_force_t.import_limit_w");
_Static_assert(offsetof(ems_in_force_t, export_limit_w) == 12 && sizeof(((ems_in_force_t *)0)->export_limit_w) == 4, "ems_in_force_t.export_limit_w");
_Static_assert(offsetof(ems_in_force_t, droop_start_w) == 16 && sizeof(((ems_in_force_t *)0)->droop_start_w) == 4, "ems_in_force_t.droop_start_w");
_Static_assert(offsetof(ems_in_force_t, active_power_limit_source) == 20 && sizeof(((ems_in_force_t *)0)->active_power_limit_source) == 1, "ems_in_force_t.active_power_limit_source");
_Static_assert(offsetof(ems_in_force_t, dimming_source) == 21 && sizeof(((ems_in_force_t *)0)->dimming_source) == 1, "ems_in_force_t.dimming_source");
_Static_assert(offsetof(ems_in_force_t, demand_by_counter) == 22 && sizeof(((ems_in_force_t *)0)->demand_by_counter) == 1, "ems_in_force_t.demand_by_counter");
_Static_assert(offsetof(ems_in_force_t, reserved) == 23 && sizeof(((ems_in_force_t *)0)->reserved) == 1, "ems_in_force_t.reserved");
_Static_assert(offsetof(ems_in_force_t, demand_start_utc_us) == 24 && sizeof(((ems_in_force_t *)0)->demand_start_utc_us) == 8, "ems_in_force_t.demand_start_utc_us");
_Static_assert(offsetof(ems_in_force_t, demand_left_ms) == 32 && sizeof(((ems_in_force_t *)0)->demand_left_ms) == 8, "ems_in_force_t.demand_left_ms");
_Static_assert(offsetof(ems_in_force_t, demand_energy_wh) == 40 && sizeof(((ems_in_force_t *)0)->demand_energy_wh) == 8, "ems_in_force_t.demand_energy_wh");
_Static_assert(offsetof(ems_in_force_t, demand_allowed_w) == 48 && sizeof(((ems_in_force_t *)0)->demand_allowed_w) == 4, "ems_in_force_t.demand_allowed_w");
_Static_assert(offsetof(ems_in_force_t, price_currency) == 52 && sizeof(((ems_in_force_t *)0)->price_currency) == 4, "ems_in_force_t.price_currency");
_Static_assert(offsetof(ems_in_force_t, setpoint) == 56 && sizeof(((ems_in_force_t *)0)->setpoint) == 72, "ems_in_force_t.setpoint");
_Static_assert(offsetof(ems_in_force_t, remote_setpoint) == 128 && sizeof(((ems_in_force_t *)0)->remote_setpoint) == 72, "ems_in_force_t.remote_setpoint");
_Static_assert(offsetof(ems_in_force_t, active_power_limit) == 200 && sizeof(((ems_in_force_t *)0)->active_power_limit) == 80, "ems_in_force_t.active_power_limit");
_Static_assert(offsetof(ems_in_force_t, dimming) == 280 && sizeof(((ems_in_force_t *)0)->dimming) == 80, "ems_in_force_t.dimming");
_Static_assert(offsetof(ems_in_force_t, schedule) == 360 && sizeof(((ems_in_force_t *)0)->schedule) == 24, "ems_in_force_t.schedule");
_Static_assert(offsetof(ems_in_force_t, plan) == 384 && sizeof(((ems_in_force_t *)0)->plan) == 32, "ems_in_force_t.plan");
_Static_assert(offsetof(ems_in_force_t, window) == 416 && sizeof(((ems_in_force_t *)0)->window) == 16, "ems_in_force_t.window");
_Static_assert(offsetof(ems_in_force_t, price) == 432 && sizeof(((ems_in_force_t *)0)->price) == 24, "ems_in_force_t.price");
_Static_assert(offsetof(ems_in_force_t, plan_id) == 456 && sizeof(((ems_in_force_t *)0)->plan_id) == 49, "ems_in_force_t.plan_id");
_Static_assert(offsetof(ems_in_force_t, reserved2) == 505 && sizeof(((ems_in_force_t *)0)->reserved2) == 7, "ems_in_force_t.reserved2");

_Static_assert(sizeof(ems_detect_settings_t) == 32, "ems_detect_settings_t");
_Static_assert(offsetof(ems_detect_settings_t, struct_size) == 0 && sizeof(((ems_detect_settings_t *)0)->struct_size) == 4, "ems_detect_settings_t.struct_size");
_Static_assert(offsetof(ems_detect_settings_t, bit_rate) == 4 && sizeof(((ems_detect_settings_t *)0)->bit_rate) == 4, "ems_detect_settings_t.bit_rate");
_Static_assert(offsetof(ems_detect_settings_t, address) == 8 && sizeof(((ems_detect_settings_t *)0)->address) == 4, "ems_detect_settings_t.address");
_Static_assert(offsetof(ems_detect_settings_t, all_addresses) == 12 && sizeof(((ems_detect_settings_t *)0)->all_addresses) == 1, "ems_detect_settings_t.all_addresses");
_Static_assert(offsetof(ems_detect_settings_t, ask_by_writing) == 13 && sizeof(((ems_detect_settings_t *)0)->ask_by_writing) == 1, "ems_detect_settings_t.ask_by_writing");
_Static_assert(offsetof(ems_detect_settings_t, even_if_busy) == 14 && sizeof(((ems_detect_settings_t *)0)->even_if_busy) == 1, "ems_detect_settings_t.even_if_busy");
_Static_assert(offsetof(ems_detect_settings_t, attempts) == 15 && sizeof(((ems_detect_settings_t *)0)->attempts) == 1, "ems_detect_settings_t.attempts");
_Static_assert(offsetof(ems_detect_settings_t, listen_ms) == 16 && sizeof(((ems_detect_settings_t *)0)->listen_ms) == 8, "ems_detect_settings_t.listen_ms");
_Static_assert(offsetof(ems_detect_settings_t, settle_ms) == 24 && sizeof(((ems_detect_settings_t *)0)->settle_ms) == 8, "ems_detect_settings_t.settle_ms");

_Static_assert(sizeof(ems_detect_candidate_t) == 24, "ems_detect_candidate_t");
_Static_assert(offsetof(ems_detect_candidate_t, codec) == 0 && sizeof(((ems_detect_candidate_t *)0)->codec) == 8, "ems_detect_candidate_t.codec");
_Static_assert(offsetof(ems_detect_candidate_t, variant) == 8 && sizeof(((ems_detect_candidate_t *)0)->variant) == 8, "ems_detect_candidate_t.variant");
_Static_assert(offsetof(ems_detect_candidate_t, address) == 16 && sizeof(((ems_detect_candidate_t *)0)->address) == 4, "ems_detect_candidate_t.address");
_Static_assert(offsetof(ems_detect_candidate_t, bit_rate) == 20 && sizeof(((ems_detect_candidate_t *)0)->bit_rate) == 4, "ems_detect_candidate_t.bit_rate");

_Static_assert(sizeof(ems_detect_tried_t) == 48, "ems_detect_tried_t");
_Static_assert(offsetof(ems_detect_tried_t, candidate) == 0 && sizeof(((ems_detect_tried_t *)0)->candidate) == 24, "ems_detect_tried_t.candidate");
_Static_assert(offsetof(ems_detect_tried_t, error_text) == 24 && sizeof(((ems_detect_tried_t *)0)->error_text) == 8, "ems_detect_tried_t.error_text");
_Static_assert(offsetof(ems_detect_tried_t, error) == 32 && sizeof(((ems_detect_tried_t *)0)->error) == 4, "ems_detect_tried_t.error");
_Static_assert(offsetof(ems_detect_tried_t, outcome) == 36 && sizeof(((ems_detect_tried_t *)0)->outcome) == 4, "ems_detect_tried_t.outcome");
_Static_assert(offsetof(ems_detect_tried_t, received) == 40 && sizeof(((ems_detect_tried_t *)0)->received) == 4, "ems_detect_tried_t.received");
_Static_assert(offsetof(ems_detect_tried_t, reserved) == 44 && sizeof(((ems_detect_tried_t *)0)->reserved) == 4, "ems_detect_tried_t.reserved");

_Static_assert(sizeof(ems_detect_action_t) == 80, "ems_detect_action_t");
_Static_assert(offsetof(ems_detect_action_t, struct_size) == 0 && sizeof(((ems_detect_action_t *)0)->struct_size) == 4, "ems_detect_action_t.struct_size");
_Static_assert(offsetof(ems_detect_action_t, size) == 4 && sizeof(((ems_detect_action_t *)0)->size) == 4, "ems_detect_action_t.size");
_Static_assert(offsetof(ems_detect_action_t, wake_at_ms) == 8 && sizeof(((ems_detect_action_t *)0)->wake_at_ms) == 8, "ems_detect_action_t.wake_at_ms");
_Static_assert(offsetof(ems_detect_action_t, open) == 16 && sizeof(((ems_detect_action_t *)0)->open) == 4, "ems_detect_action_t.open");
_Static_assert(offsetof(ems_detect_action_t, bit_rate) == 20 && sizeof(((ems_detect_action_t *)0)->bit_rate) == 4, "ems_detect_action_t.bit_rate");
_Static_assert(offsetof(ems_detect_action_t, has_tried) == 24 && sizeof(((ems_detect_action_t *)0)->has_tried) == 4, "ems_detect_action_t.has_tried");
_Static_assert(offsetof(ems_detect_action_t, verdict) == 28 && sizeof(((ems_detect_action_t *)0)->verdict) == 4, "ems_detect_action_t.verdict");
_Static_assert(offsetof(ems_detect_action_t, tried) == 32 && sizeof(((ems_detect_action_t *)0)->tried) == 48, "ems_detect_action_t.tried");

_Static_assert(sizeof(ems_detected_t) == 48, "ems_detected_t");
_Static_assert(offsetof(ems_detected_t, struct_size) == 0 && sizeof(((ems_detected_t *)0)->struct_size) == 4, "ems_detected_t.struct_size");
_Static_assert(offsetof(ems_detected_t, variants) == 4 && sizeof(((ems_detected_t *)0)->variants) == 4, "ems_detected_t.variants");
_Static_assert(offsetof(ems_detected_t, candidate) == 8 && sizeof(((ems_detected_t *)0)->candidate) == 24, "ems_detected_t.candidate");
_Static_assert(offsetof(ems_detected_t, asked) == 32 && sizeof(((ems_detected_t *)0)->asked) == 4, "ems_detected_t.asked");
_Static_assert(offsetof(ems_detected_t, answered) == 36 && sizeof(((ems_detected_t *)0)->answered) == 4, "ems_detected_t.answered");
_Static_assert(offsetof(ems_detected_t, adds_up) == 40 && sizeof(((ems_detected_t *)0)->adds_up) == 4, "ems_detected_t.adds_up");
_Static_assert(offsetof(ems_detected_t, reserved) == 44 && sizeof(((ems_detected_t *)0)->reserved) == 4, "ems_detected_t.reserved");

_Static_assert(sizeof(ems_detection_t) == 48, "ems_detection_t");
_Static_assert(offsetof(ems_detection_t, struct_size) == 0 && sizeof(((ems_detection_t *)0)->struct_size) == 4, "ems_detection_t.struct_size");
_Static_assert(offsetof(ems_detection_t, verdict) == 4 && sizeof(((ems_detection_t *)0)->verdict) == 4, "ems_detection_t.verdict");
_Static_assert(offsetof(ems_detection_t, found_count) == 8 && sizeof(((ems_detection_t *)0)->found_count) == 4, "ems_detection_t.found_count");
_Static_assert(offsetof(ems_detection_t, unasked_bytes) == 12 && sizeof(((ems_detection_t *)0)->unasked_bytes) == 4, "ems_detection_t.unasked_bytes");
_Static_assert(offsetof(ems_detection_t, received_bytes) == 16 && sizeof(((ems_detection_t *)0)->received_bytes) == 4, "ems_detection_t.received_bytes");
_Static_assert(offsetof(ems_detection_t, outcomes) == 20 && sizeof(((ems_detection_t *)0)->outcomes) == 24, "ems_detection_t.outcomes");
_Static_assert(offsetof(ems_detection_t, reserved) == 44 && sizeof(((ems_detection_t *)0)->reserved) == 4, "ems_detection_t.reserved");

_Static_assert(sizeof(ems_can_detection_t) == 24, "ems_can_detection_t");
_Static_assert(offsetof(ems_can_detection_t, struct_size) == 0 && sizeof(((ems_can_detection_t *)0)->struct_size) == 4, "ems_can_detection_t.struct_size");
_Static_assert(offsetof(ems_can_detection_t, verdict) == 4 && sizeof(((ems_can_detection_t *)0)->verdict) == 4, "ems_can_detection_t.verdict");
_Static_assert(offsetof(ems_can_detection_t, ranked_count) == 8 && sizeof(((ems_can_detection_t *)0)->ranked_count) == 4, "ems_can_detection_t.ranked_count");
_Static_assert(offsetof(ems_can_detection_t, best_count) == 12 && sizeof(((ems_can_detection_t *)0)->best_count) == 4, "ems_can_detection_t.best_count");
_Static_assert(offsetof(ems_can_detection_t, frames) == 16 && sizeof(((ems_can_detection_t *)0)->frames) == 4, "ems_can_detection_t.frames");
_Static_assert(offsetof(ems_can_detection_t, identifiers) == 20 && sizeof(((ems_can_detection_t *)0)->identifiers) == 4, "ems_can_detection_t.identifiers");

_Static_assert(sizeof(ems_can_detected_t) == 24, "ems_can_detected_t");
_Static_assert(offsetof(ems_can_detected_t, struct_size) == 0 && sizeof(((ems_can_detected_t *)0)->struct_size) == 4, "ems_can_detected_t.struct_size");
_Static_assert(offsetof(ems_can_detected_t, messages) == 4 && sizeof(((ems_can_detected_t *)0)->messages) == 4, "ems_can_detected_t.messages");
_Static_assert(offsetof(ems_can_detected_t, refused) == 8 && sizeof(((ems_can_detected_t *)0)->refused) == 4, "ems_can_detected_t.refused");
_Static_assert(offsetof(ems_can_detected_t, telling) == 12 && sizeof(((ems_can_detected_t *)0)->telling) == 1, "ems_can_detected_t.telling");
_Static_assert(offsetof(ems_can_detected_t, own) == 13 && sizeof(((ems_can_detected_t *)0)->own) == 1, "ems_can_detected_t.own");
_Static_assert(offsetof(ems_can_detected_t, reserved) == 14 && sizeof(((ems_can_detected_t *)0)->reserved) == 2, "ems_can_detected_t.reserved");
_Static_assert(offsetof(ems_can_detected_t, codec) == 16 && sizeof(((ems_can_detected_t *)0)->codec) == 8, "ems_can_detected_t.codec");

_Static_assert(sizeof(ems_ota_crypto_t) == 48, "ems_ota_crypto_t");
_Static_assert(offsetof(ems_ota_crypto_t, struct_size) == 0 && sizeof(((ems_ota_crypto_t *)0)->struct_size) == 4, "ems_ota_crypto_t.struct_size");
_Static_assert(offsetof(ems_ota_crypto_t, reserved) == 4 && sizeof(((ems_ota_crypto_t *)0)->reserved) == 4, "ems_ota_crypto_t.reserved");
_Static_assert(offsetof(ems_ota_crypto_t, context) == 8 && sizeof(((ems_ota_crypto_t *)0)->context) == 8, "ems_ota_crypto_t.context");
_Static_assert(offsetof(ems_ota_crypto_t, ed25519_verify) == 16 && sizeof(((ems_ota_crypto_t *)0)->ed25519_verify) == 8, "ems_ota_crypto_t.ed25519_verify");
_Static_assert(offsetof(ems_ota_crypto_t, sha256_begin) == 24 && sizeof(((ems_ota_crypto_t *)0)->sha256_begin) == 8, "ems_ota_crypto_t.sha256_begin");
_Static_assert(offsetof(ems_ota_crypto_t, sha256_update) == 32 && sizeof(((ems_ota_crypto_t *)0)->sha256_update) == 8, "ems_ota_crypto_t.sha256_update");
_Static_assert(offsetof(ems_ota_crypto_t, sha256_finish) == 40 && sizeof(((ems_ota_crypto_t *)0)->sha256_finish) == 8, "ems_ota_crypto_t.sha256_finish");

_Static_assert(sizeof(ems_ota_reader_t) == 24, "ems_ota_reader_t");
_Static_assert(offsetof(ems_ota_reader_t, struct_size) == 0 && sizeof(((ems_ota_reader_t *)0)->struct_size) == 4, "ems_ota_reader_t.struct_size");
_Static_assert(offsetof(ems_ota_reader_t, reserved) == 4 && sizeof(((ems_ota_reader_t *)0)->reserved) == 4, "ems_ota_reader_t.reserved");
_Static_assert(offsetof(ems_ota_reader_t, context) == 8 && sizeof(((ems_ota_reader_t *)0)->context) == 8, "ems_ota_reader_t.context");
_Static_assert(offsetof(ems_ota_reader_t, read) == 16 && sizeof(((ems_ota_reader_t *)0)->read) == 8, "ems_ota_reader_t.read");

_Static_assert(sizeof(ems_ota_image_policy_t) == 64, "ems_ota_image_policy_t");
_Static_assert(offsetof(ems_ota_image_policy_t, struct_size) == 0 && sizeof(((ems_ota_image_policy_t *)0)->struct_size) == 4, "ems_ota_image_policy_t.struct_size");
_Static_assert(offsetof(ems_ota_image_policy_t, valid) == 4 && sizeof(((ems_ota_image_policy_t *)0)->valid) == 4, "ems_ota_image_policy_t.valid");
_Static_assert(offsetof(ems_ota_image_policy_t, keys) == 8 && sizeof(((ems_ota_image_policy_t *)0)->keys) == 8, "ems_ota_image_policy_t.keys");
_Static_assert(offsetof(ems_ota_image_policy_t, key_count) == 16 && sizeof(((ems_ota_image_policy_t *)0)->key_count) == 4, "ems_ota_image_policy_t.key_count");
_Static_assert(offsetof(ems_ota_image_policy_t, slot_size) == 20 && sizeof(((ems_ota_image_policy_t *)0)->slot_size) == 4, "ems_ota_image_policy_t.slot_size");
_Static_assert(offsetof(ems_ota_image_policy_t, counter_floor) == 24 && sizeof(((ems_ota_image_policy_t *)0)->counter_floor) == 4, "ems_ota_image_policy_t.counter_floor");
_Static_assert(offsetof(ems_ota_image_policy_t, reserved) == 28 && sizeof(((ems_ota_image_policy_t *)0)->reserved) == 4, "ems_ota_image_policy_t.reserved");
_Static_assert(offsetof(ems_ota_image_policy_t, vendor_id) == 32 && sizeof(((ems_ota_image_policy_t *)0)->vendor_id) == 16, "ems_ota_image_policy_t.vendor_id");
_Static_assert(offsetof(ems_ota_image_policy_t, class_id) == 48 && sizeof(((ems_ota_image_policy_t *)0)->class_id) == 16, "ems_ota_image_policy_t.class_id");

_Static_assert(sizeof(ems_ota_image_t) == 68, "ems_ota_image_t");
_Static_assert(offsetof(ems_ota_image_t, struct_size) == 0 && sizeof(((ems_ota_image_t *)0)->struct_size) == 4, "ems_ota_image_t.struct_size");
_Static_assert(offsetof(ems_ota_image_t, counter) == 4 && sizeof(((ems_ota_image_t *)0)->counter) == 4, "ems_ota_image_t.counter");
_Static_assert(offsetof(ems_ota_image_t, payload_offset) == 8 && sizeof(((ems_ota_image_t *)0)->payload_offset) == 4, "ems_ota_image_t.payload_offset");
_Static_assert(offsetof(ems_ota_image_t, payload_size) == 12 && sizeof(((ems_ota_image_t *)0)->payload_size) == 4, "ems_ota_image_t.payload_size");
_Static_assert(offsetof(ems_ota_image_t, size) == 16 && sizeof(((ems_ota_image_t *)0)->size) == 4, "ems_ota_image_t.size");
_Static_assert(offsetof(ems_ota_image_t, flags) == 20 && sizeof(((ems_ota_image_t *)0)->flags) == 4, "ems_ota_image_t.flags");
_Static_assert(offsetof(ems_ota_image_t, load_address) == 24 && sizeof(((ems_ota_image_t *)0)->load_address) == 4, "ems_ota_image_t.load_address");
_Static_assert(offsetof(ems_ota_image_t, version_build) == 28 && sizeof(((ems_ota_image_t *)0)->version_build) == 4, "ems_ota_image_t.version_build");
_Static_assert(offsetof(ems_ota_image_t, version_revision) == 32 && sizeof(((ems_ota_image_t *)0)->version_revision) == 2, "ems_ota_image_t.version_revision");
_Static_assert(offsetof(ems_ota_image_t, version_major) == 34 && sizeof(((ems_ota_image_t *)0)->version_major) == 1, "ems_ota_image_t.version_major");
_Static_assert(offsetof(ems_ota_image_t, version_minor) == 35 && sizeof(((ems_ota_image_t *)0)->version_minor) == 1, "ems_ota_image_t.version_minor");
_Static_assert(offsetof(ems_ota_image_t, sha256) == 36 && sizeof(((ems_ota_image_t *)0)->sha256) == 32, "ems_ota_image_t.sha256");

_Static_assert(sizeof(ems_payload_t) == 96, "ems_payload_t");
_Static_assert(offsetof(ems_payload_t, struct_size) == 0 && sizeof(((ems_payload_t *)0)->struct_size) == 4, "ems_payload_t.struct_size");
_Static_assert(offsetof(ems_payload_t, place) == 4 && sizeof(((ems_payload_t *)0)->place) == 1, "ems_payload_t.place");
_Static_assert(offsetof(ems_payload_t, reserved) == 5 && sizeof(((ems_payload_t *)0)->reserved) == 3, "ems_payload_t.reserved");
_Static_assert(offsetof(ems_payload_t, counter) == 8 && sizeof(((ems_payload_t *)0)->counter) == 8, "ems_payload_t.counter");
_Static_assert(offsetof(ems_payload_t, size) == 16 && sizeof(((ems_payload_t *)0)->size) == 8, "ems_payload_t.size");
_Static_assert(offsetof(ems_payload_t, sha256) == 24 && sizeof(((ems_payload_t *)0)->sha256) == 32, "ems_payload_t.sha256");
_Static_assert(offsetof(ems_payload_t, version) == 56 && sizeof(((ems_payload_t *)0)->version) == 33, "ems_payload_t.version");
_Static_assert(offsetof(ems_payload_t, reserved2) == 89 && sizeof(((ems_payload_t *)0)->reserved2) == 7, "ems_payload_t.reserved2");

_Static_assert(sizeof(ems_payload_failure_t) == 88, "ems_payload_failure_t");
_Static_assert(offsetof(ems_payload_failure_t, struct_size) == 0 && sizeof(((ems_payload_failure_t *)0)->struct_size) == 4, "ems_payload_failure_t.struct_size");
_Static_assert(offsetof(ems_payload_failure_t, sha256) == 4 && sizeof(((ems_payload_failure_t *)0)->sha256) == 32, "ems_payload_failure_t.sha256");
_Static_assert(offsetof(ems_payload_failure_t, reason) == 36 && sizeof(((ems_payload_failure_t *)0)->reason) == 49, "ems_payload_failure_t.reason");
_Static_assert(offsetof(ems_payload_failure_t, reserved) == 85 && sizeof(((ems_payload_failure_t *)0)->reserved) == 3, "ems_payload_failure_t.reserved");

_Static_assert(sizeof(ems_poller_settings_t) == 56, "ems_poller_settings_t");
_Static_assert(offsetof(ems_poller_settings_t, struct_size) == 0 && sizeof(((ems_poller_settings_t *)0)->struct_size) == 4, "ems_poller_settings_t.struct_size");
_Static_assert(offsetof(ems_poller_settings_t, retries) == 4 && sizeof(((ems_poller_settings_t *)0)->retries) == 4, "ems_poller_settings_t.retries");
_Static_assert(offsetof(ems_poller_settings_t, period_ms) == 8 && sizeof(((ems_poller_settings_t *)0)->period_ms) == 8, "ems_poller_settings_t.period_ms");
_Static_assert(offsetof(ems_poller_settings_t, reply_timeout_ms) == 16 && sizeof(((ems_poller_settings_t *)0)->reply_timeout_ms) == 8, "ems_poller_settings_t.reply_timeout_ms");
_Static_assert(offsetof(ems_poller_settings_t, settle_ms) == 24 && sizeof(((ems_poller_settings_t *)0)->settle_ms) == 8, "ems_poller_settings_t.settle_ms");
_Static_assert(offsetof(ems_poller_settings_t, recovery_wait_ms) == 32 && sizeof(((ems_poller_settings_t *)0)->recovery_wait_ms) == 24, "ems_poller_settings_t.recovery_wait_ms");

_Static_assert(sizeof(ems_poller_action_t) == 24, "ems_poller_action_t");
_Static_assert(offsetof(ems_poller_action_t, struct_size) == 0 && sizeof(((ems_poller_action_t *)0)->struct_size) == 4, "ems_poller_action_t.struct_size");
_Static_assert(offsetof(ems_poller_action_t, size) == 4 && sizeof(((ems_poller_action_t *)0)->size) == 4, "ems_poller_action_t.size");
_Static_assert(offsetof(ems_poller_action_t, wake_at_ms) == 8 && sizeof(((ems_poller_action_t *)0)->wake_at_ms) == 8, "ems_poller_action_t.wake_at_ms");
_Static_assert(offsetof(ems_poller_action_t, what) == 16 && sizeof(((ems_poller_action_t *)0)->what) == 8, "ems_poller_action_t.what");

_Static_assert(sizeof(ems_poller_status_t) == 64, "ems_poller_status_t");
_Static_assert(offsetof(ems_poller_status_t, struct_size) == 0 && sizeof(((ems_poller_status_t *)0)->struct_size) == 4, "ems_poller_status_t.struct_size");
_Static_assert(offsetof(ems_poller_status_t, health) == 4 && sizeof(((ems_poller_status_t *)0)->health) == 4, "ems_poller_status_t.health");
_Static_assert(offsetof(ems_poller_status_t, last_error) == 8 && sizeof(((ems_poller_status_t *)0)->last_error) == 4, "ems_poller_status_t.last_error");
_Static_assert(offsetof(ems_poller_status_t, command_state) == 12 && sizeof(((ems_poller_status_t *)0)->command_state) == 4, "ems_poller_status_t.command_state");
_Static_assert(offsetof(ems_poller_status_t, command_error) == 16 && sizeof(((ems_poller_status_t *)0)->command_error) == 4, "ems_poller_status_t.command_error");
_Static_assert(offsetof(ems_poller_status_t, requests) == 20 && sizeof(((ems_poller_status_t *)0)->requests) == 4, "ems_poller_status_t.requests");
_Static_assert(offsetof(ems_poller_status_t, replies) == 24 && sizeof(((ems_poller_status_t *)0)->replies) == 4, "ems_poller_status_t.replies");
_Static_assert(offsetof(ems_poller_status_t, timeouts) == 28 && sizeof(((ems_poller_status_t *)0)->timeouts) == 4, "ems_poller_status_t.timeouts");
_Static_assert(offsetof(ems_poller_status_t, checksum_errors) == 32 && sizeof(((ems_poller_status_t *)0)->checksum_errors) == 4, "ems_poller_status_t.checksum_errors");
_Static_assert(offsetof(ems_poller_status_t, device_errors) == 36 && sizeof(((ems_poller_status_t *)0)->device_errors) == 4, "ems_poller_status_t.device_errors");
_Static_assert(offsetof(ems_poller_status_t, other_errors) == 40 && sizeof(((ems_poller_status_t *)0)->other_errors) == 4, "ems_poller_status_t.other_errors");
_Static_assert(offsetof(ems_poller_status_t, noise_bytes) == 44 && sizeof(((ems_poller_status_t *)0)->noise_bytes) == 4, "ems_poller_status_t.noise_bytes");
_Static_assert(offsetof(ems_poller_status_t, recoveries) == 48 && sizeof(((ems_poller_status_t *)0)->recoveries) == 4, "ems_poller_status_t.recoveries");
_Static_assert(offsetof(ems_poller_status_t, reserved) == 52 && sizeof(((ems_poller_status_t *)0)->reserved) == 4, "ems_poller_status_t.reserved");
_Static_assert(offsetof(ems_poller_status_t, last_error_text) == 56 && sizeof(((ems_poller_status_t *)0)->last_error_text) == 8, "ems_poller_status_t.last_error_text");

_Static_assert(sizeof(ems_time_grid_t) == 40, "ems_time_grid_t");
_Static_assert(offsetof(ems_time_grid_t, from_us) == 0 && sizeof(((ems_time_grid_t *)0)->from_us) == 8, "ems_time_grid_t.from_us");
_Static_assert(offsetof(ems_time_grid_t, to_us) == 8 && sizeof(((ems_time_grid_t *)0)->to_us) == 8, "ems_time_grid_t.to_us");
_Static_assert(offsetof(ems_time_grid_t, width_us) == 16 && sizeof(((ems_time_grid_t *)0)->width_us) == 8, "ems_time_grid_t.width_us");
_Static_assert(offsetof(ems_time_grid_t, edges_us) == 24 && sizeof(((ems_time_grid_t *)0)->edges_us) == 8, "ems_time_grid_t.edges_us");
_Static_assert(offsetof(ems_time_grid_t, edge_count) == 32 && sizeof(((ems_time_grid_t *)0)->edge_count) == 8, "ems_time_grid_t.edge_count");

_Static_assert(sizeof(ems_downsample_config_t) == 80, "ems_downsample_config_t");
_Static_assert(offsetof(ems_downsample_config_t, struct_size) == 0 && sizeof(((ems_downsample_config_t *)0)->struct_size) == 4, "ems_downsample_config_t.struct_size");
_Static_assert(offsetof(ems_downsample_config_t, point_capacity) == 4 && sizeof(((ems_downsample_config_t *)0)->point_capacity) == 4, "ems_downsample_config_t.point_capacity");
_Static_assert(offsetof(ems_downsample_config_t, grid) == 8 && sizeof(((ems_downsample_config_t *)0)->grid) == 40, "ems_downsample_config_t.grid");
_Static_assert(offsetof(ems_downsample_config_t, points) == 48 && sizeof(((ems_downsample_config_t *)0)->points) == 8, "ems_downsample_config_t.points");
_Static_assert(offsetof(ems_downsample_config_t, point_count) == 56 && sizeof(((ems_downsample_config_t *)0)->point_count) == 8, "ems_downsample_config_t.point_count");
_Static_assert(offsetof(ems_downsample_config_t, gap_max_us) == 64 && sizeof(((ems_downsample_config_t *)0)->gap_max_us) == 8, "ems_downsample_config_t.gap_max_us");
_Static_assert(offsetof(ems_downsample_config_t, quality_min) == 72 && sizeof(((ems_downsample_config_t *)0)->quality_min) == 4, "ems_downsample_config_t.quality_min");
_Static_assert(offsetof(ems_downsample_config_t, break_capacity) == 76 && sizeof(((ems_downsample_config_t *)0)->break_capacity) == 4, "ems_downsample_config_t.break_capacity");

_Static_assert(sizeof(ems_downsample_status_t) == 24, "ems_downsample_status_t");
_Static_assert(offsetof(ems_downsample_status_t, struct_size) == 0 && sizeof(((ems_downsample_status_t *)0)->struct_size) == 4, "ems_downsample_status_t.struct_size");
_Static_assert(offsetof(ems_downsample_status_t, point_count) == 4 && sizeof(((ems_downsample_status_t *)0)->point_count) == 4, "ems_downsample_status_t.point_count");
_Static_assert(offsetof(ems_downsample_status_t, bucket_count) == 8 && sizeof(((ems_downsample_status_t *)0)->bucket_count) == 8, "ems_downsample_status_t.bucket_count");
_Static_assert(offsetof(ems_downsample_status_t, breaks_closed) == 16 && sizeof(((ems_downsample_status_t *)0)->breaks_closed) == 8, "ems_downsample_status_t.breaks_closed");

_Static_assert(sizeof(ems_bucket_t) == 104, "ems_bucket_t");
_Static_assert(offsetof(ems_bucket_t, struct_size) == 0 && sizeof(((ems_bucket_t *)0)->struct_size) == 4, "ems_bucket_t.struct_size");
_Static_assert(offsetof(ems_bucket_t, reserved) == 4 && sizeof(((ems_bucket_t *)0)->reserved) == 4, "ems_bucket_t.reserved");
_Static_assert(offsetof(ems_bucket_t, begin_us) == 8 && sizeof(((ems_bucket_t *)0)->begin_us) == 8, "ems_bucket_t.begin_us");
_Static_assert(offsetof(ems_bucket_t, end_us) == 16 && sizeof(((ems_bucket_t *)0)->end_us) == 8, "ems_bucket_t.end_us");
_Static_assert(offsetof(ems_bucket_t, min) == 24 && sizeof(((ems_bucket_t *)0)->min) == 8, "ems_bucket_t.min");
_Static_assert(offsetof(ems_bucket_t, max) == 32 && sizeof(((ems_bucket_t *)0)->max) == 8, "ems_bucket_t.max");
_Static_assert(offsetof(ems_bucket_t, last) == 40 && sizeof(((ems_bucket_t *)0)->last) == 8, "ems_bucket_t.last");
_Static_assert(offsetof(ems_bucket_t, last_at_us) == 48 && sizeof(((ems_bucket_t *)0)->last_at_us) == 8, "ems_bucket_t.last_at_us");
_Static_assert(offsetof(ems_bucket_t, count) == 56 && sizeof(((ems_bucket_t *)0)->count) == 8, "ems_bucket_t.count");
_Static_assert(offsetof(ems_bucket_t, doubted) == 64 && sizeof(((ems_bucket_t *)0)->doubted) == 8, "ems_bucket_t.doubted");
_Static_assert(offsetof(ems_bucket_t, known_us) == 72 && sizeof(((ems_bucket_t *)0)->known_us) == 8, "ems_bucket_t.known_us");
_Static_assert(offsetof(ems_bucket_t, mean_milli) == 80 && sizeof(((ems_bucket_t *)0)->mean_milli) == 8, "ems_bucket_t.mean_milli");
_Static_assert(offsetof(ems_bucket_t, weighted_high) == 88 && sizeof(((ems_bucket_t *)0)->weighted_high) == 8, "ems_bucket_t.weighted_high");
_Static_assert(offsetof(ems_bucket_t, weighted_low) == 96 && sizeof(((ems_bucket_t *)0)->weighted_low) == 8, "ems_bucket_t.weighted_low");

_Static_assert(sizeof(ems_energy_config_t) == 96, "ems_energy_config_t");
_Static_assert(offsetof(ems_energy_config_t, struct_size) == 0 && sizeof(((ems_energy_config_t *)0)->struct_size) == 4, "ems_energy_config_t.struct_size");
_Static_assert(offsetof(ems_energy_config_t, account_capacity) == 4 && sizeof(((ems_energy_config_t *)0)->account_capacity) == 4, "ems_energy_config_t.account_capacity");
_Static_assert(offsetof(ems_energy_config_t, grid) == 8 && sizeof(((ems_energy_config_t *)0)->grid) == 40, "ems_energy_config_t.grid");
_Static_assert(offsetof(ems_energy_config_t, gap_max_us) == 48 && sizeof(((ems_energy_config_t *)0)->gap_max_us) == 8, "ems_energy_config_t.gap_max_us");
_Static_assert(offsetof(ems_energy_config_t, bridge_max_us) == 56 && sizeof(((ems_energy_config_t *)0)->bridge_max_us) == 8, "ems_energy_config_t.bridge_max_us");
_Static_assert(offsetof(ems_energy_config_t, power_max_w) == 64 && sizeof(((ems_energy_config_t *)0)->power_max_w) == 8, "ems_energy_config_t.power_max_w");
_Static_assert(offsetof(ems_energy_config_t, counter_modulus_wh) == 72 && sizeof(((ems_energy_config_t *)0)->counter_modulus_wh) == 8, "ems_energy_config_t.counter_modulus_wh");
_Static_assert(offsetof(ems_energy_config_t, quality_min) == 80 && sizeof(((ems_energy_config_t *)0)->quality_min) == 4, "ems_energy_config_t.quality_min");
_Static_assert(offsetof(ems_energy_config_t, grid_meter) == 84 && sizeof(((ems_energy_config_t *)0)->grid_meter) == 4, "ems_energy_config_t.grid_meter");
_Static_assert(offsetof(ems_energy_config_t, waiting_capacity) == 88 && sizeof(((ems_energy_config_t *)0)->waiting_capacity) == 4, "ems_energy_config_t.waiting_capacity");
_Static_assert(offsetof(ems_energy_config_t, break_capacity) == 92 && sizeof(((ems_energy_config_t *)0)->break_capacity) == 4, "ems_energy_config_t.break_capacity");

_Static_assert(sizeof(ems_energy_status_t) == 48, "ems_energy_status_t");
_Static_assert(offsetof(ems_energy_status_t, struct_size) == 0 && sizeof(((ems_energy_status_t *)0)->struct_size) == 4, "ems_energy_status_t.struct_size");
_Static_assert(offsetof(ems_energy_status_t, account_count) == 4 && sizeof(((ems_energy_status_t *)0)->account_count) == 4, "ems_energy_status_t.account_count");
_Static_assert(offsetof(ems_energy_status_t, period_count) == 8 && sizeof(((ems_energy_status_t *)0)->period_count) == 8, "ems_energy_status_t.period_count");
_Static_assert(offsetof(ems_energy_status_t, breaks_closed) == 16 && sizeof(((ems_energy_status_t *)0)->breaks_closed) == 8, "ems_energy_status_t.breaks_closed");
_Static_assert(offsetof(ems_energy_status_t, counters_dropped) == 24 && sizeof(((ems_energy_status_t *)0)->counters_dropped) == 8, "ems_energy_status_t.counters_dropped");
_Static_assert(offsetof(ems_energy_status_t, settled_until_us) == 32 && sizeof(((ems_energy_status_t *)0)->settled_until_us) == 8, "ems_energy_status_t.settled_until_us");
_Static_assert(offsetof(ems_energy_status_t, settled) == 40 && sizeof(((ems_energy_status_t *)0)->settled) == 1, "ems_energy_status_t.settled");
_Static_assert(offsetof(ems_energy_status_t, counters_began) == 41 && sizeof(((ems_energy_status_t *)0)->counters_began) == 1, "ems_energy_status_t.counters_began");
_Static_assert(offsetof(ems_energy_status_t, reserved) == 42 && sizeof(((ems_energy_status_t *)0)->reserved) == 6, "ems_energy_status_t.reserved");

_Static_assert(sizeof(ems_energy_account_t) == 8, "ems_energy_account_t");
_Static_assert(offsetof(ems_energy_account_t, asset) == 0 && sizeof(((ems_energy_account_t *)0)->asset) == 4, "ems_energy_account_t.asset");
_Static_assert(offsetof(ems_energy_account_t, flow) == 4 && sizeof(((ems_energy_account_t *)0)->flow) == 4, "ems_energy_account_t.flow");

_Static_assert(sizeof(ems_energy_figure_t) == 88, "ems_energy_figure_t");
_Static_assert(offsetof(ems_energy_figure_t, struct_size) == 0 && sizeof(((ems_energy_figure_t *)0)->struct_size) == 4, "ems_energy_figure_t.struct_size");
_Static_assert(offsetof(ems_energy_figure_t, source) == 4 && sizeof(((ems_energy_figure_t *)0)->source) == 4, "ems_energy_figure_t.source");
_Static_assert(offsetof(ems_energy_figure_t, begin_us) == 8 && sizeof(((ems_energy_figure_t *)0)->begin_us) == 8, "ems_energy_figure_t.begin_us");
_Static_assert(offsetof(ems_energy_figure_t, end_us) == 16 && sizeof(((ems_energy_figure_t *)0)->end_us) == 8, "ems_energy_figure_t.end_us");
_Static_assert(offsetof(ems_energy_figure_t, energy_mwh) == 24 && sizeof(((ems_energy_figure_t *)0)->energy_mwh) == 8, "ems_energy_figure_t.energy_mwh");
_Static_assert(offsetof(ems_energy_figure_t, counter_mwh) == 32 && sizeof(((ems_energy_figure_t *)0)->counter_mwh) == 8, "ems_energy_figure_t.counter_mwh");
_Static_assert(offsetof(ems_energy_figure_t, power_high) == 40 && sizeof(((ems_energy_figure_t *)0)->power_high) == 8, "ems_energy_figure_t.power_high");
_Static_assert(offsetof(ems_energy_figure_t, power_low) == 48 && sizeof(((ems_energy_figure_t *)0)->power_low) == 8, "ems_energy_figure_t.power_low");
_Static_assert(offsetof(ems_energy_figure_t, known_counter_us) == 56 && sizeof(((ems_energy_figure_t *)0)->known_counter_us) == 8, "ems_energy_figure_t.known_counter_us");
_Static_assert(offsetof(ems_energy_figure_t, known_power_us) == 64 && sizeof(((ems_energy_figure_t *)0)->known_power_us) == 8, "ems_energy_figure_t.known_power_us");
_Static_assert(offsetof(ems_energy_figure_t, spread_us) == 72 && sizeof(((ems_energy_figure_t *)0)->spread_us) == 8, "ems_energy_figure_t.spread_us");
_Static_assert(offsetof(ems_energy_figure_t, resets) == 80 && sizeof(((ems_energy_figure_t *)0)->resets) == 4, "ems_energy_figure_t.resets");
_Static_assert(offsetof(ems_energy_figure_t, wraps) == 84 && sizeof(((ems_energy_figure_t *)0)->wraps) == 4, "ems_energy_figure_t.wraps");

_Static_assert(sizeof(ems_threshold_t) == 16, "ems_threshold_t");
_Static_assert(offsetof(ems_threshold_t, trip) == 0 && sizeof(((ems_threshold_t *)0)->trip) == 4, "ems_threshold_t.trip");
_Static_assert(offsetof(ems_threshold_t, clear) == 4 && sizeof(((ems_threshold_t *)0)->clear) == 4, "ems_threshold_t.clear");
_Static_assert(offsetof(ems_threshold_t, clear_after_ms) == 8 && sizeof(((ems_threshold_t *)0)->clear_after_ms) == 8, "ems_threshold_t.clear_after_ms");

_Static_assert(sizeof(ems_delayed_threshold_t) == 24, "ems_delayed_threshold_t");
_Static_assert(offsetof(ems_delayed_threshold_t, trip) == 0 && sizeof(((ems_delayed_threshold_t *)0)->trip) == 4, "ems_delayed_threshold_t.trip");
_Static_assert(offsetof(ems_delayed_threshold_t, clear) == 4 && sizeof(((ems_delayed_threshold_t *)0)->clear) == 4, "ems_delayed_threshold_t.clear");
_Static_assert(offsetof(ems_delayed_threshold_t, clear_after_ms) == 8 && sizeof(((ems_delayed_threshold_t *)0)->clear_after_ms) == 8, "ems_delayed_threshold_t.clear_after_ms");
_Static_assert(offsetof(ems_delayed_threshold_t, trip_after_ms) == 16 && sizeof(((ems_delayed_threshold_t *)0)->trip_after_ms) == 8, "ems_delayed_threshold_t.trip_after_ms");

_Static_assert(sizeof(ems_derate_point_t) == 8, "ems_derate_point_t");
_Static_assert(offsetof(ems_derate_point_t, x) == 0 && sizeof(((ems_derate_point_t *)0)->x) == 4, "ems_derate_point_t.x");
_Static_assert(offsetof(ems_derate_point_t, share_bp) == 4 && sizeof(((ems_derate_point_t *)0)->share_bp) == 4, "ems_derate_point_t.share_bp");

_Static_assert(sizeof(ems_derate_curve_t) == 52, "ems_derate_curve_t");
_Static_assert(offsetof(ems_derate_curve_t, count) == 0 && sizeof(((ems_derate_curve_t *)0)->count) == 4, "ems_derate_curve_t.count");
_Static_assert(offsetof(ems_derate_curve_t, points) == 4 && sizeof(((ems_derate_curve_t *)0)->points) == 48, "ems_derate_curve_t.points");

_Static_assert(sizeof(ems_overload_t) == 24, "ems_overload_t");
_Static_assert(offsetof(ems_overload_t, factor_bp) == 0 && sizeof(((ems_overload_t *)0)->factor_bp) == 4, "ems_overload_t.factor_bp");
_Static_assert(offsetof(ems_overload_t, reserved) == 4 && sizeof(((ems_overload_t *)0)->reserved) == 4, "ems_overload_t.reserved");
_Static_assert(offsetof(ems_overload_t, time_ms) == 8 && sizeof(((ems_overload_t *)0)->time_ms) == 8, "ems_overload_t.time_ms");
_Static_assert(offsetof(ems_overload_t, clear_after_ms) == 16 && sizeof(((ems_overload_t *)0)->clear_after_ms) == 8, "ems_overload_t.clear_after_ms");

_Static_assert(sizeof(ems_plausibility_limits_t) == 88, "ems_plausibility_limits_t");
_Static_assert(offsetof(ems_plausibility_limits_t, frozen_after_ms) == 0 && sizeof(((ems_plausibility_limits_t *)0)->frozen_after_ms) == 8, "ems_plausibility_limits_t.frozen_after_ms");
_Static_assert(offsetof(ems_plausibility_limits_t, power_after_ms) == 8 && sizeof(((ems_plausibility_limits_t *)0)->power_after_ms) == 8, "ems_plausibility_limits_t.power_after_ms");
_Static_assert(offsetof(ems_plausibility_limits_t, obey_after_ms) == 16 && sizeof(((ems_plausibility_limits_t *)0)->obey_after_ms) == 8, "ems_plausibility_limits_t.obey_after_ms");
_Static_assert(offsetof(ems_plausibility_limits_t, contactor_after_ms) == 24 && sizeof(((ems_plausibility_limits_t *)0)->contactor_after_ms) == 8, "ems_plausibility_limits_t.contactor_after_ms");
_Static_assert(offsetof(ems_plausibility_limits_t, skew_max_ms) == 32 && sizeof(((ems_plausibility_limits_t *)0)->skew_max_ms) == 8, "ems_plausibility_limits_t.skew_max_ms");
_Static_assert(offsetof(ems_plausibility_limits_t, clear_after_ms) == 40 && sizeof(((ems_plausibility_limits_t *)0)->clear_after_ms) == 8, "ems_plausibility_limits_t.clear_after_ms");
_Static_assert(offsetof(ems_plausibility_limits_t, soc_jump_bp) == 48 && sizeof(((ems_plausibility_limits_t *)0)->soc_jump_bp) == 4, "ems_plausibility_limits_t.soc_jump_bp");
_Static_assert(offsetof(ems_plausibility_limits_t, temperature_jump_mdegc) == 52 && sizeof(((ems_plausibility_limits_t *)0)->temperature_jump_mdegc) == 4, "ems_plausibility_limits_t.temperature_jump_mdegc");
_Static_assert(offsetof(ems_plausibility_limits_t, cell_voltage_jump_mv) == 56 && sizeof(((ems_plausibility_limits_t *)0)->cell_voltage_jump_mv) == 4, "ems_plausibility_limits_t.cell_voltage_jump_mv");
_Static_assert(offsetof(ems_plausibility_limits_t, frozen_charge_bp) == 60 && sizeof(((ems_plausibility_limits_t *)0)->frozen_charge_bp) == 4, "ems_plausibility_limits_t.frozen_charge_bp");
_Static_assert(offsetof(ems_plausibility_limits_t, power_tolerance_bp) == 64 && sizeof(((ems_plausibility_limits_t *)0)->power_tolerance_bp) == 4, "ems_plausibility_limits_t.power_tolerance_bp");
_Static_assert(offsetof(ems_plausibility_limits_t, power_floor_w) == 68 && sizeof(((ems_plausibility_limits_t *)0)->power_floor_w) == 4, "ems_plausibility_limits_t.power_floor_w");
_Static_assert(offsetof(ems_plausibility_limits_t, obey_tolerance_bp) == 72 && sizeof(((ems_plausibility_limits_t *)0)->obey_tolerance_bp) == 4, "ems_plausibility_limits_t.obey_tolerance_bp");
_Static_assert(offsetof(ems_plausibility_limits_t, obey_floor_ma) == 76 && sizeof(((ems_plausibility_limits_t *)0)->obey_floor_ma) == 4, "ems_plausibility_limits_t.obey_floor_ma");
_Static_assert(offsetof(ems_plausibility_limits_t, contactor_current_ma) == 80 && sizeof(((ems_plausibility_limits_t *)0)->contactor_current_ma) == 4, "ems_plausibility_limits_t.contactor_current_ma");
_Static_assert(offsetof(ems_plausibility_limits_t, reserved) == 84 && sizeof(((ems_plausibility_limits_t *)0)->reserved) == 4, "ems_plausibility_limits_t.reserved");

_Static_assert(sizeof(ems_safety_limits_t) == 976, "ems_safety_limits_t");
_Static_assert(offsetof(ems_safety_limits_t, struct_size) == 0 && sizeof(((ems_safety_limits_t *)0)->struct_size) == 4, "ems_safety_limits_t.struct_size");
_Static_assert(offsetof(ems_safety_limits_t, chemistry) == 4 && sizeof(((ems_safety_limits_t *)0)->chemistry) == 4, "ems_safety_limits_t.chemistry");
_Static_assert(offsetof(ems_safety_limits_t, cell_voltage_max_mv) == 8 && sizeof(((ems_safety_limits_t *)0)->cell_voltage_max_mv) == 16, "ems_safety_limits_t.cell_voltage_max_mv");
_Static_assert(offsetof(ems_safety_limits_t, cell_voltage_min_mv) == 24 && sizeof(((ems_safety_limits_t *)0)->cell_voltage_min_mv) == 16, "ems_safety_limits_t.cell_voltage_min_mv");
_Static_assert(offsetof(ems_safety_limits_t, cell_voltage_latch_max_mv) == 40 && sizeof(((ems_safety_limits_t *)0)->cell_voltage_latch_max_mv) == 4, "ems_safety_limits_t.cell_voltage_latch_max_mv");
_Static_assert(offsetof(ems_safety_limits_t, cell_voltage_latch_min_mv) == 44 && sizeof(((ems_safety_limits_t *)0)->cell_voltage_latch_min_mv) == 4, "ems_safety_limits_t.cell_voltage_latch_min_mv");
_Static_assert(offsetof(ems_safety_limits_t, charge_temp_max_mdegc) == 48 && sizeof(((ems_safety_limits_t *)0)->charge_temp_max_mdegc) == 16, "ems_safety_limits_t.charge_temp_max_mdegc");
_Static_assert(offsetof(ems_safety_limits_t, charge_temp_min_mdegc) == 64 && sizeof(((ems_safety_limits_t *)0)->charge_temp_min_mdegc) == 16, "ems_safety_limits_t.charge_temp_min_mdegc");
_Static_assert(offsetof(ems_safety_limits_t, discharge_temp_max_mdegc) == 80 && sizeof(((ems_safety_limits_t *)0)->discharge_temp_max_mdegc) == 16, "ems_safety_limits_t.discharge_temp_max_mdegc");
_Static_assert(offsetof(ems_safety_limits_t, discharge_temp_min_mdegc) == 96 && sizeof(((ems_safety_limits_t *)0)->discharge_temp_min_mdegc) == 16, "ems_safety_limits_t.discharge_temp_min_mdegc");
_Static_assert(offsetof(ems_safety_limits_t, discharge_temp_derate_mdegc) == 112 && sizeof(((ems_safety_limits_t *)0)->discharge_temp_derate_mdegc) == 16, "ems_safety_limits_t.discharge_temp_derate_mdegc");
_Static_assert(offsetof(ems_safety_limits_t, temp_latch_max_mdegc) == 128 && sizeof(((ems_safety_limits_t *)0)->temp_latch_max_mdegc) == 4, "ems_safety_limits_t.temp_latch_max_mdegc");
_Static_assert(offsetof(ems_safety_limits_t, temp_latch_min_mdegc) == 132 && sizeof(((ems_safety_limits_t *)0)->temp_latch_min_mdegc) == 4, "ems_safety_limits_t.temp_latch_min_mdegc");
_Static_assert(offsetof(ems_safety_limits_t, charge_current_max_ma) == 136 && sizeof(((ems_safety_limits_t *)0)->charge_current_max_ma) == 4, "ems_safety_limits_t.charge_current_max_ma");
_Static_assert(offsetof(ems_safety_limits_t, discharge_current_max_ma) == 140 && sizeof(((ems_safety_limits_t *)0)->discharge_current_max_ma) == 4, "ems_safety_limits_t.discharge_current_max_ma");
_Static_assert(offsetof(ems_safety_limits_t, charge_overcurrent_ma) == 144 && sizeof(((ems_safety_limits_t *)0)->charge_overcurrent_ma) == 16, "ems_safety_limits_t.charge_overcurrent_ma");
_Static_assert(offsetof(ems_safety_limits_t, discharge_overcurrent_ma) == 160 && sizeof(((ems_safety_limits_t *)0)->discharge_overcurrent_ma) == 16, "ems_safety_limits_t.discharge_overcurrent_ma");
_Static_assert(offsetof(ems_safety_limits_t, soc_max_bp) == 176 && sizeof(((ems_safety_limits_t *)0)->soc_max_bp) == 16, "ems_safety_limits_t.soc_max_bp");
_Static_assert(offsetof(ems_safety_limits_t, soc_min_bp) == 192 && sizeof(((ems_safety_limits_t *)0)->soc_min_bp) == 16, "ems_safety_limits_t.soc_min_bp");
_Static_assert(offsetof(ems_safety_limits_t, sum_of_cells_trip_per_cell_mv) == 208 && sizeof(((ems_safety_limits_t *)0)->sum_of_cells_trip_per_cell_mv) == 4, "ems_safety_limits_t.sum_of_cells_trip_per_cell_mv");
_Static_assert(offsetof(ems_safety_limits_t, sum_of_cells_clear_per_cell_mv) == 212 && sizeof(((ems_safety_limits_t *)0)->sum_of_cells_clear_per_cell_mv) == 4, "ems_safety_limits_t.sum_of_cells_clear_per_cell_mv");
_Static_assert(offsetof(ems_safety_limits_t, sum_of_cells_trip_share_bp) == 216 && sizeof(((ems_safety_limits_t *)0)->sum_of_cells_trip_share_bp) == 4, "ems_safety_limits_t.sum_of_cells_trip_share_bp");
_Static_assert(offsetof(ems_safety_limits_t, sum_of_cells_clear_share_bp) == 220 && sizeof(((ems_safety_limits_t *)0)->sum_of_cells_clear_share_bp) == 4, "ems_safety_limits_t.sum_of_cells_clear_share_bp");
_Static_assert(offsetof(ems_safety_limits_t, sum_of_cells_clear_after_ms) == 224 && sizeof(((ems_safety_limits_t *)0)->sum_of_cells_clear_after_ms) == 8, "ems_safety_limits_t.sum_of_cells_clear_after_ms");
_Static_assert(offsetof(ems_safety_limits_t, stale_after_max_ms) == 232 && sizeof(((ems_safety_limits_t *)0)->stale_after_max_ms) == 8, "ems_safety_limits_t.stale_after_max_ms");
_Static_assert(offsetof(ems_safety_limits_t, input_clear_after_ms) == 240 && sizeof(((ems_safety_limits_t *)0)->input_clear_after_ms) == 8, "ems_safety_limits_t.input_clear_after_ms");
_Static_assert(offsetof(ems_safety_limits_t, cell_voltage_max_trip_after_ms) == 248 && sizeof(((ems_safety_limits_t *)0)->cell_voltage_max_trip_after_ms) == 8, "ems_safety_limits_t.cell_voltage_max_trip_after_ms");
_Static_assert(offsetof(ems_safety_limits_t, cell_voltage_min_trip_after_ms) == 256 && sizeof(((ems_safety_limits_t *)0)->cell_voltage_min_trip_after_ms) == 8, "ems_safety_limits_t.cell_voltage_min_trip_after_ms");
_Static_assert(offsetof(ems_safety_limits_t, charge_temp_max_trip_after_ms) == 264 && sizeof(((ems_safety_limits_t *)0)->charge_temp_max_trip_after_ms) == 8, "ems_safety_limits_t.charge_temp_max_trip_after_ms");
_Static_assert(offsetof(ems_safety_limits_t, charge_temp_min_trip_after_ms) == 272 && sizeof(((ems_safety_limits_t *)0)->charge_temp_min_trip_after_ms) == 8, "ems_safety_limits_t.charge_temp_min_trip_after_ms");
_Static_assert(offsetof(ems_safety_limits_t, discharge_temp_max_trip_after_ms) == 280 && sizeof(((ems_safety_limits_t *)0)->discharge_temp_max_trip_after_ms) == 8, "ems_safety_limits_t.discharge_temp_max_trip_after_ms");
_Static_assert(offsetof(ems_safety_limits_t, discharge_temp_min_trip_after_ms) == 288 && sizeof(((ems_safety_limits_t *)0)->discharge_temp_min_trip_after_ms) == 8, "ems_safety_limits_t.discharge_temp_min_trip_after_ms");
_Static_assert(offsetof(ems_safety_limits_t, charge_overcurrent_trip_after_ms) == 296 && sizeof(((ems_safety_limits_t *)0)->charge_overcurrent_trip_after_ms) == 8, "ems_safety_limits_t.charge_overcurrent_trip_after_ms");
_Static_assert(offsetof(ems_safety_limits_t, discharge_overcurrent_trip_after_ms) == 304 && sizeof(((ems_safety_limits_t *)0)->discharge_overcurrent_trip_after_ms) == 8, "ems_safety_limits_t.discharge_overcurrent_trip_after_ms");
_Static_assert(offsetof(ems_safety_limits_t, soc_max_trip_after_ms) == 312 && sizeof(((ems_safety_limits_t *)0)->soc_max_trip_after_ms) == 8, "ems_safety_limits_t.soc_max_trip_after_ms");
_Static_assert(offsetof(ems_safety_limits_t, soc_min_trip_after_ms) == 320 && sizeof(((ems_safety_limits_t *)0)->soc_min_trip_after_ms) == 8, "ems_safety_limits_t.soc_min_trip_after_ms");
_Static_assert(offsetof(ems_safety_limits_t, latch_after_ms) == 328 && sizeof(((ems_safety_limits_t *)0)->latch_after_ms) == 8, "ems_safety_limits_t.latch_after_ms");
_Static_assert(offsetof(ems_safety_limits_t, cell_voltage_high_mv) == 336 && sizeof(((ems_safety_limits_t *)0)->cell_voltage_high_mv) == 24, "ems_safety_limits_t.cell_voltage_high_mv");
_Static_assert(offsetof(ems_safety_limits_t, cell_voltage_low_mv) == 360 && sizeof(((ems_safety_limits_t *)0)->cell_voltage_low_mv) == 24, "ems_safety_limits_t.cell_voltage_low_mv");
_Static_assert(offsetof(ems_safety_limits_t, temperature_high_mdegc) == 384 && sizeof(((ems_safety_limits_t *)0)->temperature_high_mdegc) == 24, "ems_safety_limits_t.temperature_high_mdegc");
_Static_assert(offsetof(ems_safety_limits_t, temperature_low_mdegc) == 408 && sizeof(((ems_safety_limits_t *)0)->temperature_low_mdegc) == 24, "ems_safety_limits_t.temperature_low_mdegc");
_Static_assert(offsetof(ems_safety_limits_t, soc_high_warning_bp) == 432 && sizeof(((ems_safety_limits_t *)0)->soc_high_warning_bp) == 24, "ems_safety_limits_t.soc_high_warning_bp");
_Static_assert(offsetof(ems_safety_limits_t, soc_low_warning_bp) == 456 && sizeof(((ems_safety_limits_t *)0)->soc_low_warning_bp) == 24, "ems_safety_limits_t.soc_low_warning_bp");
_Static_assert(offsetof(ems_safety_limits_t, temperature_spread_mdegc) == 480 && sizeof(((ems_safety_limits_t *)0)->temperature_spread_mdegc) == 24, "ems_safety_limits_t.temperature_spread_mdegc");
_Static_assert(offsetof(ems_safety_limits_t, cell_imbalance_warning_mv) == 504 && sizeof(((ems_safety_limits_t *)0)->cell_imbalance_warning_mv) == 24, "ems_safety_limits_t.cell_imbalance_warning_mv");
_Static_assert(offsetof(ems_safety_limits_t, cell_imbalance_mv) == 528 && sizeof(((ems_safety_limits_t *)0)->cell_imbalance_mv) == 24, "ems_safety_limits_t.cell_imbalance_mv");
_Static_assert(offsetof(ems_safety_limits_t, insulation_low_kohm) == 552 && sizeof(((ems_safety_limits_t *)0)->insulation_low_kohm) == 24, "ems_safety_limits_t.insulation_low_kohm");
_Static_assert(offsetof(ems_safety_limits_t, charge_overload) == 576 && sizeof(((ems_safety_limits_t *)0)->charge_overload) == 24, "ems_safety_limits_t.charge_overload");
_Static_assert(offsetof(ems_safety_limits_t, discharge_overload) == 600 && sizeof(((ems_safety_limits_t *)0)->discharge_overload) == 24, "ems_safety_limits_t.discharge_overload");
_Static_assert(offsetof(ems_safety_limits_t, plausibility) == 624 && sizeof(((ems_safety_limits_t *)0)->plausibility) == 88, "ems_safety_limits_t.plausibility");
_Static_assert(offsetof(ems_safety_limits_t, insulation_latch_min_kohm) == 712 && sizeof(((ems_safety_limits_t *)0)->insulation_latch_min_kohm) == 4, "ems_safety_limits_t.insulation_latch_min_kohm");
_Static_assert(offsetof(ems_safety_limits_t, discharge_temp_curve_mdegc) == 716 && sizeof(((ems_safety_limits_t *)0)->discharge_temp_curve_mdegc) == 52, "ems_safety_limits_t.discharge_temp_curve_mdegc");
_Static_assert(offsetof(ems_safety_limits_t, charge_temp_curve_mdegc) == 768 && sizeof(((ems_safety_limits_t *)0)->charge_temp_curve_mdegc) == 52, "ems_safety_limits_t.charge_temp_curve_mdegc");
_Static_assert(offsetof(ems_safety_limits_t, charge_voltage_curve_mv) == 820 && sizeof(((ems_safety_limits_t *)0)->charge_voltage_curve_mv) == 52, "ems_safety_limits_t.charge_voltage_curve_mv");
_Static_assert(offsetof(ems_safety_limits_t, discharge_voltage_curve_mv) == 872 && sizeof(((ems_safety_limits_t *)0)->discharge_voltage_curve_mv) == 52, "ems_safety_limits_t.discharge_voltage_curve_mv");
_Static_assert(offsetof(ems_safety_limits_t, cell_imbalance_curve_mv) == 924 && sizeof(((ems_safety_limits_t *)0)->cell_imbalance_curve_mv) == 52, "ems_safety_limits_t.cell_imbalance_curve_mv");

_Static_assert(sizeof(ems_safety_battery_t) == 40, "ems_safety_battery_t");
_Static_assert(offsetof(ems_safety_battery_t, struct_size) == 0 && sizeof(((ems_safety_battery_t *)0)->struct_size) == 4, "ems_safety_battery_t.struct_size");
_Static_assert(offsetof(ems_safety_battery_t, asset) == 4 && sizeof(((ems_safety_battery_t *)0)->asset) == 4, "ems_safety_battery_t.asset");
_Static_assert(offsetof(ems_safety_battery_t, cells_in_series) == 8 && sizeof(((ems_safety_battery_t *)0)->cells_in_series) == 2, "ems_safety_battery_t.cells_in_series");
_Static_assert(offsetof(ems_safety_battery_t, bms_required) == 10 && sizeof(((ems_safety_battery_t *)0)->bms_required) == 1, "ems_safety_battery_t.bms_required");
_Static_assert(offsetof(ems_safety_battery_t, reserved) == 11 && sizeof(((ems_safety_battery_t *)0)->reserved) == 1, "ems_safety_battery_t.reserved");
_Static_assert(offsetof(ems_safety_battery_t, breaking_current_max_ma) == 12 && sizeof(((ems_safety_battery_t *)0)->breaking_current_max_ma) == 4, "ems_safety_battery_t.breaking_current_max_ma");
_Static_assert(offsetof(ems_safety_battery_t, limits) == 16 && sizeof(((ems_safety_battery_t *)0)->limits) == 8, "ems_safety_battery_t.limits");
_Static_assert(offsetof(ems_safety_battery_t, capacity_uah) == 24 && sizeof(((ems_safety_battery_t *)0)->capacity_uah) == 8, "ems_safety_battery_t.capacity_uah");
_Static_assert(offsetof(ems_safety_battery_t, fuse_current_ma) == 32 && sizeof(((ems_safety_battery_t *)0)->fuse_current_ma) == 4, "ems_safety_battery_t.fuse_current_ma");
_Static_assert(offsetof(ems_safety_battery_t, bms_required_more) == 36 && sizeof(((ems_safety_battery_t *)0)->bms_required_more) == 2, "ems_safety_battery_t.bms_required_more");
_Static_assert(offsetof(ems_safety_battery_t, hazards_wired) == 38 && sizeof(((ems_safety_battery_t *)0)->hazards_wired) == 1, "ems_safety_battery_t.hazards_wired");
_Static_assert(offsetof(ems_safety_battery_t, reserved2) == 39 && sizeof(((ems_safety_battery_t *)0)->reserved2) == 1, "ems_safety_battery_t.reserved2");

_Static_assert(sizeof(ems_safety_inverter_t) == 32, "ems_safety_inverter_t");
_Static_assert(offsetof(ems_safety_inverter_t, struct_size) == 0 && sizeof(((ems_safety_inverter_t *)0)->struct_size) == 4, "ems_safety_inverter_t.struct_size");
_Static_assert(offsetof(ems_safety_inverter_t, asset) == 4 && sizeof(((ems_safety_inverter_t *)0)->asset) == 4, "ems_safety_inverter_t.asset");
_Static_assert(offsetof(ems_safety_inverter_t, batteries) == 8 && sizeof(((ems_safety_inverter_t *)0)->batteries) == 1, "ems_safety_inverter_t.batteries");
_Static_assert(offsetof(ems_safety_inverter_t, no_dc_pv) == 9 && sizeof(((ems_safety_inverter_t *)0)->no_dc_pv) == 1, "ems_safety_inverter_t.no_dc_pv");
_Static_assert(offsetof(ems_safety_inverter_t, can_curtail_pv) == 10 && sizeof(((ems_safety_inverter_t *)0)->can_curtail_pv) == 1, "ems_safety_inverter_t.can_curtail_pv");
_Static_assert(offsetof(ems_safety_inverter_t, reserved) == 11 && sizeof(((ems_safety_inverter_t *)0)->reserved) == 1, "ems_safety_inverter_t.reserved");
_Static_assert(offsetof(ems_safety_inverter_t, apparent_max_va) == 12 && sizeof(((ems_safety_inverter_t *)0)->apparent_max_va) == 4, "ems_safety_inverter_t.apparent_max_va");
_Static_assert(offsetof(ems_safety_inverter_t, charge_max_w) == 16 && sizeof(((ems_safety_inverter_t *)0)->charge_max_w) == 4, "ems_safety_inverter_t.charge_max_w");
_Static_assert(offsetof(ems_safety_inverter_t, discharge_max_w) == 20 && sizeof(((ems_safety_inverter_t *)0)->discharge_max_w) == 4, "ems_safety_inverter_t.discharge_max_w");
_Static_assert(offsetof(ems_safety_inverter_t, efficiency_bp) == 24 && sizeof(((ems_safety_inverter_t *)0)->efficiency_bp) == 4, "ems_safety_inverter_t.efficiency_bp");
_Static_assert(offsetof(ems_safety_inverter_t, reserved2) == 28 && sizeof(((ems_safety_inverter_t *)0)->reserved2) == 4, "ems_safety_inverter_t.reserved2");

_Static_assert(sizeof(ems_trip_t) == 16, "ems_trip_t");
_Static_assert(offsetof(ems_trip_t, since_ms) == 0 && sizeof(((ems_trip_t *)0)->since_ms) == 8, "ems_trip_t.since_ms");
_Static_assert(offsetof(ems_trip_t, cause) == 8 && sizeof(((ems_trip_t *)0)->cause) == 4, "ems_trip_t.cause");
_Static_assert(offsetof(ems_trip_t, asset) == 12 && sizeof(((ems_trip_t *)0)->asset) == 4, "ems_trip_t.asset");

_Static_assert(sizeof(ems_safety_config_t) == 80, "ems_safety_config_t");
_Static_assert(offsetof(ems_safety_config_t, struct_size) == 0 && sizeof(((ems_safety_config_t *)0)->struct_size) == 4, "ems_safety_config_t.struct_size");
_Static_assert(offsetof(ems_safety_config_t, battery_count) == 4 && sizeof(((ems_safety_config_t *)0)->battery_count) == 4, "ems_safety_config_t.battery_count");
_Static_assert(offsetof(ems_safety_config_t, batteries) == 8 && sizeof(((ems_safety_config_t *)0)->batteries) == 8, "ems_safety_config_t.batteries");
_Static_assert(offsetof(ems_safety_config_t, inverters) == 16 && sizeof(((ems_safety_config_t *)0)->inverters) == 8, "ems_safety_config_t.inverters");
_Static_assert(offsetof(ems_safety_config_t, inverter_count) == 24 && sizeof(((ems_safety_config_t *)0)->inverter_count) == 4, "ems_safety_config_t.inverter_count");
_Static_assert(offsetof(ems_safety_config_t, latch_unreadable) == 28 && sizeof(((ems_safety_config_t *)0)->latch_unreadable) == 4, "ems_safety_config_t.latch_unreadable");
_Static_assert(offsetof(ems_safety_config_t, trips) == 32 && sizeof(((ems_safety_config_t *)0)->trips) == 8, "ems_safety_config_t.trips");
_Static_assert(offsetof(ems_safety_config_t, trip_count) == 40 && sizeof(((ems_safety_config_t *)0)->trip_count) == 4, "ems_safety_config_t.trip_count");
_Static_assert(offsetof(ems_safety_config_t, reserved) == 44 && sizeof(((ems_safety_config_t *)0)->reserved) == 4, "ems_safety_config_t.reserved");
_Static_assert(offsetof(ems_safety_config_t, tick_period_ms) == 48 && sizeof(((ems_safety_config_t *)0)->tick_period_ms) == 8, "ems_safety_config_t.tick_period_ms");
_Static_assert(offsetof(ems_safety_config_t, start_grace_ms) == 56 && sizeof(((ems_safety_config_t *)0)->start_grace_ms) == 8, "ems_safety_config_t.start_grace_ms");
_Static_assert(offsetof(ems_safety_config_t, start_ms) == 64 && sizeof(((ems_safety_config_t *)0)->start_ms) == 8, "ems_safety_config_t.start_ms");
_Static_assert(offsetof(ems_safety_config_t, estop_inputs) == 72 && sizeof(((ems_safety_config_t *)0)->estop_inputs) == 4, "ems_safety_config_t.estop_inputs");
_Static_assert(offsetof(ems_safety_config_t, monitor_only) == 76 && sizeof(((ems_safety_config_t *)0)->monitor_only) == 4, "ems_safety_config_t.monitor_only");

_Static_assert(sizeof(ems_safety_result_t) == 40, "ems_safety_result_t");
_Static_assert(offsetof(ems_safety_result_t, struct_size) == 0 && sizeof(((ems_safety_result_t *)0)->struct_size) == 4, "ems_safety_result_t.struct_size");
_Static_assert(offsetof(ems_safety_result_t, state) == 4 && sizeof(((ems_safety_result_t *)0)->state) == 4, "ems_safety_result_t.state");
_Static_assert(offsetof(ems_safety_result_t, battery_count) == 8 && sizeof(((ems_safety_result_t *)0)->battery_count) == 4, "ems_safety_result_t.battery_count");
_Static_assert(offsetof(ems_safety_result_t, inverter_count) == 12 && sizeof(((ems_safety_result_t *)0)->inverter_count) == 4, "ems_safety_result_t.inverter_count");
_Static_assert(offsetof(ems_safety_result_t, event_count) == 16 && sizeof(((ems_safety_result_t *)0)->event_count) == 4, "ems_safety_result_t.event_count");
_Static_assert(offsetof(ems_safety_result_t, trip_count) == 20 && sizeof(((ems_safety_result_t *)0)->trip_count) == 4, "ems_safety_result_t.trip_count");
_Static_assert(offsetof(ems_safety_result_t, latch_changed) == 24 && sizeof(((ems_safety_result_t *)0)->latch_changed) == 4, "ems_safety_result_t.latch_changed");
_Static_assert(offsetof(ems_safety_result_t, reserved) == 28 && sizeof(((ems_safety_result_t *)0)->reserved) == 4, "ems_safety_result_t.reserved");
_Static_assert(offsetof(ems_safety_result_t, late_ticks) == 32 && sizeof(((ems_safety_result_t *)0)->late_ticks) == 8, "ems_safety_result_t.late_ticks");

_Static_assert(sizeof(ems_battery_verdict_t) == 40, "ems_battery_verdict_t");
_Static_assert(offsetof(ems_battery_verdict_t, struct_size) == 0 && sizeof(((ems_battery_verdict_t *)0)->struct_size) == 4, "ems_battery_verdict_t.struct_size");
_Static_assert(offsetof(ems_battery_verdict_t, asset) == 4 && sizeof(((ems_battery_verdict_t *)0)->asset) == 4, "ems_battery_verdict_t.asset");
_Static_assert(offsetof(ems_battery_verdict_t, state) == 8 && sizeof(((ems_battery_verdict_t *)0)->state) == 4, "ems_battery_verdict_t.state");
_Static_assert(offsetof(ems_battery_verdict_t, charge_current_max_ma) == 12 && sizeof(((ems_battery_verdict_t *)0)->charge_current_max_ma) == 4, "ems_battery_verdict_t.charge_current_max_ma");
_Static_assert(offsetof(ems_battery_verdict_t, discharge_current_max_ma) == 16 && sizeof(((ems_battery_verdict_t *)0)->discharge_current_max_ma) == 4, "ems_battery_verdict_t.discharge_current_max_ma");
_Static_assert(offsetof(ems_battery_verdict_t, charge_voltage_max_mv) == 20 && sizeof(((ems_battery_verdict_t *)0)->charge_voltage_max_mv) == 4, "ems_battery_verdict_t.charge_voltage_max_mv");
_Static_assert(offsetof(ems_battery_verdict_t, discharge_voltage_min_mv) == 24 && sizeof(((ems_battery_verdict_t *)0)->discharge_voltage_min_mv) == 4, "ems_battery_verdict_t.discharge_voltage_min_mv");
_Static_assert(offsetof(ems_battery_verdict_t, plausibility_failed) == 28 && sizeof(((ems_battery_verdict_t *)0)->plausibility_failed) == 4, "ems_battery_verdict_t.plausibility_failed");
_Static_assert(offsetof(ems_battery_verdict_t, reason_count) == 32 && sizeof(((ems_battery_verdict_t *)0)->reason_count) == 4, "ems_battery_verdict_t.reason_count");
_Static_assert(offsetof(ems_battery_verdict_t, reasons_dropped) == 36 && sizeof(((ems_battery_verdict_t *)0)->reasons_dropped) == 4, "ems_battery_verdict_t.reasons_dropped");

_Static_assert(sizeof(ems_reason_t) == 32, "ems_reason_t");
_Static_assert(offsetof(ems_reason_t, rule) == 0 && sizeof(((ems_reason_t *)0)->rule) == 8, "ems_reason_t.rule");
_Static_assert(offsetof(ems_reason_t, number) == 8 && sizeof(((ems_reason_t *)0)->number) == 4, "ems_reason_t.number");
_Static_assert(offsetof(ems_reason_t, charge) == 12 && sizeof(((ems_reason_t *)0)->charge) == 1, "ems_reason_t.charge");
_Static_assert(offsetof(ems_reason_t, discharge) == 13 && sizeof(((ems_reason_t *)0)->discharge) == 1, "ems_reason_t.discharge");
_Static_assert(offsetof(ems_reason_t, action) == 14 && sizeof(((ems_reason_t *)0)->action) == 1, "ems_reason_t.action");
_Static_assert(offsetof(ems_reason_t, cause) == 15 && sizeof(((ems_reason_t *)0)->cause) == 1, "ems_reason_t.cause");
_Static_assert(offsetof(ems_reason_t, signal) == 16 && sizeof(((ems_reason_t *)0)->signal) == 2, "ems_reason_t.signal");
_Static_assert(offsetof(ems_reason_t, element) == 18 && sizeof(((ems_reason_t *)0)->element) == 2, "ems_reason_t.element");
_Static_assert(offsetof(ems_reason_t, value) == 20 && sizeof(((ems_reason_t *)0)->value) == 4, "ems_reason_t.value");
_Static_assert(offsetof(ems_reason_t, limit) == 24 && sizeof(((ems_reason_t *)0)->limit) == 4, "ems_reason_t.limit");
_Static_assert(offsetof(ems_reason_t, reserved2) == 28 && sizeof(((ems_reason_t *)0)->reserved2) == 4, "ems_reason_t.reserved2");

_Static_assert(sizeof(ems_inverter_verdict_t) == 36, "ems_inverter_verdict_t");
_Static_assert(offsetof(ems_inverter_verdict_t, struct_size) == 0 && sizeof(((ems_inverter_verdict_t *)0)->struct_size) == 4, "ems_inverter_verdict_t.struct_size");
_Static_assert(offsetof(ems_inverter_verdict_t, asset) == 4 && sizeof(((ems_inverter_verdict_t *)0)->asset) == 4, "ems_inverter_verdict_t.asset");
_Static_assert(offsetof(ems_inverter_verdict_t, ac) == 8 && sizeof(((ems_inverter_verdict_t *)0)->ac) == 8, "ems_inverter_verdict_t.ac");
_Static_assert(offsetof(ems_inverter_verdict_t, command) == 16 && sizeof(((ems_inverter_verdict_t *)0)->command) == 4, "ems_inverter_verdict_t.command");
_Static_assert(offsetof(ems_inverter_verdict_t, state) == 20 && sizeof(((ems_inverter_verdict_t *)0)->state) == 4, "ems_inverter_verdict_t.state");
_Static_assert(offsetof(ems_inverter_verdict_t, apparent_max_va) == 24 && sizeof(((ems_inverter_verdict_t *)0)->apparent_max_va) == 4, "ems_inverter_verdict_t.apparent_max_va");
_Static_assert(offsetof(ems_inverter_verdict_t, curtail_pv) == 28 && sizeof(((ems_inverter_verdict_t *)0)->curtail_pv) == 4, "ems_inverter_verdict_t.curtail_pv");
_Static_assert(offsetof(ems_inverter_verdict_t, may_open) == 32 && sizeof(((ems_inverter_verdict_t *)0)->may_open) == 4, "ems_inverter_verdict_t.may_open");

_Static_assert(sizeof(ems_event_t) == 24, "ems_event_t");
_Static_assert(offsetof(ems_event_t, name) == 0 && sizeof(((ems_event_t *)0)->name) == 8, "ems_event_t.name");
_Static_assert(offsetof(ems_event_t, value) == 8 && sizeof(((ems_event_t *)0)->value) == 8, "ems_event_t.value");
_Static_assert(offsetof(ems_event_t, asset) == 16 && sizeof(((ems_event_t *)0)->asset) == 4, "ems_event_t.asset");
_Static_assert(offsetof(ems_event_t, signal) == 20 && sizeof(((ems_event_t *)0)->signal) == 2, "ems_event_t.signal");
_Static_assert(offsetof(ems_event_t, severity) == 22 && sizeof(((ems_event_t *)0)->severity) == 1, "ems_event_t.severity");
_Static_assert(offsetof(ems_event_t, active) == 23 && sizeof(((ems_event_t *)0)->active) == 1, "ems_event_t.active");

_Static_assert(sizeof(ems_gate_result_t) == 40, "ems_gate_result_t");
_Static_assert(offsetof(ems_gate_result_t, struct_size) == 0 && sizeof(((ems_gate_result_t *)0)->struct_size) == 4, "ems_gate_result_t.struct_size");
_Static_assert(offsetof(ems_gate_result_t, send) == 4 && sizeof(((ems_gate_result_t *)0)->send) == 4, "ems_gate_result_t.send");
_Static_assert(offsetof(ems_gate_result_t, changed) == 8 && sizeof(((ems_gate_result_t *)0)->changed) == 4, "ems_gate_result_t.changed");
_Static_assert(offsetof(ems_gate_result_t, why) == 12 && sizeof(((ems_gate_result_t *)0)->why) == 4, "ems_gate_result_t.why");
_Static_assert(offsetof(ems_gate_result_t, why_text) == 16 && sizeof(((ems_gate_result_t *)0)->why_text) == 8, "ems_gate_result_t.why_text");
_Static_assert(offsetof(ems_gate_result_t, command) == 24 && sizeof(((ems_gate_result_t *)0)->command) == 12, "ems_gate_result_t.command");
_Static_assert(offsetof(ems_gate_result_t, reserved) == 36 && sizeof(((ems_gate_result_t *)0)->reserved) == 4, "ems_gate_result_t.reserved");

_Static_assert(sizeof(ems_safety_reset_request_t) == 24, "ems_safety_reset_request_t");
_Static_assert(offsetof(ems_safety_reset_request_t, struct_size) == 0 && sizeof(((ems_safety_reset_request_t *)0)->struct_size) == 4, "ems_safety_reset_request_t.struct_size");
_Static_assert(offsetof(ems_safety_reset_request_t, technician) == 4 && sizeof(((ems_safety_reset_request_t *)0)->technician) == 4, "ems_safety_reset_request_t.technician");
_Static_assert(offsetof(ems_safety_reset_request_t, name) == 8 && sizeof(((ems_safety_reset_request_t *)0)->name) == 8, "ems_safety_reset_request_t.name");
_Static_assert(offsetof(ems_safety_reset_request_t, cause) == 16 && sizeof(((ems_safety_reset_request_t *)0)->cause) == 8, "ems_safety_reset_request_t.cause");

_Static_assert(sizeof(ems_telemetry_config_t) == 40, "ems_telemetry_config_t");
_Static_assert(offsetof(ems_telemetry_config_t, struct_size) == 0 && sizeof(((ems_telemetry_config_t *)0)->struct_size) == 4, "ems_telemetry_config_t.struct_size");
_Static_assert(offsetof(ems_telemetry_config_t, stream) == 4 && sizeof(((ems_telemetry_config_t *)0)->stream) == 4, "ems_telemetry_config_t.stream");
_Static_assert(offsetof(ems_telemetry_config_t, epoch_random) == 8 && sizeof(((ems_telemetry_config_t *)0)->epoch_random) == 16, "ems_telemetry_config_t.epoch_random");
_Static_assert(offsetof(ems_telemetry_config_t, epoch_counter) == 24 && sizeof(((ems_telemetry_config_t *)0)->epoch_counter) == 4, "ems_telemetry_config_t.epoch_counter");
_Static_assert(offsetof(ems_telemetry_config_t, reserved) == 28 && sizeof(((ems_telemetry_config_t *)0)->reserved) == 4, "ems_telemetry_config_t.reserved");
_Static_assert(offsetof(ems_telemetry_config_t, first_sequence) == 32 && sizeof(((ems_telemetry_config_t *)0)->first_sequence) == 8, "ems_telemetry_config_t.first_sequence");

_Static_assert(sizeof(ems_telemetry_context_t) == 16, "ems_telemetry_context_t");
_Static_assert(offsetof(ems_telemetry_context_t, struct_size) == 0 && sizeof(((ems_telemetry_context_t *)0)->struct_size) == 4, "ems_telemetry_context_t.struct_size");
_Static_assert(offsetof(ems_telemetry_context_t, clock_quality) == 4 && sizeof(((ems_telemetry_context_t *)0)->clock_quality) == 4, "ems_telemetry_context_t.clock_quality");
_Static_assert(offsetof(ems_telemetry_context_t, limits_hash) == 8 && sizeof(((ems_telemetry_context_t *)0)->limits_hash) == 8, "ems_telemetry_context_t.limits_hash");

_Static_assert(sizeof(ems_telemetry_status_t) == 72, "ems_telemetry_status_t");
_Static_assert(offsetof(ems_telemetry_status_t, struct_size) == 0 && sizeof(((ems_telemetry_status_t *)0)->struct_size) == 4, "ems_telemetry_status_t.struct_size");
_Static_assert(offsetof(ems_telemetry_status_t, blocks) == 4 && sizeof(((ems_telemetry_status_t *)0)->blocks) == 4, "ems_telemetry_status_t.blocks");
_Static_assert(offsetof(ems_telemetry_status_t, next_sequence) == 8 && sizeof(((ems_telemetry_status_t *)0)->next_sequence) == 8, "ems_telemetry_status_t.next_sequence");
_Static_assert(offsetof(ems_telemetry_status_t, first_held) == 16 && sizeof(((ems_telemetry_status_t *)0)->first_held) == 8, "ems_telemetry_status_t.first_held");
_Static_assert(offsetof(ems_telemetry_status_t, acknowledged) == 24 && sizeof(((ems_telemetry_status_t *)0)->acknowledged) == 8, "ems_telemetry_status_t.acknowledged");
_Static_assert(offsetof(ems_telemetry_status_t, gap_first) == 32 && sizeof(((ems_telemetry_status_t *)0)->gap_first) == 8, "ems_telemetry_status_t.gap_first");
_Static_assert(offsetof(ems_telemetry_status_t, gap_last) == 40 && sizeof(((ems_telemetry_status_t *)0)->gap_last) == 8, "ems_telemetry_status_t.gap_last");
_Static_assert(offsetof(ems_telemetry_status_t, rows_lost) == 48 && sizeof(((ems_telemetry_status_t *)0)->rows_lost) == 8, "ems_telemetry_status_t.rows_lost");
_Static_assert(offsetof(ems_telemetry_status_t, bytes_used) == 56 && sizeof(((ems_telemetry_status_t *)0)->bytes_used) == 8, "ems_telemetry_status_t.bytes_used");
_Static_assert(offsetof(ems_telemetry_status_t, bytes_capacity) == 64 && sizeof(((ems_telemetry_status_t *)0)->bytes_capacity) == 8, "ems_telemetry_status_t.bytes_capacity");

_Static_assert(sizeof(ems_block_t) == 32, "ems_block_t");
_Static_assert(offsetof(ems_block_t, data) == 0 && sizeof(((ems_block_t *)0)->data) == 8, "ems_block_t.data");
_Static_assert(offsetof(ems_block_t, size) == 8 && sizeof(((ems_block_t *)0)->size) == 8, "ems_block_t.size");
_Static_assert(offsetof(ems_block_t, first) == 16 && sizeof(((ems_block_t *)0)->first) == 8, "ems_block_t.first");
_Static_assert(offsetof(ems_block_t, last) == 24 && sizeof(((ems_block_t *)0)->last) == 8, "ems_block_t.last");

_Static_assert(sizeof(ems_block_info_t) == 72, "ems_block_info_t");
_Static_assert(offsetof(ems_block_info_t, struct_size) == 0 && sizeof(((ems_block_info_t *)0)->struct_size) == 4, "ems_block_info_t.struct_size");
_Static_assert(offsetof(ems_block_info_t, stream) == 4 && sizeof(((ems_block_info_t *)0)->stream) == 4, "ems_block_info_t.stream");
_Static_assert(offsetof(ems_block_info_t, first) == 8 && sizeof(((ems_block_info_t *)0)->first) == 8, "ems_block_info_t.first");
_Static_assert(offsetof(ems_block_info_t, last) == 16 && sizeof(((ems_block_info_t *)0)->last) == 8, "ems_block_info_t.last");
_Static_assert(offsetof(ems_block_info_t, epoch_random) == 24 && sizeof(((ems_block_info_t *)0)->epoch_random) == 16, "ems_block_info_t.epoch_random");
_Static_assert(offsetof(ems_block_info_t, epoch_counter) == 40 && sizeof(((ems_block_info_t *)0)->epoch_counter) == 4, "ems_block_info_t.epoch_counter");
_Static_assert(offsetof(ems_block_info_t, clock_quality) == 44 && sizeof(((ems_block_info_t *)0)->clock_quality) == 4, "ems_block_info_t.clock_quality");
_Static_assert(offsetof(ems_block_info_t, limits_hash) == 48 && sizeof(((ems_block_info_t *)0)->limits_hash) == 8, "ems_block_info_t.limits_hash");
_Static_assert(offsetof(ems_block_info_t, catalogue_hash) == 56 && sizeof(((ems_block_info_t *)0)->catalogue_hash) == 8, "ems_block_info_t.catalogue_hash");
_Static_assert(offsetof(ems_block_info_t, point_count) == 64 && sizeof(((ems_block_info_t *)0)->point_count) == 4, "ems_block_info_t.point_count");
_Static_assert(offsetof(ems_block_info_t, reserved) == 68 && sizeof(((ems_block_info_t *)0)->reserved) == 4, "ems_block_info_t.reserved");

_Static_assert(sizeof(ems_point_t) == 8, "ems_point_t");
_Static_assert(offsetof(ems_point_t, asset) == 0 && sizeof(((ems_point_t *)0)->asset) == 4, "ems_point_t.asset");
_Static_assert(offsetof(ems_point_t, signal) == 4 && sizeof(((ems_point_t *)0)->signal) == 2, "ems_point_t.signal");
_Static_assert(offsetof(ems_point_t, element) == 6 && sizeof(((ems_point_t *)0)->element) == 2, "ems_point_t.element");

_Static_assert(sizeof(ems_row_value_t) == 16, "ems_row_value_t");
_Static_assert(offsetof(ems_row_value_t, value) == 0 && sizeof(((ems_row_value_t *)0)->value) == 8, "ems_row_value_t.value");
_Static_assert(offsetof(ems_row_value_t, valid) == 8 && sizeof(((ems_row_value_t *)0)->valid) == 1, "ems_row_value_t.valid");
_Static_assert(offsetof(ems_row_value_t, quality) == 9 && sizeof(((ems_row_value_t *)0)->quality) == 1, "ems_row_value_t.quality");
_Static_assert(offsetof(ems_row_value_t, reserved) == 10 && sizeof(((ems_row_value_t *)0)->reserved) == 6, "ems_row_value_t.reserved");

_Static_assert(sizeof(ems_row_t) == 16, "ems_row_t");
_Static_assert(offsetof(ems_row_t, sequence) == 0 && sizeof(((ems_row_t *)0)->sequence) == 8, "ems_row_t.sequence");
_Static_assert(offsetof(ems_row_t, utc_us) == 8 && sizeof(((ems_row_t *)0)->utc_us) == 8, "ems_row_t.utc_us");

_Static_assert(sizeof(ems_record_t) == 40, "ems_record_t");
_Static_assert(offsetof(ems_record_t, sequence) == 0 && sizeof(((ems_record_t *)0)->sequence) == 8, "ems_record_t.sequence");
_Static_assert(offsetof(ems_record_t, utc_us) == 8 && sizeof(((ems_record_t *)0)->utc_us) == 8, "ems_record_t.utc_us");
_Static_assert(offsetof(ems_record_t, payload) == 16 && sizeof(((ems_record_t *)0)->payload) == 8, "ems_record_t.payload");
_Static_assert(offsetof(ems_record_t, size) == 24 && sizeof(((ems_record_t *)0)->size) == 8, "ems_record_t.size");
_Static_assert(offsetof(ems_record_t, type) == 32 && sizeof(((ems_record_t *)0)->type) == 4, "ems_record_t.type");
_Static_assert(offsetof(ems_record_t, reserved) == 36 && sizeof(((ems_record_t *)0)->reserved) == 4, "ems_record_t.reserved");

_Static_assert(sizeof(ems_event_record_t) == 72, "ems_event_record_t");
_Static_assert(offsetof(ems_event_record_t, struct_size) == 0 && sizeof(((ems_event_record_t *)0)->struct_size) == 4, "ems_event_record_t.struct_size");
_Static_assert(offsetof(ems_event_record_t, asset) == 4 && sizeof(((ems_event_record_t *)0)->asset) == 4, "ems_event_record_t.asset");
_Static_assert(offsetof(ems_event_record_t, value) == 8 && sizeof(((ems_event_record_t *)0)->value) == 8, "ems_event_record_t.value");
_Static_assert(offsetof(ems_event_record_t, signal) == 16 && sizeof(((ems_event_record_t *)0)->signal) == 2, "ems_event_record_t.signal");
_Static_assert(offsetof(ems_event_record_t, severity) == 18 && sizeof(((ems_event_record_t *)0)->severity) == 1, "ems_event_record_t.severity");
_Static_assert(offsetof(ems_event_record_t, active) == 19 && sizeof(((ems_event_record_t *)0)->active) == 1, "ems_event_record_t.active");
_Static_assert(offsetof(ems_event_record_t, name) == 20 && sizeof(((ems_event_record_t *)0)->name) == 52, "ems_event_record_t.name");

_Static_assert(sizeof(ems_asset_t) == 4, "ems_asset_t");
_Static_assert(offsetof(ems_asset_t, kind) == 0 && sizeof(((ems_asset_t *)0)->kind) == 1, "ems_asset_t.kind");
_Static_assert(offsetof(ems_asset_t, module) == 1 && sizeof(((ems_asset_t *)0)->module) == 1, "ems_asset_t.module");
_Static_assert(offsetof(ems_asset_t, index) == 2 && sizeof(((ems_asset_t *)0)->index) == 2, "ems_asset_t.index");

_Static_assert(sizeof(ems_value_t) == 16, "ems_value_t");
_Static_assert(offsetof(ems_value_t, value) == 0 && sizeof(((ems_value_t *)0)->value) == 8, "ems_value_t.value");
_Static_assert(offsetof(ems_value_t, signal) == 8 && sizeof(((ems_value_t *)0)->signal) == 2, "ems_value_t.signal");
_Static_assert(offsetof(ems_value_t, element) == 10 && sizeof(((ems_value_t *)0)->element) == 2, "ems_value_t.element");
_Static_assert(offsetof(ems_value_t, module) == 12 && sizeof(((ems_value_t *)0)->module) == 1, "ems_value_t.module");
_Static_assert(offsetof(ems_value_t, quality) == 13 && sizeof(((ems_value_t *)0)->quality) == 1, "ems_value_t.quality");
_Static_assert(offsetof(ems_value_t, reserved) == 14 && sizeof(((ems_value_t *)0)->reserved) == 2, "ems_value_t.reserved");

_Static_assert(sizeof(ems_sample_t) == 40, "ems_sample_t");
_Static_assert(offsetof(ems_sample_t, value) == 0 && sizeof(((ems_sample_t *)0)->value) == 8, "ems_sample_t.value");
_Static_assert(offsetof(ems_sample_t, taken_at_ms) == 8 && sizeof(((ems_sample_t *)0)->taken_at_ms) == 8, "ems_sample_t.taken_at_ms");
_Static_assert(offsetof(ems_sample_t, stale_after_ms) == 16 && sizeof(((ems_sample_t *)0)->stale_after_ms) == 8, "ems_sample_t.stale_after_ms");
_Static_assert(offsetof(ems_sample_t, asset) == 24 && sizeof(((ems_sample_t *)0)->asset) == 4, "ems_sample_t.asset");
_Static_assert(offsetof(ems_sample_t, signal) == 28 && sizeof(((ems_sample_t *)0)->signal) == 2, "ems_sample_t.signal");
_Static_assert(offsetof(ems_sample_t, element) == 30 && sizeof(((ems_sample_t *)0)->element) == 2, "ems_sample_t.element");
_Static_assert(offsetof(ems_sample_t, quality) == 32 && sizeof(((ems_sample_t *)0)->quality) == 1, "ems_sample_t.quality");
_Static_assert(offsetof(ems_sample_t, reserved) == 33 && sizeof(((ems_sample_t *)0)->reserved) == 7, "ems_sample_t.reserved");

_Static_assert(sizeof(ems_interval_t) == 8, "ems_interval_t");
_Static_assert(offsetof(ems_interval_t, lo_w) == 0 && sizeof(((ems_interval_t *)0)->lo_w) == 4, "ems_interval_t.lo_w");
_Static_assert(offsetof(ems_interval_t, hi_w) == 4 && sizeof(((ems_interval_t *)0)->hi_w) == 4, "ems_interval_t.hi_w");

_Static_assert(sizeof(ems_command_t) == 12, "ems_command_t");
_Static_assert(offsetof(ems_command_t, kind) == 0 && sizeof(((ems_command_t *)0)->kind) == 4, "ems_command_t.kind");
_Static_assert(offsetof(ems_command_t, p_w) == 4 && sizeof(((ems_command_t *)0)->p_w) == 4, "ems_command_t.p_w");
_Static_assert(offsetof(ems_command_t, q_var) == 8 && sizeof(((ems_command_t *)0)->q_var) == 4, "ems_command_t.q_var");
