/* SPDX-License-Identifier: Apache-2.0 */
/** @file The telemetry buffer: rows in, packed blocks out, kept in bounded memory until somebody
 *  has them safely. And the reader of such blocks. */
#ifndef EMS_CAPI_TELEMETRY_H
#define EMS_CAPI_TELEMETRY_H

#include <ems/capi/image.h>
#include <ems/capi/safety.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Rows of one stream in memory of the caller: a ring of finished blocks and the block that is
 * being filled.
 *
 * Overflow rule: when a block needs room, the oldest block goes. Blocks are acknowledged from the
 * oldest on, so acknowledged ones go first. When unacknowledged rows of the telemetry or decisions
 * stream go, they become the gap of ems_telemetry_status_t: counted, and to be told to the
 * receiver. Rows of the audit stream never go: appending fails instead.
 */
typedef struct ems_telemetry ems_telemetry_t;

/** A reader of one block, in memory of the caller. */
typedef struct ems_block_reader ems_block_reader_t;

enum {
  EMS_TELEMETRY_BUFFER_MIN = 32768, /**< Least bytes for ems_telemetry_size(). */
  EMS_TELEMETRY_POINTS_MAX = 256,   /**< Values of one row at most. */
  EMS_TELEMETRY_RECORD_MAX = 8192,  /**< Bytes of one record's payload at most. */
  EMS_BLOCK_READER_WORDS = 2048,    /**< uint64_t words a reader needs at most, in every 0.x. */
  EMS_EVENT_NAME_SIZE = 49,         /**< Bytes of an event's name with its NUL. */
  EMS_EVENT_PAYLOAD_MAX = 66        /**< Bytes of an encoded event at most. */
};

/** Streams: lanes with their own sequence. */
enum {
  EMS_STREAM_AUDIT = 0,     /**< Records: events, commands, who did what. */
  EMS_STREAM_TELEMETRY = 1, /**< Rows of values. */
  EMS_STREAM_DECISIONS = 2  /**< Records: decisions. */
};

/** What a record's payload is. */
enum {
  EMS_RECORD_EVENT = 1, /**< ems_event_decode() reads it. */
  EMS_RECORD_COMMAND = 2,
  EMS_RECORD_COMMAND_STATE = 3,
  EMS_RECORD_AUDIT = 4,
  EMS_RECORD_DECISION = 16
};

/** Who a buffer is. */
typedef struct ems_telemetry_config {
  uint32_t struct_size;     /**< sizeof(ems_telemetry_config_t). */
  int32_t stream;           /**< EMS_STREAM_*. */
  uint8_t epoch_random[16]; /**< 128 random bits: two buffers never share them. */
  uint32_t epoch_counter;   /**< Counts the epochs of one device from 1; orders them. */
  uint32_t reserved;        /**< Zero. */
  uint64_t first_sequence;  /**< Sequence of the first row; 1 in a new epoch. */
} ems_telemetry_config_t;

/** What the rows that follow share; a change closes the block. */
typedef struct ems_telemetry_context {
  uint32_t struct_size;  /**< sizeof(ems_telemetry_context_t). */
  int32_t clock_quality; /**< EMS_CLOCK_*. */
  uint64_t limits_hash;  /**< Hash of the safety limits in force; 0: none accepted. */
} ems_telemetry_context_t;

/** What a buffer holds. A sequence of 0 means none. */
typedef struct ems_telemetry_status {
  uint32_t struct_size;    /**< In: sizeof(ems_telemetry_status_t). Out: bytes filled. */
  uint32_t blocks;         /**< Finished blocks held. */
  uint64_t next_sequence;  /**< The next row gets it. */
  uint64_t first_held;     /**< Oldest row held; 0: none. */
  uint64_t acknowledged;   /**< Mark: everything up to here is safe elsewhere. */
  uint64_t gap_first;      /**< First row that is gone unacknowledged; 0: none is. */
  uint64_t gap_last;       /**< Last such row: acknowledge it to close the gap. */
  uint64_t rows_lost;      /**< Rows that ever went unacknowledged. */
  uint64_t bytes_used;     /**< Of the ring. */
  uint64_t bytes_capacity; /**< Of the ring. */
} ems_telemetry_status_t;

/** One block. The bytes lie in the buffer's memory until its next append, seal or acknowledge. */
typedef struct ems_block {
  const uint8_t* data;
  uint64_t size;
  uint64_t first; /**< Sequence of its first row. */
  uint64_t last;  /**< Sequence of its last row. */
} ems_block_t;

/** What a block says of itself. */
typedef struct ems_block_info {
  uint32_t struct_size; /**< In: sizeof(ems_block_info_t). Out: bytes filled. */
  int32_t stream;       /**< EMS_STREAM_*. */
  uint64_t first;       /**< Sequence of the first row. */
  uint64_t last;        /**< Sequence of the last row. */
  uint8_t epoch_random[16];
  uint32_t epoch_counter;
  int32_t clock_quality; /**< EMS_CLOCK_*. */
  uint64_t limits_hash;
  uint64_t catalogue_hash; /**< ems_catalogue_hash() of the writer. */
  uint32_t point_count;    /**< Values of each row; 0 for records. */
  uint32_t reserved;       /**< Zero. */
} ems_block_info_t;

/** A point of a block's table. */
typedef struct ems_point {
  ems_asset_t asset;
  uint16_t signal;
  uint16_t element;
} ems_point_t;

/** One value of one row. */
typedef struct ems_row_value {
  int64_t value;
  uint8_t valid;   /**< 0: nobody knew the value then. */
  uint8_t quality; /**< EMS_QUALITY_*; meaningful when valid. */
  uint8_t reserved[6];
} ems_row_value_t;

/** What identifies a row. */
typedef struct ems_row {
  uint64_t sequence;
  int64_t utc_us; /**< Microseconds since 1970. */
} ems_row_t;

/** One record. The payload lies in the block. */
typedef struct ems_record {
  uint64_t sequence;
  int64_t utc_us; /**< Microseconds since 1970. */
  const uint8_t* payload;
  uint64_t size;
  int32_t type; /**< EMS_RECORD_*. */
  uint32_t reserved;
} ems_record_t;

/** An event as read back. */
typedef struct ems_event_record {
  uint32_t struct_size; /**< In: sizeof(ems_event_record_t). Out: bytes filled. */
  ems_asset_t asset;
  int64_t value;
  uint16_t signal;                    /**< EMS_SIGNAL_*, or 0 when none. */
  uint8_t severity;                   /**< EMS_SEVERITY_*. */
  uint8_t active;                     /**< 0: it has cleared. */
  char name[EMS_EVENT_NAME_SIZE + 3]; /**< NUL-terminated. */
} ems_event_record_t;

/**
 * Bytes that ems_telemetry_init() needs for a buffer of so many bytes.
 *
 * @param buffer_bytes  Memory for blocks, at least EMS_TELEMETRY_BUFFER_MIN, below 2^31. A
 *                      battery of 50 points takes about 70 bytes per row.
 * @return         At most buffer_bytes + 16384; 0 when buffer_bytes is outside its range.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_telemetry_size(size_t buffer_bytes);

/**
 * Makes an empty buffer in memory of the caller; all of size is used.
 *
 * @param memory  Aligned to 8; the buffer lives in it until the memory is used otherwise.
 * @param size    Its bytes, from ems_telemetry_size().
 * @param config  Copied.
 * @param out     Gets the buffer. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds the buffer.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, memory is not aligned, struct_size is too
 *                                   small, or epoch_random was never filled (all zero).
 * @retval EMS_E_OUT_OF_RANGE        no such stream, or first_sequence or epoch_counter is 0.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing; uses memory.
 * @thread_safety  Pure but for memory.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_telemetry_init(void* memory, size_t size,
                                        const ems_telemetry_config_t* config,
                                        ems_telemetry_t** out);

/**
 * Sets what the rows that follow share. Before the first call: no limits, clock unset.
 *
 * @param telemetry  From ems_telemetry_init().
 * @param context    Copied.
 *
 * @retval EMS_OK                  set.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a buffer, or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE      no such clock quality.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one buffer.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_telemetry_set_context(ems_telemetry_t* telemetry,
                                               const ems_telemetry_context_t* context);

/**
 * Appends one row of values to a buffer of the telemetry stream.
 *
 * @param telemetry     From ems_telemetry_init().
 * @param utc_us        Microseconds since 1970.
 * @param points        Strictly ascending by asset, signal, element.
 * @param values        One per point.
 * @param count         1 .. EMS_TELEMETRY_POINTS_MAX.
 * @param out_sequence  Gets the row's sequence; may be NULL. Written only on EMS_OK.
 *
 * @retval EMS_OK                     stored; the oldest rows may have gone for it.
 * @retval EMS_E_INVALID_ARGUMENT     a pointer is NULL, not a buffer, or points not ascending;
 *                                    offset = the point.
 * @retval EMS_E_OUT_OF_RANGE         count, an asset kind or a quality.
 * @retval EMS_E_FAILED_PRECONDITION  a buffer of records.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one buffer.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_telemetry_append(ems_telemetry_t* telemetry, int64_t utc_us,
                                          const ems_point_t* points, const ems_row_value_t* values,
                                          size_t count, uint64_t* out_sequence);

/**
 * Appends a row of every point of an image; stale and bad ones are stored as not known.
 *
 * @param telemetry     From ems_telemetry_init().
 * @param image         At least one point; those beyond EMS_TELEMETRY_POINTS_MAX are left out.
 * @param now_ms        Monotonic; decides what is stale.
 * @param utc_us        Microseconds since 1970.
 * @param out_sequence  Gets the row's sequence; may be NULL. Written only on EMS_OK.
 *
 * @retval EMS_OK                     stored; the oldest rows may have gone for it.
 * @retval EMS_E_INVALID_ARGUMENT     a pointer is NULL or not of its kind.
 * @retval EMS_E_FAILED_PRECONDITION  a buffer of records, or an empty image.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one buffer.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_telemetry_append_image(ems_telemetry_t* telemetry,
                                                const ems_image_t* image, int64_t now_ms,
                                                int64_t utc_us, uint64_t* out_sequence);

/**
 * Appends one record to a buffer of the audit or decisions stream.
 *
 * @param telemetry     From ems_telemetry_init().
 * @param utc_us        Microseconds since 1970.
 * @param type          EMS_RECORD_*.
 * @param payload       May be NULL when size is 0.
 * @param size          0 .. EMS_TELEMETRY_RECORD_MAX.
 * @param out_sequence  Gets the record's sequence; may be NULL. Written only on EMS_OK.
 *
 * @retval EMS_OK                     stored.
 * @retval EMS_E_INVALID_ARGUMENT     a pointer is NULL or not a buffer.
 * @retval EMS_E_OUT_OF_RANGE         type or size.
 * @retval EMS_E_FAILED_PRECONDITION  a buffer of values.
 * @retval EMS_E_RESOURCE_EXHAUSTED   audit: the buffer is full of unacknowledged records.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one buffer.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_telemetry_append_record(ems_telemetry_t* telemetry, int64_t utc_us,
                                                 int32_t type, const uint8_t* payload, size_t size,
                                                 uint64_t* out_sequence);

/**
 * Closes the block that is being filled; the next row begins another.
 *
 * @param telemetry  From ems_telemetry_init().
 *
 * @retval EMS_OK                    closed, or it had no rows.
 * @retval EMS_E_INVALID_ARGUMENT    telemetry is NULL or not a buffer.
 * @retval EMS_E_RESOURCE_EXHAUSTED  audit: the buffer is full of unacknowledged records.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one buffer.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_telemetry_seal(ems_telemetry_t* telemetry);

/**
 * The oldest block with rows above a sequence, the one being filled included.
 *
 * To deliver: after = the mark. To read everything back: after = 0, then last of each block.
 *
 * @param telemetry  From ems_telemetry_init().
 * @param after      Rows up to this sequence are not wanted; the block may begin with some.
 * @param out        Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds the block.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a buffer.
 * @retval EMS_E_NOT_FOUND         there are no rows above that sequence.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one buffer.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_telemetry_peek(ems_telemetry_t* telemetry, uint64_t after,
                                        ems_block_t* out);

/**
 * Moves the mark: everything up to here is stored safely elsewhere. Rows stay readable until the
 * room is needed.
 *
 * @param telemetry  From ems_telemetry_init().
 * @param upto       Sequence; at or below the mark changes nothing.
 *
 * @retval EMS_OK                  done.
 * @retval EMS_E_INVALID_ARGUMENT  telemetry is NULL or not a buffer.
 * @retval EMS_E_OUT_OF_RANGE      upto has not been given out yet; nothing changed.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one buffer.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_telemetry_acknowledge(ems_telemetry_t* telemetry, uint64_t upto);

/**
 * What the buffer holds, and what it lost.
 *
 * @param telemetry  From ems_telemetry_init().
 * @param out        struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a buffer, or struct_size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one buffer.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_telemetry_get_status(const ems_telemetry_t* telemetry,
                                              ems_telemetry_status_t* out);

/**
 * Bytes that ems_block_reader_init() needs.
 *
 * @return         At most 8 * EMS_BLOCK_READER_WORDS.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_block_reader_size(void);

/**
 * Opens a block and checks it to the last byte; after that reading cannot fail.
 *
 * @param memory  Aligned to 8; the reader lives in it until the memory is used otherwise.
 * @param size    Its bytes.
 * @param data    Exactly one block; outlives the reader.
 * @param length  Its bytes.
 * @param out     Gets the reader, before the first row. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds the reader.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL or memory is not aligned.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @retval EMS_E_HEADER              not a block; offset = first wrong byte, as for all of these:
 * @retval EMS_E_SCHEMA              a format this version does not know.
 * @retval EMS_E_TRUNCATED           shorter than it says.
 * @retval EMS_E_LENGTH              longer than it says.
 * @retval EMS_E_CHECKSUM            wrong CRC.
 * @retval EMS_E_OUT_OF_RANGE        a table or a row that no writer writes.
 * @memory         Allocates nothing; uses memory, borrows data.
 * @thread_safety  Pure but for memory.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_block_reader_init(void* memory, size_t size, const uint8_t* data,
                                           size_t length, ems_block_reader_t** out);

/**
 * What the block says of itself.
 *
 * @param reader  From ems_block_reader_init().
 * @param out     struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a reader, or struct_size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_block_reader_describe(const ems_block_reader_t* reader,
                                               ems_block_info_t* out);

/**
 * One point of the block's table.
 *
 * @param reader  From ems_block_reader_init().
 * @param index   0 .. point_count - 1: the place of its value in every row.
 * @param out     Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a reader.
 * @retval EMS_E_OUT_OF_RANGE      no such point.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_block_reader_point_at(const ems_block_reader_t* reader, size_t index,
                                               ems_point_t* out);

/**
 * Reads the next row of a block of values.
 *
 * @param reader    From ems_block_reader_init().
 * @param values    Gets point_count values. Written only on EMS_OK.
 * @param capacity  Room at values.
 * @param out       Written only on EMS_OK.
 *
 * @retval EMS_OK                     values and out are filled.
 * @retval EMS_E_INVALID_ARGUMENT     a pointer is NULL or not a reader.
 * @retval EMS_E_NOT_FOUND            the last row was read already.
 * @retval EMS_E_RESOURCE_EXHAUSTED   capacity is below point_count; the row is not skipped.
 * @retval EMS_E_FAILED_PRECONDITION  a block of records.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one reader.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_block_reader_next_row(ems_block_reader_t* reader, ems_row_value_t* values,
                                               size_t capacity, ems_row_t* out);

/**
 * Reads the next record of a block of records.
 *
 * @param reader  From ems_block_reader_init().
 * @param out     Written only on EMS_OK; the payload lies in the block.
 *
 * @retval EMS_OK                     out is filled.
 * @retval EMS_E_INVALID_ARGUMENT     a pointer is NULL or not a reader.
 * @retval EMS_E_NOT_FOUND            the last record was read already.
 * @retval EMS_E_FAILED_PRECONDITION  a block of values.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one reader.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_block_reader_next_record(ems_block_reader_t* reader, ems_record_t* out);

/**
 * Writes an event as the payload of an EMS_RECORD_EVENT.
 *
 * @param event     What happened.
 * @param buffer    Gets the payload; untouched on failure.
 * @param size      Room at buffer; EMS_EVENT_PAYLOAD_MAX always suffices.
 * @param out_size  Gets the bytes written. Written only on EMS_OK.
 *
 * @retval EMS_OK                    buffer holds the payload.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL.
 * @retval EMS_E_OUT_OF_RANGE        asset kind or severity, or the name is empty or too long.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is too small.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_event_encode(const ems_event_t* event, uint8_t* buffer, size_t size,
                                      size_t* out_size);

/**
 * Reads the payload of an EMS_RECORD_EVENT.
 *
 * @param payload  From a record.
 * @param size     Its bytes.
 * @param out      struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out is filled.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or struct_size is too small.
 * @retval EMS_E_TRUNCATED         not the size it says.
 * @retval EMS_E_LENGTH            not the size it says.
 * @retval EMS_E_HEADER            a payload version this library does not know.
 * @retval EMS_E_OUT_OF_RANGE      severity, asset, flag or name; offset = the byte.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_event_decode(const uint8_t* payload, size_t size, ems_event_record_t* out);

#ifdef __cplusplus
}
#endif

#endif
