// A library that an image preloads for reasons of its own.
int hfoffline_test_other;
