// The processor's CRC-32C instruction, as inline functions that Swift can call.
// Header only: there is no C source to compile and no compiler flag to set.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)
// CPUID leaf 1, ECX bit 20: SSE 4.2 (Intel SDM, volume 2A, CPUID).
static inline bool kw_crc32c_has_hardware(void) {
    uint32_t eax = 1, ebx, ecx = 0, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return (ecx >> 20) & 1;
}
// Operands are asked for in registers: given the choice ("rm"), clang takes memory, by way of the stack.
static inline uint64_t kw_crc32c_u64(uint64_t crc, uint64_t value) {
    __asm__("crc32q %1, %0" : "+r"(crc) : "r"(value));
    return crc;
}
static inline uint32_t kw_crc32c_u8(uint32_t crc, uint8_t value) {
    __asm__("crc32b %1, %0" : "+r"(crc) : "r"(value));
    return crc;
}
#elif defined(__aarch64__)
#if defined(__linux__)
#include <sys/auxv.h>
// HWCAP_CRC32 (Linux, arch/arm64 hwcaps).
static inline bool kw_crc32c_has_hardware(void) { return (getauxval(AT_HWCAP) >> 7) & 1; }
#else
static inline bool kw_crc32c_has_hardware(void) { return true; }
#endif
static inline uint64_t kw_crc32c_u64(uint64_t crc, uint64_t value) {
    uint32_t c = (uint32_t)crc;
    __asm__(".arch armv8-a+crc\n\tcrc32cx %w0, %w0, %x1" : "+r"(c) : "r"(value));
    return c;
}
static inline uint32_t kw_crc32c_u8(uint32_t crc, uint8_t value) {
    __asm__(".arch armv8-a+crc\n\tcrc32cb %w0, %w0, %w1" : "+r"(crc) : "r"((uint32_t)value));
    return crc;
}
#else
static inline bool kw_crc32c_has_hardware(void) { return false; }
static inline uint64_t kw_crc32c_u64(uint64_t crc, uint64_t value) { (void)value; return crc; }
static inline uint32_t kw_crc32c_u8(uint32_t crc, uint8_t value) { (void)value; return crc; }
#endif
