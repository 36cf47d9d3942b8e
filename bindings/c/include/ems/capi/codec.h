/* SPDX-License-Identifier: Apache-2.0 */
/** @file Codecs: bytes in, values out; requests out. No state, no link, no clock. The conversation
 *  with a device is poller.h and can.h. */
#ifndef EMS_CAPI_CODEC_H
#define EMS_CAPI_CODEC_H

#include <ems/capi/codes.h>
#include <ems/capi/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One protocol: compiled in, which lives for ever, or with options, in memory of the caller. */
typedef struct ems_codec ems_codec_t;

/** uint64_t words of static memory that a codec with options needs at most, in every 0.x. */
enum { EMS_CODEC_WORDS = 16 };

/** Which kind of conversation a codec has. */
enum {
  EMS_CODEC_POLL = 0, /**< Asks over a byte stream: poller.h. */
  EMS_CODEC_CAN = 1   /**< The device sends CAN frames by itself: can.h. */
};

/** What a codec's correctness rests on; the protocol's page says more. */
enum {
  EMS_EVIDENCE_CAPTURED_FRAMES = 0, /**< Frames that others captured decode right. */
  EMS_EVIDENCE_VENDOR_DOCUMENT = 1, /**< Frames and tables of a vendor's document do. */
  EMS_EVIDENCE_SIMULATOR_ONLY = 2   /**< Proven against our own simulator only. */
};

/** Room that any codec needs. */
enum {
  EMS_REQUEST_SIZE = 64, /**< Bytes of the largest request. */
  EMS_REPLY_SIZE = 512,  /**< Bytes of the largest reply. */
  EMS_VALUES_MAX = 128,  /**< Values one frame gives at most. */
  EMS_TEXT_BYTES = 64    /**< Bytes of a text with its NUL. */
};

/** What a codec is. */
typedef struct ems_codec_info {
  uint32_t struct_size;      /**< In: sizeof(ems_codec_info_t). Out: bytes filled. */
  int32_t kind;              /**< EMS_CODEC_*. */
  const char* name;          /**< `jbd`; static. */
  uint32_t poll_count;       /**< Items of the poll plan; 0 for CAN. */
  uint32_t bit_rate;         /**< Of the CAN bus, bit/s; 0 for poll codecs. */
  int64_t reply_timeout_ms;  /**< A healthy device never exceeds it; 0 for CAN. */
  int64_t quiet_after_ms;    /**< CAN: silent for so long means gone; 0 for poll codecs. */
  const char* title;         /**< Who speaks it: `JBD, Xiaoxiang, Overkill Solar`; static. */
  const uint32_t* bit_rates; /**< bit/s that devices are found at, the usual one first; static. */
  const uint8_t* addresses;  /**< That devices are found at, the usual one first; static. */
  uint32_t bit_rate_count;
  uint32_t address_count;   /**< 0: the protocol has no addresses. */
  uint32_t variant_count;   /**< For ems_codec_variant(); 0: one reading, no name. */
  uint32_t send_count;      /**< For ems_codec_send_item(): frames that the host sends; CAN only. */
  int32_t evidence;         /**< EMS_EVIDENCE_*. */
  uint32_t asks_by_writing; /**< 1: the only way to ask is a request that writes. */
  int64_t request_gap_ms;   /**< Silence between a reply and the next request; 0 for CAN. */
  int64_t limits_lease_ms;  /**< The battery forgets limits not sent again for so long; 0: never. */
} ems_codec_info_t;

/** What the frames of a protocol alone cannot tell. All zero: what is usual. */
typedef struct ems_codec_options {
  uint32_t struct_size;      /**< sizeof(ems_codec_options_t). */
  uint8_t has_address;       /**< 1: address counts; 0: the first of the protocol's. */
  uint8_t address;           /**< Of the device. */
  uint8_t cell_count;        /**< Cells in series; 0: not known. */
  uint8_t temperature_count; /**< Temperature sensors; 0: not known. */
  const char* variant;       /**< NULL or empty: the first of the protocol's. Copied. */
} ems_codec_options_t;

/** Limits that a battery is to keep. Currents are magnitudes. */
typedef struct ems_battery_limits {
  uint32_t struct_size;         /**< sizeof(ems_battery_limits_t). */
  int32_t charge_voltage_mv;    /**< Highest pack voltage. */
  int32_t discharge_voltage_mv; /**< Lowest pack voltage. */
  int32_t charge_current_ma;
  int32_t discharge_current_ma;
} ems_battery_limits_t;

/** One request of a poll plan. */
typedef struct ems_poll_item {
  uint32_t struct_size; /**< In: sizeof(ems_poll_item_t). Out: bytes filled. */
  uint8_t number;       /**< For ems_codec_encode_poll(). */
  uint8_t reserved;     /**< Zero. */
  uint16_t every;       /**< Asked every n-th round; 0: once after each connect. */
  const char* name;     /**< What it asks for, for logs; static. */
} ems_poll_item_t;

/** A word the device says of itself. */
typedef struct ems_text {
  uint8_t field;             /**< EMS_TEXT_*. */
  uint8_t module;            /**< 0: the whole device. */
  uint8_t truncated;         /**< 1: it was longer. */
  uint8_t reserved;          /**< Zero. */
  char text[EMS_TEXT_BYTES]; /**< NUL-terminated UTF-8. */
} ems_text_t;

/** A number that only the vendor defines. */
typedef struct ems_vendor_value {
  const char* name; /**< Static: `error_counts.short_circuit`. */
  int64_t value;
} ems_vendor_value_t;

/** How many elements the device says an element signal has, missing ones included. */
typedef struct ems_element_count {
  uint16_t signal; /**< EMS_SIGNAL_*. */
  uint16_t count;
  uint8_t module; /**< 0: the whole device. */
  uint8_t reserved[3];
} ems_element_count_t;

/**
 * Where a codec puts what it reads: arrays of the caller. Set struct_size, the pointers and the
 * capacities; every call with one starts the counts from 0, also when it fails. An array whose
 * pointer is NULL is not wanted: what would go there is left out.
 *
 * When an array is too small the call says EMS_E_RESOURCE_EXHAUSTED, the arrays hold what came
 * first, and `dropped` counts the rest. A sensor that gives no value is in `values` with
 * EMS_QUALITY_BAD: it never disappears.
 */
typedef struct ems_readings {
  uint32_t struct_size; /**< sizeof(ems_readings_t). */
  uint32_t dropped;     /**< Out: entries for which there was no room. */
  ems_value_t* values;
  uint32_t value_capacity;
  uint32_t value_count; /**< Out. */
  ems_text_t* texts;
  uint32_t text_capacity;
  uint32_t text_count; /**< Out. */
  ems_vendor_value_t* vendor_values;
  uint32_t vendor_value_capacity;
  uint32_t vendor_value_count; /**< Out. */
  ems_element_count_t* element_counts;
  uint32_t element_count_capacity;
  uint32_t element_count_count; /**< Out. */
  uint32_t acknowledged;        /**< Out: 1: the device accepted a command. */
  uint32_t reserved;            /**< Zero. */
} ems_readings_t;

/** How the next reply lies in the bytes received so far. */
typedef struct ems_frame_scan {
  uint64_t noise; /**< Leading bytes that belong to no frame: drop them first. */
  uint64_t size;  /**< Bytes of the whole frame behind the noise; 0: not complete yet. */
} ems_frame_scan_t;

/**
 * Number of codecs in this library.
 *
 * @return         ems_codec_at() takes 0 .. number - 1.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_codec_count(void);

/**
 * Codec by place.
 *
 * @param index  0 .. ems_codec_count() - 1.
 * @param out    Gets the codec. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds the codec.
 * @retval EMS_E_INVALID_ARGUMENT  out is NULL.
 * @retval EMS_E_OUT_OF_RANGE      no such place.
 * @memory         Allocates nothing; codecs are static.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_codec_at(size_t index, const ems_codec_t** out);

/**
 * Codec by name.
 *
 * @param name  NUL-terminated: `jbd`.
 * @param out   Gets the codec. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds the codec.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL.
 * @retval EMS_E_UNKNOWN_PROTOCOL    no codec of that name.
 * @memory         Allocates nothing; codecs are static.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_codec_find(const char* name, const ems_codec_t** out);

/**
 * Bytes that ems_codec_init() needs.
 *
 * @return         At most 8 * EMS_CODEC_WORDS.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_codec_size(void);

/**
 * Makes a codec with options in memory of the caller. It goes wherever a codec goes.
 *
 * @param memory   Aligned to 8; the codec lives in it until the memory is used otherwise, and
 *                 outlives whatever is made with it.
 * @param size     Its bytes.
 * @param codec    The protocol. Options that it may have itself are dropped.
 * @param options  Copied; may be NULL: none.
 * @param out      Gets the codec. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds the codec.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, not a codec, memory is not aligned, a
 *                                   struct_size is too small, the protocol has no such variant, or
 *                                   has no addresses.
 * @retval EMS_E_OUT_OF_RANGE        an address or a count that the protocol cannot have.
 * @retval EMS_E_UNIMPLEMENTED       an option of newer headers.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing; uses memory.
 * @thread_safety  Pure but for memory.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_codec_init(void* memory, size_t size, const ems_codec_t* codec,
                                    const ems_codec_options_t* options, const ems_codec_t** out);

/**
 * What a codec is.
 *
 * @param codec  From ems_codec_find(), ems_codec_at() or ems_codec_init().
 * @param out    struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a codec, or struct_size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_codec_describe(const ems_codec_t* codec, ems_codec_info_t* out);

/**
 * Name of a variant, for ems_codec_options_t: a reading that the protocol's sources do not agree
 * about.
 *
 * @param codec  From ems_codec_find(), ems_codec_at() or ems_codec_init().
 * @param index  0 .. variant_count - 1; 0 is the safe one, which a codec without options has.
 * @param out    Gets static text. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds the name.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a codec.
 * @retval EMS_E_OUT_OF_RANGE      no such place.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_codec_variant(const ems_codec_t* codec, size_t index, const char** out);

/**
 * Name of a bit of the signal `vendor_alarms`.
 *
 * @param codec  From ems_codec_find(), ems_codec_at() or ems_codec_init().
 * @param bit    0 .. 63.
 * @param out    Gets static text. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds the name.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a codec.
 * @retval EMS_E_NOT_FOUND         the vendor does not define the bit.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_codec_vendor_alarm_name(const ems_codec_t* codec, uint32_t bit,
                                                 const char** out);

/**
 * One request of the poll plan.
 *
 * @param codec  A poll codec.
 * @param index  0 .. poll_count - 1, in the order of asking.
 * @param out    struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a codec, or struct_size is too small.
 * @retval EMS_E_UNIMPLEMENTED     a CAN codec: it has no poll plan.
 * @retval EMS_E_OUT_OF_RANGE      no such place.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_codec_poll_item(const ems_codec_t* codec, size_t index,
                                         ems_poll_item_t* out);

/**
 * Writes the request of a plan item.
 *
 * @param codec     A poll codec.
 * @param number    ems_poll_item_t.number.
 * @param buffer    Gets the request; untouched on failure.
 * @param size      Room at buffer; EMS_REQUEST_SIZE always suffices.
 * @param out_size  Gets the bytes written. Written only on EMS_OK.
 *
 * @retval EMS_OK                    buffer holds the request.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, not a codec, or no item has the number.
 * @retval EMS_E_UNIMPLEMENTED       a CAN codec.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_codec_encode_poll(const ems_codec_t* codec, uint8_t number,
                                           uint8_t* buffer, size_t size, size_t* out_size);

/**
 * Writes the request that switches the battery's outputs.
 *
 * @param codec         A poll codec.
 * @param charge_on     The charge output is to conduct.
 * @param discharge_on  The discharge output is to conduct.
 * @param buffer        Gets the request; untouched on failure.
 * @param size          Room at buffer; EMS_REQUEST_SIZE always suffices.
 * @param out_size      Gets the bytes written. Written only on EMS_OK.
 *
 * @retval EMS_OK                    buffer holds the request.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL or not a codec.
 * @retval EMS_E_UNIMPLEMENTED       the protocol has no such command.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_codec_encode_switch(const ems_codec_t* codec, bool charge_on,
                                             bool discharge_on, uint8_t* buffer, size_t size,
                                             size_t* out_size);

/**
 * Writes the request that sets the battery's limits, rounded to the safe side of the wire's step.
 * They lapse in the battery unless they are sent again: limits_lease_ms.
 *
 * @param codec     A poll codec.
 * @param limits    struct_size set.
 * @param buffer    Gets the request; untouched on failure.
 * @param size      Room at buffer; EMS_REQUEST_SIZE always suffices.
 * @param out_size  Gets the bytes written. Written only on EMS_OK.
 *
 * @retval EMS_OK                    buffer holds the request.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, not a codec, or struct_size is too small.
 * @retval EMS_E_UNIMPLEMENTED       the protocol has no such command, or a limit of newer headers.
 * @retval EMS_E_OUT_OF_RANGE        a value that the wire cannot say, or a negative one.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_codec_encode_limits(const ems_codec_t* codec,
                                             const ems_battery_limits_t* limits, uint8_t* buffer,
                                             size_t size, size_t* out_size);

/**
 * Writes the request that lets the battery balance its cells, or forbids it.
 *
 * @param codec     A poll codec.
 * @param on        The battery may balance.
 * @param buffer    Gets the request; untouched on failure.
 * @param size      Room at buffer; EMS_REQUEST_SIZE always suffices.
 * @param out_size  Gets the bytes written. Written only on EMS_OK.
 *
 * @retval EMS_OK                    buffer holds the request.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL or not a codec.
 * @retval EMS_E_UNIMPLEMENTED       the protocol has no such command.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_codec_encode_balance(const ems_codec_t* codec, bool on, uint8_t* buffer,
                                              size_t size, size_t* out_size);

/**
 * Finds the reply to a request in a stream of bytes, skipping what cannot be it.
 *
 * @param codec          A poll codec.
 * @param request        The request that was sent; may be NULL when request_size is 0: unknown.
 * @param request_size   Its bytes.
 * @param received       What arrived since; may be NULL when received_size is 0.
 * @param received_size  Its bytes.
 * @param out            Written only on EMS_OK.
 *
 * @retval EMS_OK                  out says where the frame is, or that it is not complete.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a codec.
 * @retval EMS_E_UNIMPLEMENTED     a CAN codec.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_codec_scan(const ems_codec_t* codec, const uint8_t* request,
                                    size_t request_size, const uint8_t* received,
                                    size_t received_size, ems_frame_scan_t* out);

/**
 * Decodes one whole reply, strictly.
 *
 * @param codec         A poll codec.
 * @param request       The request it answers; may be NULL when request_size is 0: not known.
 * @param request_size  Its bytes.
 * @param reply         Exactly one frame.
 * @param reply_size    Its bytes.
 * @param out           Set up as ems_readings_t says.
 *
 * @retval EMS_OK                    out holds the values.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, not a codec, struct_size is too small, or
 *                                   request is not one of this protocol (offset = its byte).
 * @retval EMS_E_HEADER              wrong start; offset = first wrong byte, as for all of these:
 * @retval EMS_E_TRUNCATED           too short.
 * @retval EMS_E_LENGTH              too long, or its length field disagrees.
 * @retval EMS_E_TAIL                wrong end.
 * @retval EMS_E_CHECKSUM            wrong checksum.
 * @retval EMS_E_OUT_OF_RANGE        a value no device can have.
 * @retval EMS_E_DEVICE_ERROR        a sound refusal.
 * @retval EMS_E_EXCEPTION           a Modbus exception.
 * @retval EMS_E_UNIMPLEMENTED       a CAN codec, or a sound reply this codec does not read.
 * @retval EMS_E_RESOURCE_EXHAUSTED  an array of out is too small; see ems_readings_t.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_codec_decode(const ems_codec_t* codec, const uint8_t* request,
                                      size_t request_size, const uint8_t* reply, size_t reply_size,
                                      ems_readings_t* out);

/**
 * Says what a request asks for, as vendor values.
 *
 * @param codec    A poll codec.
 * @param request  Exactly one request.
 * @param size     Its bytes.
 * @param out      Set up as ems_readings_t says.
 *
 * @retval EMS_OK                    out holds the vendor values.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, not a codec, or struct_size is too small.
 * @retval EMS_E_HEADER              wrong start; offset = first wrong byte, as for all of these:
 * @retval EMS_E_TRUNCATED           too short.
 * @retval EMS_E_LENGTH              too long.
 * @retval EMS_E_TAIL                wrong end.
 * @retval EMS_E_CHECKSUM            wrong checksum.
 * @retval EMS_E_UNIMPLEMENTED       a CAN codec.
 * @retval EMS_E_RESOURCE_EXHAUSTED  an array of out is too small; see ems_readings_t.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_codec_decode_request(const ems_codec_t* codec, const uint8_t* request,
                                              size_t size, ems_readings_t* out);

#ifdef __cplusplus
}
#endif

#endif
