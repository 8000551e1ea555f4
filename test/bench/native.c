/*
 * The MACs over OpenSSL's own functions, for the bench. Commands on standard input, one a line:
 *
 *   key <MAC> <hex>      sets up the key once
 *   message <hex>        adds a message
 *   clear                forgets the messages
 *   run <count>          computes the MAC of each message in turn, <count> in all; prints nanoseconds
 *   mac <index>          prints the MAC of one message in hex
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/cmac.h>
#include <openssl/des.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_MESSAGES = 64, LONGEST = 1024 };

static unsigned char messages[MOST_MESSAGES][LONGEST];
static size_t lengths[MOST_MESSAGES], count;
static char name[32];
static DES_key_schedule k1, k2;
static EVP_CIPHER_CTX *ecb, *cbc;
static CMAC_CTX *cmac;
static size_t key_length;

static size_t bytes_of(const char *hex, unsigned char *out, size_t most) {
  size_t n = 0;
  unsigned byte;
  while (n < most && sscanf(hex + 2 * n, "%2x", &byte) == 1) out[n++] = (unsigned char)byte;
  return n;
}

static void set_key(const char *hex) {
  unsigned char key[32];
  key_length = bytes_of(hex, key, sizeof key);
  DES_set_key_unchecked((const_DES_cblock *)key, &k1);
  DES_set_key_unchecked((const_DES_cblock *)(key + (key_length > 8 ? 8 : 0)), &k2);
  EVP_CIPHER_CTX_free(ecb);
  EVP_CIPHER_CTX_free(cbc);
  CMAC_CTX_free(cmac);
  ecb = cbc = NULL;
  cmac = NULL;
  if (strstr(name, "sm4")) {
    const unsigned char iv[16] = {0};
    ecb = EVP_CIPHER_CTX_new();
    cbc = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(ecb, EVP_sm4_ecb(), NULL, key, NULL);
    EVP_EncryptInit_ex(cbc, EVP_sm4_cbc(), NULL, key, iv);
    EVP_CIPHER_CTX_set_padding(ecb, 0);
    EVP_CIPHER_CTX_set_padding(cbc, 0);
  } else if (strstr(name, "cmac")) {
    cmac = CMAC_CTX_new();
    CMAC_Init(cmac, key, key_length, EVP_aes_128_cbc(), NULL);
  }
}

static void des_block(unsigned char *block) {
  DES_cblock *at = (DES_cblock *)block;
  if (key_length == 8) DES_ecb_encrypt(at, at, &k1, DES_ENCRYPT);
  else DES_ecb2_encrypt(at, at, &k1, &k2, DES_ENCRYPT);
}

static void des_cbc(const unsigned char *message, size_t length, unsigned char *mac) {
  unsigned char out[LONGEST + 8];
  DES_cblock iv = {0};
  /* It pads with zeros. The last block is the next IV. */
  DES_ncbc_encrypt(message, out, (long)length, &k1, &iv, DES_ENCRYPT);
  memcpy(mac, iv, 8);
}

static void fold(const unsigned char *message, size_t length, unsigned char *sum, size_t block) {
  memset(sum, 0, block);
  for (size_t at = 0; at < length; at++) sum[at % block] ^= message[at];
}

static void text_of(const unsigned char *bytes, size_t length, unsigned char *text) {
  for (size_t at = 0; at < length; at++) {
    text[2 * at] = (unsigned char)"0123456789ABCDEF"[bytes[at] >> 4];
    text[2 * at + 1] = (unsigned char)"0123456789ABCDEF"[bytes[at] & 15];
  }
}

static void cup(const unsigned char *message, size_t length, unsigned char *mac, size_t block) {
  unsigned char sum[16], text[32];
  int n;
  fold(message, length, sum, block);
  text_of(sum, block, text);
  for (int half = 0; half < 2; half++) {
    if (block == 8) des_block(text);
    else EVP_EncryptUpdate(ecb, text, &n, text, 16);
    for (size_t at = 0; half == 0 && at < block; at++) text[at] ^= text[block + at];
  }
  text_of(text, 4, mac);
}

static size_t mac_of(const unsigned char *message, size_t length, unsigned char *mac) {
  if (!strcmp(name, "x9.9")) return des_cbc(message, length, mac), 8;
  if (!strcmp(name, "x9.19")) {
    des_cbc(message, length, mac);
    DES_ecb_encrypt((DES_cblock *)mac, (DES_cblock *)mac, &k2, DES_DECRYPT);
    DES_ecb_encrypt((DES_cblock *)mac, (DES_cblock *)mac, &k1, DES_ENCRYPT);
    return 8;
  }
  if (!strcmp(name, "xor-3des")) return fold(message, length, mac, 8), des_block(mac), 8;
  if (!strcmp(name, "cup-ecb")) return cup(message, length, mac, 8), 8;
  if (!strcmp(name, "cup-sm4")) return cup(message, length, mac, 16), 8;
  if (!strcmp(name, "sm4-cbc-mac")) {
    unsigned char padded[LONGEST + 16], out[LONGEST + 16];
    const unsigned char iv[16] = {0};
    size_t whole = (length / 16 + 1) * 16;
    int n;
    memcpy(padded, message, length);
    memset(padded + length, 0, whole - length);
    padded[length] = 0x80;
    EVP_EncryptInit_ex(cbc, NULL, NULL, NULL, iv);
    EVP_EncryptUpdate(cbc, out, &n, padded, (int)whole);
    memcpy(mac, out + whole - 16, 16);
    return 16;
  }
  size_t n = 16;
  CMAC_Init(cmac, NULL, 0, NULL, NULL);
  CMAC_Update(cmac, message, length);
  CMAC_Final(cmac, mac, &n);
  return n;
}

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

int main(void) {
  static char line[4 * LONGEST], hex[4 * LONGEST];
  volatile unsigned char sink;
  long n;
  while (fgets(line, sizeof line, stdin)) {
    unsigned char mac[16];
    if (sscanf(line, "key %31s %4000s", name, hex) == 2) {
      set_key(hex);
    } else if (sscanf(line, "message %4000s", hex) == 1 && count < MOST_MESSAGES) {
      lengths[count] = bytes_of(hex, messages[count], LONGEST);
      count++;
    } else if (!strncmp(line, "clear", 5)) {
      count = 0;
    } else if (sscanf(line, "run %ld", &n) == 1 && count > 0) {
      double start = now();
      for (long i = 0; i < n; i++) {
        mac_of(messages[(size_t)i % count], lengths[(size_t)i % count], mac);
        sink = mac[0];
      }
      printf("%.0f\n", now() - start);
    } else if (sscanf(line, "mac %ld", &n) == 1 && n >= 0 && (size_t)n < count) {
      size_t length = mac_of(messages[n], lengths[n], mac);
      for (size_t at = 0; at < length; at++) printf("%02x", mac[at]);
      printf("\n");
    }
    fflush(stdout);
  }
  (void)sink;
  return 0;
}
