/* A library that somebody preloads; it does nothing. */
int harmless_library = 1;
