// What Swift has no name for of the machine's memory.
#pragma once
// It tells which C library this is.
#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

// The processor's hint that memory will be read soon. It reads nothing: any address will do.
static inline void kafkawire_prefetch(const void *place) { __builtin_prefetch(place); }

// Has the allocator keep so many bytes of what is freed at the end of its heap, and take pieces of up to `largest` bytes from there
// (mallopt(3)); does nothing where the allocator is not glibc's.
static inline void kafkawire_keep_freed(int bytes, int largest) {
#if defined(__GLIBC__)
    mallopt(M_TRIM_THRESHOLD, bytes);
    mallopt(M_MMAP_THRESHOLD, largest);
#else
    (void)bytes;
    (void)largest;
#endif
}
