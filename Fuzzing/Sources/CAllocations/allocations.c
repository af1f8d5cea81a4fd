#include "allocations.h"

// One thread feeds the fuzzer; nothing here may call anything that allocates.
static size_t allocated;

size_t kw_allocated(void) { return allocated; }

#if __has_feature(address_sanitizer)
// The sanitizer's malloc has to stay in place, and calls this.
void __sanitizer_malloc_hook(const volatile void *memory, size_t size);

__attribute__((no_sanitize("coverage"))) void __sanitizer_malloc_hook(const volatile void *memory, size_t size) {
    (void)memory;
    allocated += size;
}
#else
// The name under which glibc has its own.
void *__libc_malloc(size_t size);
void *malloc(size_t size);

__attribute__((no_sanitize("coverage"))) void *malloc(size_t size) {
    allocated += size;
    return __libc_malloc(size);
}
#endif
