/* SPDX-License-Identifier: Apache-2.0 */
/** @file The process image: the newest sample of every point. Within one control tick it does not
 *  change. */
#ifndef EMS_CAPI_IMAGE_H
#define EMS_CAPI_IMAGE_H

#include <ems/capi/codec.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Newest sample of each point, in memory of the caller. */
typedef struct ems_image ems_image_t;

/**
 * Bytes that an image of so many points needs.
 *
 * @param points   1 .. 65535; a battery of 16 cells has about 50.
 * @return         At most 128 + 64 * points; 0 when points is outside its range.
 * @memory         Allocates nothing.
 * @thread_safety  Pure function.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API size_t ems_image_size(uint32_t points);

/**
 * Makes an empty image in memory of the caller.
 *
 * @param memory  Aligned to 8; the image lives in it until the memory is used otherwise.
 * @param size    Its bytes.
 * @param points  Most points the image will hold, 1 .. 65535.
 * @param out     Gets the image. Written only on EMS_OK.
 *
 * @retval EMS_OK                    out holds the image.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL or memory is not aligned.
 * @retval EMS_E_OUT_OF_RANGE        points is outside its range.
 * @retval EMS_E_RESOURCE_EXHAUSTED  size is below ems_image_size(points).
 * @memory         Allocates nothing; uses memory.
 * @thread_safety  Pure but for memory.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_image_init(void* memory, size_t size, uint32_t points, ems_image_t** out);

/**
 * Stores a sample as the newest of its point.
 *
 * @param image   From ems_image_init().
 * @param sample  Copied.
 *
 * @retval EMS_OK                    stored.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL or not an image.
 * @retval EMS_E_NOT_FOUND           this version has no such signal.
 * @retval EMS_E_OUT_OF_RANGE        asset kind, quality, element or stale_after_ms.
 * @retval EMS_E_RESOURCE_EXHAUSTED  a new point, and the image is full; nothing changed.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one image.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_image_set(ems_image_t* image, const ems_sample_t* sample);

/**
 * Stores all values that a codec read, as of one moment.
 *
 * @param image           From ems_image_init().
 * @param asset           Whose they are, module 0; a value's module is added.
 * @param readings        As a codec, a poller or a listener filled it.
 * @param taken_at_ms     When the bytes arrived, monotonic.
 * @param stale_after_ms  Age from which they count as missing; > 0. Three poll periods, at least
 *                        2000, is the rule of the house.
 *
 * @retval EMS_OK                    all stored.
 * @retval EMS_E_INVALID_ARGUMENT    a pointer is NULL, not an image, or struct_size is too small.
 * @retval EMS_E_OUT_OF_RANGE        asset, stale_after_ms, or a value that no codec gives.
 * @retval EMS_E_RESOURCE_EXHAUSTED  the image has no room for the new points; nothing changed.
 * @memory         Allocates nothing.
 * @thread_safety  One thread at a time on one image.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_image_apply(ems_image_t* image, ems_asset_t asset,
                                     const ems_readings_t* readings, int64_t taken_at_ms,
                                     int64_t stale_after_ms);

/**
 * Newest sample of a point, whatever its age and quality.
 *
 * @param image    From ems_image_init().
 * @param asset    Whose.
 * @param signal   EMS_SIGNAL_*.
 * @param element  0 for a scalar.
 * @param out      Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds the sample; check its quality and its age.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not an image.
 * @retval EMS_E_NOT_FOUND         the point was never set.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody writes.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_image_get(const ems_image_t* image, ems_asset_t asset, uint16_t signal,
                                   uint16_t element, ems_sample_t* out);

/**
 * Points that were ever set.
 *
 * @param image  From ems_image_init().
 * @param out    Gets the number. Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds the number.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not an image.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody writes.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_image_count(const ems_image_t* image, size_t* out);

/**
 * Sample by place: sorted by asset, signal, element. A new point moves those behind it.
 *
 * @param image  From ems_image_init().
 * @param index  0 .. ems_image_count() - 1.
 * @param out    Written only on EMS_OK.
 *
 * @retval EMS_OK                  out holds the sample.
 * @retval EMS_E_INVALID_ARGUMENT  a pointer is NULL or not an image.
 * @retval EMS_E_OUT_OF_RANGE      no such place.
 * @memory         Allocates nothing.
 * @thread_safety  Any thread while nobody writes.
 * @since          0.1
 * @lifecycle      unstable
 */
EMS_API ems_status_t ems_image_at(const ems_image_t* image, size_t index, ems_sample_t* out);

#ifdef __cplusplus
}
#endif

#endif
