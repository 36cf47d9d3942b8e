/* SPDX-License-Identifier: Apache-2.0 */
/** @file Which battery protocol is spoken? On a byte stream a detector listens, then asks what only
 *  reads; on a CAN bus it only listens. Bytes or frames and `now` go in; requests, bit rates and
 *  the next wake-up time come out. */
#ifndef EMS_CAPI_DETECT_H
#define EMS_CAPI_DETECT_H

#include <ems/capi/can.h>
#include <ems/capi/codec.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One search on a byte stream, in memory of the caller. */
typedef struct ems_detector ems_detector_t;
/** One search on a CAN bus, in memory of the caller. */
typedef struct ems_can_detector ems_can_detector_t;

/** uint64_t words of static memory that each needs at most, in every 0.x. */
enum { EMS_DETECTOR_WORDS = 512, EMS_CAN_DETECTOR_WORDS = 1024 };

/** As a bit rate or an address: whatever is usual for each protocol. */
enum { EMS_DETECT_USUAL = -1 };

/** How it ended. */
enum {
  EMS_DETECT_RUNNING = 0,
  EMS_DETECT_FOUND = 1,   /**< One protocol. */
  EMS_DETECT_SEVERAL = 2, /**< More than one with equal evidence: a person has to choose. */
  EMS_DETECT_NOTHING = 3,
  EMS_DETECT_BUSY = 4 /**< Somebody else speaks on the line: nothing was sent. */
};

/** What came of one way of asking; from nothing to everything. */
enum {
  EMS_DETECT_SILENT = 0,
  EMS_DETECT_ECHO = 1,    /**< Our own request and nothing else. */
  EMS_DETECT_NOISE = 2,   /**< Bytes, but no reply of this protocol. */
  EMS_DETECT_DAMAGED = 3, /**< What may be its reply, but it is refused. */
  EMS_DETECT_REFUSED = 4, /**< A sound refusal: the frame is understood, the request is not. */
  EMS_DETECT_ANSWERED = 5
};

/** How to search. ems_detect_settings_default() fills it. */
typedef struct ems_detect_settings {
  uint32_t struct_size;   /**< sizeof(ems_detect_settings_t). */
  int32_t bit_rate;       /**< EMS_DETECT_USUAL; 0: as the line is; else all at this one, bit/s. */
  int32_t address;        /**< EMS_DETECT_USUAL, or 0 .. 255. */
  uint8_t all_addresses;  /**< 1: the others too, after everything else. */
  uint8_t ask_by_writing; /**< 1: allows the requests that write, last. */
  uint8_t even_if_busy;   /**< 1: asks although another master was heard. */
  uint8_t attempts;       /**< Requests until a protocol is given up; > 0. */
  int64_t listen_ms;      /**< Before the first request; 0 .. 86400000. */
  int64_t settle_ms;      /**< Silence between two exchanges; 0 .. 86400000. */
} ems_detect_settings_t;

/** One way of asking. */
typedef struct ems_detect_candidate {
  const ems_codec_t* codec; /**< The library's own. */
  const char* variant;      /**< Static; empty: the protocol has none. */
  int32_t address;          /**< EMS_DETECT_USUAL: the usual one of the variant, or none. */
  uint32_t bit_rate;        /**< 0: as the line is. */
} ems_detect_candidate_t;

/** A candidate that is done. */
typedef struct ems_detect_tried {
  ems_detect_candidate_t candidate;
  const char* error_text; /**< Static; empty when error is EMS_OK. */
  ems_status_t error;     /**< Of the last refused reply. */
  int32_t outcome;        /**< EMS_DETECT_SILENT .. EMS_DETECT_ANSWERED. */
  uint32_t received;      /**< Bytes. */
  uint32_t reserved;      /**< Zero. */
} ems_detect_tried_t;

/** What to do now, and when to call again. */
typedef struct ems_detect_action {
  uint32_t struct_size; /**< In: sizeof(ems_detect_action_t). Out: bytes filled. */
  uint32_t size;        /**< Bytes of the buffer to send now; 0: nothing. */
  int64_t wake_at_ms;   /**< Call ems_detector_next() no later, and after every receive. */
  uint32_t open;        /**< 1: open the line, anew if it is open, then ems_detector_line_open(). */
  uint32_t bit_rate;    /**< To open it at; 0: as it is. */
  uint32_t has_tried;   /**< 1: a candidate is done. */
  int32_t verdict;      /**< EMS_DETECT_RUNNING until the work is done. */
  ems_detect_tried_t tried;
} ems_detect_action_t;

/** A protocol that is spoken on the line. */
typedef struct ems_detected {
  uint32_t struct_size; /**< In: sizeof(ems_detected_t). Out: bytes filled. */
  uint32_t variants;    /**< Bit i: the replies fit ems_codec_variant() i. More than one: open. */
  ems_detect_candidate_t candidate;
  uint32_t asked;    /**< Requests that were sent in it; 0: it was only listened to. */
  uint32_t answered; /**< Those of them that had a reply with values. */
  int32_t adds_up;   /**< 1, 0: the cells add up to the pack voltage, or do not; -1: not said. */
  uint32_t reserved; /**< Zero. */
} ems_detected_t;

/** All that a search heard and found so far. */
typedef struct ems_detection {
  uint32_t struct_size;    /**< In: sizeof(ems_detection_t). Out: bytes filled. */
  int32_t verdict;         /**< EMS_DETECT_RUNNING .. EMS_DETECT_BUSY. */
  uint32_t found_count;    /**< For ems_detector_found_at(). */
  uint32_t unasked_bytes;  /**< That came while it listened. */
  uint32_t received_bytes; /**< That came after requests. */
  uint32_t outcomes[6];    /**< Candidates that ended in each outcome. */
  uint32_t reserved;       /**< Zero. */
} ems_detection_t;

/** What a CAN bus speaks. */
typedef struct ems_can_detection {
  uint32_t struct_size;  /**< In: sizeof(ems_can_detection_t). Out: bytes filled. */
  int32_t verdict;       /**< EMS_DETECT_FOUND, EMS_DETECT_SEVERAL or EMS_DETECT_NOTHING. */
  uint32_t ranked_count; /**< For ems_can_detector_ranked_at(). */
  uint32_t best_count;   /**< That many of them the verdict is about. */
  uint32_t frames;
  uint32_t identifiers;
} ems_can_detection_t;

/** What speaks for one protocol on a CAN bus. */
typedef struct ems_can_detected {
  uint32_t struct_size; /**< In: sizeof(ems_can_detected_t). Out: bytes filled. */
  uint32_t messages;    /**< Heard, and read by it: identifiers, and parts that share one. */
  uint32_t refused;     /**< Frames of its own with contents that it refuses. */
  uint8_t telling;      /**< 1: an identifier was heard that speaks for it among its relatives. */
  uint8_t own;          /**< 1: one that none of its relatives sends. */
  uint16_t reserved;    /**< Zero. */
  const ems_codec_t* codec;
} ems_can_detected_t;

/**
 * Settings that suit most lines: usual rates and addresses, nothing that writes.
 *
 * @param out  struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  out is NULL or struct_size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_detect_settings_default(ems_detect_settings_t* out);

/**
 * Bytes that ems_detector_init() needs.
 *
 * @return         At most 8 * EMS_DETECTOR_WORDS.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_detector_size(void);

/**
 * Makes a detector in memory of the caller.
 *
 * @param memory    Aligned to 8; the detector lives in it until the memory is used otherwise.
 * @param size      Its bytes.
 * @param settings  Copied; may be NULL: the default ones.
 * @param out       Gets the detector. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds the detector.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, memory is not aligned, or struct_size is too
 *                                   small.
 * @retval EMS_E_OUT_OF_RANGE        a setting is outside its range; the message names it.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing; uses memory.
 * @thread_safety  Pure but for memory.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_detector_init(void* memory, size_t size,
                                       const ems_detect_settings_t* settings, ems_detector_t** out);

/**
 * How much work it is when nobody answers; opening the line not counted.
 *
 * @param detector  From ems_detector_init().
 * @param out_ways  Gets the number of ways of asking. Written only on EMS_OK.
 * @param out_ms    Gets the time. Written only on EMS_OK.
 *
 * @retval EMS_OK                  both are filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, or not a detector.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one detector.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_detector_longest(const ems_detector_t* detector, size_t* out_ways,
                                          int64_t* out_ms);

/**
 * The line is open at the rate that the action said. What came before is dropped.
 *
 * @param detector  From ems_detector_init().
 * @param now_ms    Monotonic; not before that of any call before.
 *
 * @retval EMS_OK                  done.
 * @retval EMS_E_INVALID_ARGUMENT  detector is NULL or not a detector.
 * @retval EMS_E_OUT_OF_RANGE      now_ms went backwards.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one detector.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_detector_line_open(ems_detector_t* detector, int64_t now_ms);

/**
 * Takes bytes from the stream, in pieces of any size.
 *
 * @param detector  From ems_detector_init().
 * @param data      What arrived; may be NULL when size is 0.
 * @param size      Bytes.
 * @param now_ms    Monotonic; not before that of any call before.
 *
 * @retval EMS_OK                  done.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, or not a detector.
 * @retval EMS_E_OUT_OF_RANGE      now_ms went backwards.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one detector.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_detector_receive(ems_detector_t* detector, const uint8_t* data,
                                          size_t size, int64_t now_ms);

/**
 * Advances time: at most one request, and one candidate that is done, per call.
 *
 * @param detector  From ems_detector_init().
 * @param now_ms    Monotonic; not before that of any call before.
 * @param buffer    Gets the request.
 * @param size      At least EMS_REQUEST_SIZE.
 * @param out       struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out says what to do and when to call again.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, not a detector, or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE        now_ms went backwards.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one detector.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_detector_next(ems_detector_t* detector, int64_t now_ms, uint8_t* buffer,
                                       size_t size, ems_detect_action_t* out);

/**
 * What was heard and found so far.
 *
 * @param detector  From ems_detector_init().
 * @param out       struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a detector, or struct_size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one detector.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_detector_get_result(const ems_detector_t* detector, ems_detection_t* out);

/**
 * A protocol that was found, best first. When busy: one that the traffic sounds like.
 *
 * @param detector  From ems_detector_init().
 * @param index     0 .. found_count - 1.
 * @param out       struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a detector, or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE      no such place.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one detector.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_detector_found_at(const ems_detector_t* detector, size_t index,
                                           ems_detected_t* out);

/**
 * Bytes that ems_can_detector_init() needs.
 *
 * @return         At most 8 * EMS_CAN_DETECTOR_WORDS.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_can_detector_size(void);

/**
 * Makes a CAN detector in memory of the caller.
 *
 * @param memory  Aligned to 8; the detector lives in it until the memory is used otherwise.
 * @param size    Its bytes.
 * @param out     Gets the detector. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds the detector.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, or memory is not aligned.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing; uses memory.
 * @thread_safety  Pure but for memory.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_can_detector_init(void* memory, size_t size, ems_can_detector_t** out);

/**
 * Takes one frame from the bus. Identifiers are the evidence, never one frame.
 *
 * @param detector  From ems_can_detector_init().
 * @param frame     What arrived.
 *
 * @retval EMS_OK                  done.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, or not a CAN detector.
 * @retval EMS_E_OUT_OF_RANGE      the frame's identifier or size is no frame's.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one detector.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_can_detector_receive(ems_can_detector_t* detector,
                                              const ems_can_frame_t* frame);

/**
 * Weighs what was heard so far: each frame that was kept, by each protocol.
 *
 * @param detector  From ems_can_detector_init().
 * @param out       struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a CAN detector, or struct_size is too
 *                                 small.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one detector.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_can_detector_weigh(ems_can_detector_t* detector, ems_can_detection_t* out);

/**
 * A protocol that reads the bus, best first, as the last weighing left them.
 *
 * @param detector  From ems_can_detector_init().
 * @param index     0 .. ranked_count - 1.
 * @param out       struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a CAN detector, or struct_size is too
 *                                 small.
 * @retval EMS_E_OUT_OF_RANGE      no such place.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one detector.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_can_detector_ranked_at(const ems_can_detector_t* detector, size_t index,
                                                ems_can_detected_t* out);

#ifdef __cplusplus
}
#endif

#endif
