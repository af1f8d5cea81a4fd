// Counts what is allocated, by standing in front of the C library's malloc: the claim that memory is proportional to the
// input is then about all of it, Swift's arrays and the codecs' contexts alike. In C, since Swift keeps the name malloc
// for its runtime.
#ifndef KW_ALLOCATIONS_H
#define KW_ALLOCATIONS_H

#include <stddef.h>

/// The bytes that were ever allocated.
size_t kw_allocated(void);

#endif
