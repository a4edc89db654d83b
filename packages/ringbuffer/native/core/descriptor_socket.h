// Descriptors over unix sockets (SCM_RIGHTS).
#pragma once

namespace ram {

// Sends `fd` over a connected socket to a peer of this user. 0, -EPERM, -errno.
int sendDescriptor(int socket, int fd);

// Connects to the socket at `path`, whose server must be of this user, and waits at most
// `timeoutMs` for a descriptor: that, -ETIMEDOUT, -EPERM, -ENODATA, -errno.
int receiveDescriptor(const char* path, int timeoutMs);

}  // namespace ram
