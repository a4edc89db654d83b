// What a file has beside its bytes.
#pragma once

namespace ram {

// Owner, mode, extended attributes (ACLs are some) and times, in nanoseconds. 0 or -errno; then
// *failedCall names the system call. Labels of a security module that `to` may not have are left
// out, since the system gives it its own.
int copyAttributes(int from, int to, const char** failedCall);

}  // namespace ram
