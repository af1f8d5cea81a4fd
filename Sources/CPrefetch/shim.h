// The processor's hint that memory will be read soon, which Swift has no name for. It reads nothing: any address will do.
#pragma once

static inline void kafkawire_prefetch(const void *place) { __builtin_prefetch(place); }
