// A GoogleTest program with the listener.
#include "actions.h"
#include "hfoffline/gtest_listener.h"

TEST(Quiet, DoesNothing) { SUCCEED(); }

TEST(Network, AsksForAPacketSocket) { EXPECT_TRUE(packet_socket_as_expected()); }

TEST(Cache, Writes) { EXPECT_TRUE(write_as_expected()); }

TEST(Cache, LetsAChildWrite) { EXPECT_TRUE(child_write_as_expected()); }
