// What makes two tasks the same work: a SHA-256 over parts.

#include <string.h>

#include "hinny_memory.h"
#include "hinny_scheduler.h"

typedef struct {
    uint32_t state[8];
    uint8_t block[64];
    uint64_t len;
} sha256;

static const uint32_t rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotated(uint32_t word, int by) { return word >> by | word << (32 - by); }

static void add_block(uint32_t state[8], const uint8_t *block) {
    uint32_t words[64];
    for (int at = 0; at < 16; at++) {
        const uint8_t *four = block + 4 * at;
        words[at] = (uint32_t)four[0] << 24 | (uint32_t)four[1] << 16 | (uint32_t)four[2] << 8 | four[3];
    }
    for (int at = 16; at < 64; at++) {
        uint32_t old = words[at - 15], recent = words[at - 2];
        uint32_t s0 = rotated(old, 7) ^ rotated(old, 18) ^ old >> 3;
        uint32_t s1 = rotated(recent, 17) ^ rotated(recent, 19) ^ recent >> 10;
        words[at] = words[at - 16] + s0 + words[at - 7] + s1;
    }
    uint32_t mixed[8];
    memcpy(mixed, state, sizeof mixed);
    for (int at = 0; at < 64; at++) {
        uint32_t a = mixed[0], b = mixed[1], c = mixed[2];
        uint32_t e = mixed[4], f = mixed[5], g = mixed[6];
        uint32_t s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
        uint32_t one = mixed[7] + s1 + ((e & f) ^ (~e & g)) + rounds[at] + words[at];
        uint32_t s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
        uint32_t two = s0 + ((a & b) ^ (a & c) ^ (b & c));
        memmove(mixed + 1, mixed, 7 * sizeof *mixed);
        mixed[4] += one;
        mixed[0] = one + two;
    }
    for (int at = 0; at < 8; at++) {
        state[at] += mixed[at];
    }
}

static void add(sha256 *digest, const void *bytes, size_t len) {
    const uint8_t *at = bytes;
    for (size_t nth = 0; nth < len; nth++) {
        digest->block[digest->len++ % 64] = at[nth];
        if (digest->len % 64 == 0) {
            add_block(digest->state, digest->block);
        }
    }
}

// A one, zeros, and how many bits there were.
static void finish(sha256 *digest) {
    uint64_t bits = digest->len * 8;
    add(digest, "\x80", 1);
    while (digest->len % 64 != 56) {
        add(digest, "", 1);
    }
    for (int shift = 56; shift >= 0; shift -= 8) {
        uint8_t byte = (uint8_t)(bits >> shift);
        add(digest, &byte, 1);
    }
}

hinny_text hinny_identity(const hinny_text *parts, size_t count) {
    sha256 digest = {
        {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19},
        {0},
        0};
    for (size_t at = 0; at < count; at++) {
        hinny_text frame = hinny_format("%zu:", parts[at].len);
        add(&digest, frame.bytes, frame.len);
        add(&digest, parts[at].bytes, parts[at].len);
    }
    finish(&digest);
    uint32_t *state = digest.state;
    return hinny_format("%08x%08x%08x%08x", state[0], state[1], state[2], state[3]);
}
