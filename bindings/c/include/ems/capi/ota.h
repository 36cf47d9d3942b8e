/* SPDX-License-Identifier: Apache-2.0 */
/** @file Verified updates on a microcontroller: strict Ed25519, images of MCUboot's format, which
 *  version of a payload is in use. The arithmetic is the caller's; docs/how-to/verify-an-update.md
 */
#ifndef EMS_CAPI_OTA_H
#define EMS_CAPI_OTA_H

#include <ems/capi/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  EMS_OTA_KEY_SIZE = 32,         /**< Bytes of an Ed25519 public key. */
  EMS_OTA_SIGNATURE_SIZE = 64,   /**< Bytes of an Ed25519 signature: R and S. */
  EMS_OTA_SHA256_SIZE = 32,      /**< Bytes of a SHA-256. */
  EMS_OTA_UUID_SIZE = 16,        /**< Bytes of a vendor or class id. */
  EMS_PAYLOADS_WORDS = 192,      /**< uint64_t words of memory ems_payloads_t needs at most. */
  EMS_PAYLOAD_RECORD_SIZE = 954, /**< Bytes of the durable form. */
  EMS_PAYLOAD_PLACES = 3,        /**< Places for a payload's bytes: 0 .. 2. */
  EMS_PAYLOAD_VERSION_SIZE = 33, /**< Bytes of a version with its NUL. */
  EMS_PAYLOAD_REASON_SIZE = 49   /**< Bytes of a reason with its NUL. */
};

/* ---- cryptography of the caller ------------------------------------------------------------- */

/** Whether signature (64 bytes) is one of message under key (32 bytes) by RFC 8032; 1 or 0. Bare
 *  arithmetic, without cofactor: what it would wrongly let pass is refused before it is asked. */
typedef int32_t (*ems_ota_ed25519_t)(void* context, const uint8_t* key, const uint8_t* message,
                                     size_t size, const uint8_t* signature);
/** Begins a SHA-256; what came before is forgotten. There is one at a time. */
typedef void (*ems_ota_sha256_begin_t)(void* context);
/** The next bytes of it. */
typedef void (*ems_ota_sha256_update_t)(void* context, const uint8_t* data, size_t size);
/** Its 32 bytes. */
typedef void (*ems_ota_sha256_finish_t)(void* context, uint8_t* digest);

/** The arithmetic that verification stands on. Every function must be there. */
typedef struct ems_ota_crypto {
  uint32_t struct_size; /**< sizeof(ems_ota_crypto_t). */
  uint32_t reserved;    /**< Zero. */
  void* context;        /**< First argument of each; may be NULL. */
  ems_ota_ed25519_t ed25519_verify;
  ems_ota_sha256_begin_t sha256_begin;
  ems_ota_sha256_update_t sha256_update;
  ems_ota_sha256_finish_t sha256_finish;
} ems_ota_crypto_t;

/**
 * Whether a signature is one that may be trusted: stricter than most libraries, which take forged
 * ones for keys of small order (an erased flash page is such a key).
 *
 * @param crypto     The arithmetic.
 * @param key        32 bytes.
 * @param message    What was signed.
 * @param size       Its bytes.
 * @param signature  64 bytes.
 *
 * @retval EMS_OK                  a valid signature.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer or a function is NULL, or struct_size is too small.
 * @retval EMS_E_BAD_KEY           a key that nobody may trust: small order, not canonical.
 * @retval EMS_E_SIGNATURE         not a signature of this message under this key.
 * @memory         Allocates nothing.
 * @thread_safety  As the functions of crypto.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_ota_verify_ed25519(const ems_ota_crypto_t* crypto, const uint8_t* key,
                                            const uint8_t* message, size_t size,
                                            const uint8_t* signature);

/* ---- images of MCUboot's format ------------------------------------------------------------- */

/** Fills out with size bytes from offset on; EMS_OK, or why not: any EMS_E_*. */
typedef ems_status_t (*ems_ota_read_t)(void* context, uint32_t offset, uint8_t* out, size_t size);

/** Where an image is read from: a flash slot, a serial line. Asked for every byte once, in order,
 *  at most 256 at a time. */
typedef struct ems_ota_reader {
  uint32_t struct_size; /**< sizeof(ems_ota_reader_t). */
  uint32_t reserved;    /**< Zero. */
  void* context;        /**< First argument of read; may be NULL. */
  ems_ota_read_t read;
} ems_ota_reader_t;

/** Bits of ems_ota_image_policy_t.valid. */
enum { EMS_OTA_HAS_VENDOR_ID = 1 << 0, EMS_OTA_HAS_CLASS_ID = 1 << 1 };

/** What an image must satisfy beside its own form. */
typedef struct ems_ota_image_policy {
  uint32_t struct_size;   /**< sizeof(ems_ota_image_policy_t). */
  uint32_t valid;         /**< EMS_OTA_HAS_*: an id whose bit is clear is not asked for. */
  const uint8_t* keys;    /**< key_count keys of 32 bytes; any one may have signed. */
  uint32_t key_count;     /**< 1 or more. */
  uint32_t slot_size;     /**< Bytes that the whole image may take. */
  uint32_t counter_floor; /**< The image's security counter must not be less. */
  uint32_t reserved;      /**< Zero. */
  uint8_t vendor_id[EMS_OTA_UUID_SIZE];
  uint8_t class_id[EMS_OTA_UUID_SIZE];
} ems_ota_image_policy_t;

/** What a verified image says. */
typedef struct ems_ota_image {
  uint32_t struct_size;    /**< In: sizeof(ems_ota_image_t). Out: bytes filled. */
  uint32_t counter;        /**< Its security counter. */
  uint32_t payload_offset; /**< From the start of the slot, bytes. */
  uint32_t payload_size;   /**< Bytes. */
  uint32_t size;           /**< Of all that was verified, bytes from the start of the slot. */
  uint32_t flags;          /**< As in its header. */
  uint32_t load_address;   /**< Means something under the flags that need it. */
  uint32_t version_build;
  uint16_t version_revision;
  uint8_t version_major;
  uint8_t version_minor;
  uint8_t sha256[EMS_OTA_SHA256_SIZE]; /**< Of header, payload and signed values. */
} ems_ota_image_t;

/**
 * Verifies an image: sizes and form, SHA-256, whose key it is, the key itself, the Ed25519
 * signature of the digest, the security counter, vendor and class.
 *
 * @param reader  The slot.
 * @param policy  Keys, sizes and ids.
 * @param crypto  The arithmetic.
 * @param out     struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds what the image says; all of the above held.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer or a function is NULL, struct_size is too small, or the
 *                                 policy has no key.
 * @retval EMS_E_MALFORMED         not such an image, or a length that leaves it;
 *                                 ems_last_error_offset() is the byte in the image.
 * @retval EMS_E_NO_SPACE          larger than the slot.
 * @retval EMS_E_UNIMPLEMENTED     encrypted, compressed, or signed in another way.
 * @retval EMS_E_UNSUPPORTED_HASH  no SHA-256.
 * @retval EMS_E_HASH              not the bytes that its SHA-256 names.
 * @retval EMS_E_SIGNATURE         by no key of the policy, or not by the key it names.
 * @retval EMS_E_BAD_KEY           the policy's key is one that nobody may trust.
 * @retval EMS_E_ROLLBACK          its counter is below the floor.
 * @retval EMS_E_WRONG_HARDWARE    another vendor or class than the policy's, or none.
 * @retval EMS_E_IO                read answered a number that is no status; else what it answered.
 * @memory         Allocates nothing; less than 2 KiB of stack beside the caller's functions.
 * @thread_safety  As the functions of reader and crypto.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_ota_verify_image(const ems_ota_reader_t* reader,
                                          const ems_ota_image_policy_t* policy,
                                          const ems_ota_crypto_t* crypto, ems_ota_image_t* out);

/* ---- payloads: models, configuration, limits ------------------------------------------------ */

/** Which version of one kind of payload is in use, in memory of the caller. The bytes, and the
 *  durable form of this record, are in the caller's flash. A change of version is
 *
 *      ems_payloads_offer()   write the bytes to the place it gives, then the record
 *      load them
 *      ems_payloads_loaded()  or ems_payloads_failed(); write the record
 */
typedef struct ems_payloads ems_payloads_t;

/** One version of a payload. */
typedef struct ems_payload {
  uint32_t struct_size; /**< In: sizeof(ems_payload_t). Out: bytes filled. */
  uint8_t place;        /**< 0 .. EMS_PAYLOAD_PLACES - 1; not read by ems_payloads_offer(). */
  uint8_t reserved[3];  /**< Zero. */
  int64_t counter;      /**< Its release counter: never less than that of the one in use. */
  uint64_t size;        /**< Bytes; 1 or more. */
  uint8_t sha256[EMS_OTA_SHA256_SIZE];    /**< What it is known by. */
  char version[EMS_PAYLOAD_VERSION_SIZE]; /**< For people; NUL-terminated, not empty. */
  uint8_t reserved2[7];                   /**< Zero. */
} ems_payload_t;

/** A version that is not offered again. */
typedef struct ems_payload_failure {
  uint32_t struct_size; /**< In: sizeof(ems_payload_failure_t). Out: bytes filled. */
  uint8_t sha256[EMS_OTA_SHA256_SIZE];
  char reason[EMS_PAYLOAD_REASON_SIZE]; /**< NUL-terminated. */
  uint8_t reserved[3];                  /**< Zero. */
} ems_payload_failure_t;

/**
 * Bytes of memory that a record needs.
 *
 * @return         At most 8 * EMS_PAYLOADS_WORDS.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_payloads_size(void);

/**
 * Makes a record in which nothing is in use.
 *
 * @param memory  Aligned to 8; the record lives in it until the memory is used otherwise.
 * @param size    Its bytes.
 * @param kind    1 .. 24 of `a-z 0-9 -`: `model`, `configuration`, `limits`.
 * @param out     Gets the record. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds the record.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, memory is not aligned, or kind is no kind.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is below ems_payloads_size().
 * @memory         Allocates nothing; uses memory, and less than 5 KiB of stack.
 * @thread_safety  Pure but for memory.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_payloads_init(void* memory, size_t size, const char* kind,
                                       ems_payloads_t** out);

/**
 * Takes over what a record of the same kind was when it was written.
 *
 * @param payloads  From ems_payloads_init().
 * @param crypto    Its SHA-256 is the record's checksum.
 * @param record    What ems_payloads_encode() wrote.
 * @param size      Its bytes.
 *
 * @retval EMS_OK                  taken over.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer or function is NULL, or not a record.
 * @retval EMS_E_CORRUPT           damaged, or of another kind; payloads is as it was.
 * @memory         Allocates nothing; less than 5 KiB of stack.
 * @thread_safety  One thread at a time on one record.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_payloads_decode(ems_payloads_t* payloads, const ems_ota_crypto_t* crypto,
                                         const uint8_t* record, size_t size);

/**
 * The durable form, with a checksum: EMS_PAYLOAD_RECORD_SIZE bytes.
 *
 * @param payloads  From ems_payloads_init().
 * @param crypto    Its SHA-256 is the checksum.
 * @param record    Gets the bytes. Written only on EMS_OK.
 * @param size      Its room.
 *
 * @retval EMS_OK                    record is filled.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer or function is NULL, or not a record.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is below EMS_PAYLOAD_RECORD_SIZE.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody writes.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_payloads_encode(const ems_payloads_t* payloads,
                                         const ems_ota_crypto_t* crypto, uint8_t* record,
                                         size_t size);

/**
 * Begins to change to another version.
 *
 * @param payloads  From ems_payloads_init().
 * @param payload   Verified by the caller: ems_ota_verify_image(), a hash from TUF metadata.
 * @param place     Gets where its bytes go: never the place of the version in use or of the one
 *                  before. Written only on EMS_OK.
 *
 * @retval EMS_OK                     write the bytes, then the record, then load.
 * @retval EMS_E_INVALID_ARGUMENT     a pointer is NULL, not a record, struct_size is too small, no
 *                                    version, or no bytes.
 * @retval EMS_E_ALREADY_EXISTS       it is in use.
 * @retval EMS_E_FAILED_PRECONDITION  it is quarantined. It may just have become so, because power
 *                                    went twice while it was loaded: write the record.
 * @retval EMS_E_ROLLBACK             its counter is below that of the version in use.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one record.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_payloads_offer(ems_payloads_t* payloads, const ems_payload_t* payload,
                                        uint8_t* place);

/**
 * The version on trial is in use now, and the one before is kept.
 *
 * @param payloads  From ems_payloads_init().
 *
 * @retval EMS_OK                     done; write the record.
 * @retval EMS_E_INVALID_ARGUMENT     NULL or not a record.
 * @retval EMS_E_FAILED_PRECONDITION  nothing is on trial.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one record.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_payloads_loaded(ems_payloads_t* payloads);

/**
 * The version on trial could not be loaded: it is quarantined, and what was in use stays so.
 *
 * @param payloads  From ems_payloads_init().
 * @param reason    For people; cut after 48 bytes.
 *
 * @retval EMS_OK                     done; write the record.
 * @retval EMS_E_INVALID_ARGUMENT     a pointer is NULL or not a record.
 * @retval EMS_E_FAILED_PRECONDITION  nothing is on trial.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one record.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_payloads_failed(ems_payloads_t* payloads, const char* reason);

/**
 * Quarantines the version in use and goes back to the one before, or to none.
 *
 * @param payloads  From ems_payloads_init().
 * @param reason    For people; cut after 48 bytes.
 *
 * @retval EMS_OK                  done; write the record, then load what is in use.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a record.
 * @retval EMS_E_NOT_FOUND         none is in use.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one record.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_payloads_roll_back(ems_payloads_t* payloads, const char* reason);

/**
 * Goes back to the version before, or to none, because the bytes of the one in use are damaged. It
 * may be offered again.
 *
 * @param payloads  From ems_payloads_init().
 *
 * @retval EMS_OK                  done; write the record, then load what is in use.
 * @retval EMS_E_INVALID_ARGUMENT  NULL or not a record.
 * @retval EMS_E_NOT_FOUND         none is in use.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one record.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_payloads_drop_damaged(ems_payloads_t* payloads);

/**
 * A person lets a quarantined version be offered again.
 *
 * @param payloads  From ems_payloads_init().
 * @param sha256    32 bytes.
 *
 * @retval EMS_OK                  done; write the record.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not a record.
 * @retval EMS_E_NOT_FOUND         it is not quarantined.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one record.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_payloads_release(ems_payloads_t* payloads, const uint8_t* sha256);

/**
 * The version in use.
 *
 * @param payloads  From ems_payloads_init().
 * @param out       struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds it.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a record, or struct_size is too small.
 * @retval EMS_E_NOT_FOUND         none is in use: the program's own default stays.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody writes.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_payloads_current(const ems_payloads_t* payloads, ems_payload_t* out);

/**
 * The version before the one in use.
 *
 * @param payloads  From ems_payloads_init().
 * @param out       struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds it.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a record, or struct_size is too small.
 * @retval EMS_E_NOT_FOUND         there is none.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody writes.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_payloads_previous(const ems_payloads_t* payloads, ems_payload_t* out);

/**
 * What is quarantined, oldest first. At most 8 are kept; the oldest gives way.
 *
 * @param payloads  From ems_payloads_init().
 * @param index     From 0.
 * @param out       struct_size set. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds it.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL, not a record, or struct_size is too small.
 * @retval EMS_E_NOT_FOUND         there are fewer.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody writes.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_payloads_failure_at(const ems_payloads_t* payloads, uint32_t index,
                                             ems_payload_failure_t* out);

#ifdef __cplusplus
}
#endif

#endif
