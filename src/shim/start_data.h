// What every process touches at its start or end lies together, in a page that the loader has
// touched already: each further page costs a fault.
#pragma once

#define START_DATA __attribute__((section(".data.start")))
