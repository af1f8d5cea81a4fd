#pragma once

// Where Swift's runtime has the hook for jobs that would go to threads of its own. It stands in no header of Swift's. Weak: a
// runtime without it gives NULL. By name, and not by dlsym: programs with the runtime inside have no table of its symbols.
extern void *swift_task_enqueueGlobal_hook __attribute__((weak));

static inline void **kafkawire_enqueue_global_hook(void) { return &swift_task_enqueueGlobal_hook; }
