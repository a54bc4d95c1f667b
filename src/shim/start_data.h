// What every process touches at its start or end lies together, in a page that the loader has
// touched already: each further page costs a fault.
#pragma once

#if defined(__APPLE__)
#define START_DATA  // names of sections are others there, and nobody could measure what is gained
#else
#define START_DATA __attribute__((section(".data.start")))
#endif
