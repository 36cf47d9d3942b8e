/* SPDX-License-Identifier: Apache-2.0 */
/* A bootloader's work: verify an image, note which version is in use. The arithmetic is OpenSSL's here; on a chip it is the vendor's. */
#include <ems/ems.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- arithmetic -------------------------------------------------------------------------------- */

static int32_t ed25519_verify(void* context, const uint8_t* key, const uint8_t* message, size_t size, const uint8_t* signature) {
  EVP_PKEY* public = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, EMS_OTA_KEY_SIZE);
  EVP_MD_CTX* verifier = EVP_MD_CTX_new();
  const int good = public != NULL && EVP_DigestVerifyInit(verifier, NULL, NULL, NULL, public) == 1 &&
                   EVP_DigestVerify(verifier, signature, EMS_OTA_SIGNATURE_SIZE, message, size) == 1;
  EVP_MD_CTX_free(verifier);
  EVP_PKEY_free(public);
  (void)context;
  return good;
}
static void sha256_begin(void* context) { EVP_DigestInit_ex(context, EVP_sha256(), NULL); }
static void sha256_update(void* context, const uint8_t* data, size_t size) { EVP_DigestUpdate(context, data, size); }
static void sha256_finish(void* context, uint8_t* digest) { EVP_DigestFinal_ex(context, digest, NULL); }

/* ---- an image, as a build machine makes it ----------------------------------------------------- */

static uint8_t flash[1024];
static size_t image_size;

static void put(const void* data, size_t size) {
  memcpy(flash + image_size, data, size);
  image_size += size;
}
static void put_entry(uint8_t type, const void* value, size_t size) {
  const uint8_t head[4] = {type, 0, (uint8_t)size, 0};
  put(head, sizeof head);
  put(value, size);
}

static void make_image(EVP_PKEY* key, const uint8_t* public_key, const ems_ota_crypto_t* crypto) {
  /* Version 2.4.1, 64 bytes of payload, 12 bytes of signed values: the security counter is 7. */
  const uint8_t header[32] = {0x3D, 0xB8, 0xF3, 0x96, 0, 0, 0, 0, 32, 0, 12, 0, 64, 0, 0, 0, 0, 0, 0, 0, 2, 4, 1, 0};
  const uint8_t signed_head[4] = {0x08, 0x69, 12, 0}, unsigned_head[4] = {0x07, 0x69, 4 + 36 + 36 + 68, 0}, counter[4] = {7, 0, 0, 0};
  const uint8_t name[12] = {0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00};
  uint8_t digest[32], key_hash[32], signature[64];
  size_t signature_size = sizeof signature;
  EVP_MD_CTX* signer = EVP_MD_CTX_new();
  put(header, sizeof header);
  image_size += 64;
  put(signed_head, sizeof signed_head);
  put_entry(0x50, counter, sizeof counter);
  crypto->sha256_begin(crypto->context);
  crypto->sha256_update(crypto->context, flash, image_size);
  crypto->sha256_finish(crypto->context, digest);
  crypto->sha256_begin(crypto->context);
  crypto->sha256_update(crypto->context, name, sizeof name);
  crypto->sha256_update(crypto->context, public_key, EMS_OTA_KEY_SIZE);
  crypto->sha256_finish(crypto->context, key_hash);
  if (EVP_DigestSignInit(signer, NULL, NULL, NULL, key) != 1 ||
      EVP_DigestSign(signer, signature, &signature_size, digest, sizeof digest) != 1) {
    exit(1);
  }
  EVP_MD_CTX_free(signer);
  put(unsigned_head, sizeof unsigned_head);
  put_entry(0x10, digest, sizeof digest);
  put_entry(0x01, key_hash, sizeof key_hash);
  put_entry(0x24, signature, sizeof signature);
}

static ems_status_t read_flash(void* context, uint32_t offset, uint8_t* out, size_t size) {
  (void)context;
  memcpy(out, flash + offset, size); /* Never beyond policy.slot_size. */
  return EMS_OK;
}

/* ---- the device -------------------------------------------------------------------------------- */

static void try_image(const char* what, const ems_ota_image_policy_t* policy, const ems_ota_crypto_t* crypto) {
  const ems_ota_reader_t reader = {.struct_size = sizeof reader, .read = read_flash};
  ems_ota_image_t image = {.struct_size = sizeof image};
  const ems_status_t status = ems_ota_verify_image(&reader, policy, crypto, &image);
  if (status == EMS_OK) {
    printf("%s: version %u.%u.%u, counter %u, %u bytes of payload\n", what, image.version_major, image.version_minor,
           image.version_revision, (unsigned)image.counter, (unsigned)image.payload_size);
  } else {
    printf("%s: %s (%s)\n", what, ems_status_name(status), ems_last_error_message());
  }
}

int main(void) {
  const ems_ota_crypto_t crypto = {.struct_size = sizeof crypto,
                                   .context = EVP_MD_CTX_new(),
                                   .ed25519_verify = ed25519_verify,
                                   .sha256_begin = sha256_begin,
                                   .sha256_update = sha256_update,
                                   .sha256_finish = sha256_finish};
  EVP_PKEY* key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
  uint8_t keys[2][EMS_OTA_KEY_SIZE] = {{0}, {1}}; /* The second is of order 1: nobody has its private key, everybody can sign. */
  const uint8_t forged[EMS_OTA_SIGNATURE_SIZE] = {1};
  size_t size = EMS_OTA_KEY_SIZE;
  ems_ota_image_policy_t policy = {
      .struct_size = sizeof policy, .keys = keys[0], .key_count = 1, .slot_size = sizeof flash, .counter_floor = 7};
  static uint64_t memory[EMS_PAYLOADS_WORDS];
  ems_payloads_t* payloads = NULL;
  ems_payload_t limits = {.struct_size = sizeof limits, .counter = 1, .size = 20, .version = "1.1", .sha256 = {1}};
  uint8_t place = 0;

  if (key == NULL || EVP_PKEY_get_raw_public_key(key, keys[0], &size) != 1) return 1;
  make_image(key, keys[0], &crypto);
  try_image("as signed", &policy, &crypto);
  flash[40] ^= 1;
  try_image("one bit changed", &policy, &crypto);
  flash[40] ^= 1;
  policy.counter_floor = 8;
  try_image("after release 8", &policy, &crypto);
  printf("a key of small order: OpenSSL says %d, libems says %s\n", (int)ed25519_verify(NULL, keys[1], (const uint8_t*)"any", 3, forged),
         ems_status_name(ems_ota_verify_ed25519(&crypto, keys[1], (const uint8_t*)"any", 3, forged)));

  /* Which version of the limits is in use. Each change would go to flash: ems_payloads_encode(). */
  if (ems_payloads_init(memory, sizeof memory, "limits", &payloads) != EMS_OK) return 1;
  if (ems_payloads_offer(payloads, &limits, &place) != EMS_OK || ems_payloads_loaded(payloads) != EMS_OK) return 1;
  limits.sha256[0] = 2;
  strcpy(limits.version, "1.2");
  if (ems_payloads_offer(payloads, &limits, &place) != EMS_OK) return 1;
  printf("limits 1.2 go to place %u\n", place);
  if (ems_payloads_failed(payloads, "line 1: no number") != EMS_OK) return 1;
  printf("offered again: %s\n", ems_status_name(ems_payloads_offer(payloads, &limits, &place)));
  if (ems_payloads_current(payloads, &limits) != EMS_OK) return 1;
  printf("in use: %s\n", limits.version);
  EVP_PKEY_free(key);
  EVP_MD_CTX_free(crypto.context);
  return 0;
}
