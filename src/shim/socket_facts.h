// What only the kernel knows about a socket or an address: asked with raw system calls, once a
// request was found to need it.
//
// Async-signal-safe; keeps errno.
#pragma once

#include "core/decide.h"
#include "shim/judge_network.h"

namespace hfoffline::shim {

// What socket() was asked for, so that a repeated refusal needs no system call. Forgotten when the
// number becomes free, so that what comes to it by dup(), accept() or from another process is asked
// for anew; only a close() that no hook sees leaves it behind.
void remember_socket_type(int descriptor, int type);
void forget_socket_type(int descriptor);
void forget_socket_types(unsigned first, unsigned last);

// The type as remembered, or else the kernel's: -1 for what is not a socket. Good enough to say
// what a refusal is; before a pass, ask_socket_type().
int known_socket_type(int descriptor);
int ask_socket_type(int descriptor);

// An option of level SOL_SOCKET that is a number; -1 if the kernel does not tell.
int socket_option(int descriptor, int option);

// Whether this is a socket of the internet families for which the kernel knows options and control
// messages of this level.
bool takes_level(int descriptor, int level);
bool is_unix_socket(int descriptor);

// Whether the protocol is TCP or MPTCP: a stream that sends to its peer, whatever address it is
// given. An SCTP stream connects to the address instead.
bool is_tcp(int descriptor);

// Whether the kernel fails this call by itself, before it thinks of the way there: not a socket, a
// family that does not fit, a stream that is connected or listens.
bool fails_anyway(int descriptor, const CopiedAddress& address, Direction direction,
                  const Endpoint& endpoint);

// Whether datagrams to a group go out through lo alone, as the socket was told to send them.
bool goes_out_through_loopback(int descriptor, const CopiedAddress& address,
                               const Endpoint& endpoint);

// The interface that everything a socket sends goes out by: 0 if it has none, or if that is lo.
int interface_of_socket(int descriptor);

// Whether packets to this address stay on the machine because it is one of its own.
bool is_own_address(const CopiedAddress& address, const IpAddress& wanted);

}  // namespace hfoffline::shim
