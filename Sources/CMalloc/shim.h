// glibc's knobs of malloc, which Swift's Glibc module leaves out. Empty on systems without glibc.
#pragma once
#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
