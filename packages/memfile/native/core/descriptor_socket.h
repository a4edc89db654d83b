// Descriptors over unix sockets (SCM_RIGHTS).
#pragma once

namespace ram {

// Sends `fd` with one byte over a connected socket. 0 or -errno; waits for no reader: -EAGAIN.
int sendDescriptor(int socket, int fd);
// Connects to the socket at `path` and waits at most `timeoutMs` for a descriptor: that,
// -ETIMEDOUT, -ENODATA or -errno.
int receiveDescriptor(const char* path, int timeoutMs);

}  // namespace ram
