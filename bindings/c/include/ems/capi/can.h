/* SPDX-License-Identifier: Apache-2.0 */
/** @file The conversation with one battery on a CAN bus. Frames and `now` go in; values, frames to
 *  send and the next wake-up time come out. */
#ifndef EMS_CAPI_CAN_H
#define EMS_CAPI_CAN_H

#include <ems/capi/codec.h>
#include <ems/capi/poller.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One classic CAN frame. */
typedef struct ems_can_frame {
  uint32_t id;      /**< 11 bit, or 29 bit when extended. */
  uint8_t extended; /**< 1: a 29-bit identifier. */
  uint8_t remote;   /**< 1: asks for a frame; carries no data. */
  uint8_t size;     /**< Data bytes, 0 .. 8. */
  uint8_t reserved; /**< Zero. */
  uint8_t data[8];  /**< Zero behind size. */
} ems_can_frame_t;

/** One line of a candump log. */
typedef struct ems_candump_line {
  uint32_t struct_size; /**< In: sizeof(ems_candump_line_t). Out: bytes filled. */
  uint32_t has_time;    /**< 1: time_us means something. */
  int64_t time_us;      /**< As the line states it: since 1970, or since the start. */
  ems_can_frame_t frame;
  char interface_name[20]; /**< `can0`; empty when the line names none. */
  uint8_t reserved[4];     /**< Zero. */
} ems_candump_line_t;

/** Frames that speak for a battery once. */
typedef struct ems_can_burst {
  uint32_t struct_size; /**< In: sizeof(ems_can_burst_t). Out: bytes filled. */
  uint32_t count;       /**< Frames to send now. */
  ems_can_frame_t frames[8];
} ems_can_burst_t;

/** One conversation, in memory of the caller. */
typedef struct ems_can_listener ems_can_listener_t;

/** uint64_t words of static memory that a listener needs at most, in every 0.x. */
enum { EMS_CAN_LISTENER_WORDS = 512 };

/** What a CAN codec remembers of one conversation, in memory of the caller. */
typedef struct ems_can_mailbox ems_can_mailbox_t;

/** uint64_t words of static memory that a mailbox needs at most, in every 0.x. */
enum { EMS_CAN_MAILBOX_WORDS = 512 };

/** What became of a frame. */
enum {
  EMS_CAN_IGNORED = 0, /**< Not of this protocol: another node's, or our own. */
  EMS_CAN_DECODED = 1  /**< Of this protocol; its values were given. */
};

/** A frame that the host sends by itself: a keep-alive, or a query that makes the battery speak. */
typedef struct ems_can_send {
  uint32_t struct_size; /**< In: sizeof(ems_can_send_t). Out: bytes filled. */
  uint32_t reserved;    /**< Zero. */
  int64_t every_ms;     /**< > 0. */
  const char* name;     /**< For logs: `keep-alive`; static. */
  ems_can_frame_t frame;
} ems_can_send_t;

/** What to do now, and when to call again. */
typedef struct ems_can_action {
  uint32_t struct_size; /**< In: sizeof(ems_can_action_t). Out: bytes filled. */
  uint32_t send;        /**< 1: send frame now. */
  int64_t wake_at_ms;   /**< Call ems_can_listener_next() no later, and after every receive. */
  const char* what;     /**< Name of the frame, for logs; static, empty when send is 0. */
  ems_can_frame_t frame;
} ems_can_action_t;

/** How the conversation goes. Counters count since ems_can_listener_init() and wrap. */
typedef struct ems_can_listener_status {
  uint32_t struct_size;    /**< In: sizeof(ems_can_listener_status_t). Out: bytes filled. */
  int32_t health;          /**< EMS_LINK_*. */
  ems_status_t last_error; /**< Why it is silent or a frame was refused; EMS_OK before. */
  uint32_t received;       /**< Frames given while the link was up. */
  uint32_t decoded;
  uint32_t ignored; /**< Not of this protocol. */
  uint32_t errors;  /**< Of this protocol, but refused. */
  uint32_t sent;
  uint32_t silences; /**< Times the battery fell silent. */
  uint32_t recoveries;
  const char* last_error_text; /**< Static; empty before the first failure. */
} ems_can_listener_status_t;

/**
 * One frame that the host sends. A listener sends them by itself.
 *
 * @param codec  A CAN codec.
 * @param index  0 .. send_count - 1.
 * @param out    struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a codec, or struct_size is too small.
 * @retval EMS_E_UNIMPLEMENTED     a poll codec: it has a poll plan.
 * @retval EMS_E_OUT_OF_RANGE      no such place.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_codec_send_item(const ems_codec_t* codec, size_t index,
                                         ems_can_send_t* out);

/**
 * Bytes that ems_can_mailbox_init() needs.
 *
 * @return         At most 8 * EMS_CAN_MAILBOX_WORDS.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_can_mailbox_size(void);

/**
 * Makes a mailbox in memory of the caller: frames in, values out, and nothing else. A listener is
 * one that also knows whether the battery still speaks and what to send.
 *
 * @param memory  Aligned to 8; the mailbox lives in it until the memory is used otherwise.
 * @param size    Its bytes.
 * @param codec   A CAN codec; outlives the mailbox.
 * @param out     Gets the mailbox. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds the mailbox.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, not a codec, or memory is not aligned.
 * @retval EMS_E_UNIMPLEMENTED       a poll codec.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing; uses memory.
 * @thread_safety  Pure but for memory.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_can_mailbox_init(void* memory, size_t size, const ems_codec_t* codec,
                                          ems_can_mailbox_t** out);

/**
 * Forgets everything: another conversation begins, and with it another time.
 *
 * @param mailbox  From ems_can_mailbox_init().
 *
 * @retval EMS_OK                  done.
 * @retval EMS_E_INVALID_ARGUMENT  mailbox is NULL or not a mailbox.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one mailbox.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_can_mailbox_clear(ems_can_mailbox_t* mailbox);

/**
 * Decodes one frame.
 *
 * @param mailbox    From ems_can_mailbox_init().
 * @param frame      What arrived.
 * @param now_ms     When; not before that of any call before.
 * @param readings   Set up as ems_readings_t says; gets the values of a sound frame of this
 *                   protocol, else all counts are 0.
 * @param out_taken  Gets EMS_CAN_*. Written only on EMS_OK.
 *
 * @retval EMS_OK                    the frame was decoded, or is not of this protocol.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, not a mailbox, or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE        now_ms went backwards, the frame's identifier or size is no
 *                                   frame's, or a field is unbelievable (offset = its byte).
 * @retval EMS_E_LENGTH              of this protocol, but too short; offset = its size.
 * @retval EMS_E_RESOURCE_EXHAUSTED  the frame was taken; an array of readings is too small. Or:
 *                                   more identifiers than the mailbox can keep.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one mailbox.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_can_mailbox_decode(ems_can_mailbox_t* mailbox,
                                            const ems_can_frame_t* frame, int64_t now_ms,
                                            ems_readings_t* readings, int32_t* out_taken);

/**
 * Bytes that ems_can_listener_init() needs.
 *
 * @return         At most 8 * EMS_CAN_LISTENER_WORDS.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_can_listener_size(void);

/**
 * Makes a listener in memory of the caller.
 *
 * @param memory  Aligned to 8; the listener lives in it until the memory is used otherwise.
 * @param size    Its bytes.
 * @param codec   A CAN codec; outlives the listener.
 * @param out     Gets the listener. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds the listener.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, not a codec, or memory is not aligned.
 * @retval EMS_E_UNIMPLEMENTED       a poll codec.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing; uses memory.
 * @thread_safety  Pure but for memory.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_can_listener_init(void* memory, size_t size, const ems_codec_t* codec,
                                           ems_can_listener_t** out);

/**
 * The bus is there: the send plan starts at once. What an earlier connection left is dropped.
 *
 * @param listener  From ems_can_listener_init().
 * @param now_ms    Monotonic; not before that of any call before.
 *
 * @retval EMS_OK                  done.
 * @retval EMS_E_INVALID_ARGUMENT  listener is NULL or not a listener.
 * @retval EMS_E_OUT_OF_RANGE      now_ms went backwards.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one listener.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_can_listener_link_up(ems_can_listener_t* listener, int64_t now_ms);

/**
 * The bus is gone.
 *
 * @param listener  From ems_can_listener_init().
 * @param now_ms    Monotonic; not before that of any call before.
 *
 * @retval EMS_OK                  done.
 * @retval EMS_E_INVALID_ARGUMENT  listener is NULL or not a listener.
 * @retval EMS_E_OUT_OF_RANGE      now_ms went backwards.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one listener.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_can_listener_link_down(ems_can_listener_t* listener, int64_t now_ms);

/**
 * Takes one frame from the bus.
 *
 * @param listener  From ems_can_listener_init().
 * @param frame     What arrived.
 * @param now_ms    Monotonic; not before that of any call before.
 * @param out       Gets the values of a sound frame of this protocol; else all counts are 0.
 *
 * @retval EMS_OK                    the frame was taken, or is not of this protocol.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, not a listener, or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE        now_ms went backwards, the frame's identifier or size is no
 *                                   frame's, or a field is unbelievable (offset = its byte).
 * @retval EMS_E_LENGTH              of this protocol, but too short; offset = its size.
 * @retval EMS_E_FAILED_PRECONDITION the link is down.
 * @retval EMS_E_RESOURCE_EXHAUSTED  the frame was taken; an array of out is too small. Or: more
 *                                   identifiers than the conversation can keep.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one listener.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_can_listener_receive(ems_can_listener_t* listener,
                                              const ems_can_frame_t* frame, int64_t now_ms,
                                              ems_readings_t* out);

/**
 * Advances time; at most one frame per call.
 *
 * @param listener  From ems_can_listener_init().
 * @param now_ms    Monotonic; not before that of any call before.
 * @param out       struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out says what to send and when to call again.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a listener, or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE      now_ms went backwards.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one listener.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_can_listener_next(ems_can_listener_t* listener, int64_t now_ms,
                                           ems_can_action_t* out);

/**
 * How the conversation goes.
 *
 * @param listener  From ems_can_listener_init().
 * @param out       struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a listener, or struct_size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one listener.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_can_listener_get_status(const ems_can_listener_t* listener,
                                                 ems_can_listener_status_t* out);

/**
 * Speaks for a battery towards an inverter that knows `pylontech-lv-can`: the frames it expects
 * once a second. A limit whose sample is too old or not trusted becomes 0 and its enable is
 * cleared, in this very burst; limits are rounded to the safe side of the wire's step.
 *
 * @param samples     The battery, one per signal: SOC, SOH, PACK_VOLTAGE, PACK_CURRENT,
 *                    TEMPERATURE, the four *_LIMIT, CHARGE_ENABLE, DISCHARGE_ENABLE, ALARMS,
 *                    WARNINGS, MODULE_COUNT. What is not there is unknown. Asset, element and
 *                    stale_after_ms are not read. May be NULL when count is 0.
 * @param count       Number of samples.
 * @param now_ms      Monotonic.
 * @param max_age_ms  Age from which a sample is unknown; > 0.
 * @param out         struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds the frames.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or struct_size is too small.
 * @retval EMS_E_NOT_FOUND         a signal the protocol does not carry; offset = its place.
 * @retval EMS_E_ALREADY_EXISTS    a signal twice; offset = the second's place.
 * @retval EMS_E_OUT_OF_RANGE      max_age_ms, or a quality; offset = its place.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_pylontech_encode(const ems_sample_t* samples, size_t count, int64_t now_ms,
                                          int64_t max_age_ms, ems_can_burst_t* out);

/** Frames that ems_can_speak() makes at most, in every 0.x. */
enum { EMS_CAN_SPEAK_FRAMES = 16 };

/**
 * Speaks for a battery in the dialect of a codec: the frames that an inverter of that dialect
 * expects once a second. The rules are those of ems_pylontech_encode(). Dialects:
 * `pylontech-lv-can`, `victron-can-bms`, `sma-lv-can`, `deye-lv-can`.
 *
 * @param codec            Its protocol is spoken; its options are not read.
 * @param samples          As for ems_pylontech_encode(); CELL_VOLTAGE_MAX, CELL_VOLTAGE_MIN,
 *                         CELL_TEMP_MAX, CELL_TEMP_MIN (all four, or they are not said) and
 *                         DESIGN_CAPACITY too. What a dialect has no frame for is not said. May be
 *                         NULL when count is 0.
 * @param count            Number of samples.
 * @param now_ms           Monotonic.
 * @param max_age_ms       Age from which a sample is unknown; > 0.
 * @param frames           Gets the frames. Written only on EMS_OK.
 * @param frames_capacity  Frames that fit; EMS_CAN_SPEAK_FRAMES are always enough.
 * @param out_count        Gets the number of frames. Written only on EMS_OK.
 *
 * @retval EMS_OK                    frames holds what to send now.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, or codec is not a codec.
 * @retval EMS_E_UNIMPLEMENTED       libems cannot be a battery of that protocol.
 * @retval EMS_E_NOT_FOUND           a signal that no dialect carries; offset = its place.
 * @retval EMS_E_ALREADY_EXISTS      a signal twice; offset = the second's place.
 * @retval EMS_E_OUT_OF_RANGE        max_age_ms, or a quality; offset = its place.
 * @retval EMS_E_RESOURCE_EXHAUSTED  more frames than fit.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_can_speak(const ems_codec_t* codec, const ems_sample_t* samples,
                                   size_t count, int64_t now_ms, int64_t max_age_ms,
                                   ems_can_frame_t* frames, size_t frames_capacity,
                                   size_t* out_count);

/**
 * Reads one line that can-utils' `candump` wrote, as a log (`-L`) or on the console.
 *
 * @param line  NUL-terminated, without its line end.
 * @param out   struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds the frame.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or struct_size is too small.
 * @retval EMS_E_SYNTAX            not such a line; offset = the character.
 * @retval EMS_E_OUT_OF_RANGE      an identifier or a time does not fit; offset = its start.
 * @retval EMS_E_LENGTH            more bytes than a frame holds; offset = the first surplus one.
 * @retval EMS_E_UNIMPLEMENTED     a CAN FD or an error frame.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_candump_parse(const char* line, ems_candump_line_t* out);

#ifdef __cplusplus
}
#endif

#endif
