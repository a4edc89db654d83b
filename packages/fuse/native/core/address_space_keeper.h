// Lets the memory of this process outlive its threads for a moment.
//
// When a process is killed, the thread that is the last to leave its memory writes back what the
// process has mapped of its own mount, and waits for the answer. Over /dev/fuse that wait ends with
// the connection. Over io_uring the kernel (6.18) may hand such a request to the very thread that
// waits, which will never take it; nothing ends that, the abort of the connection neither. So a
// child that shares the memory, and nothing else, leaves it last: when the process is gone its
// descriptors are closed, and requests fail at once. Who kills both at once (the OOM killer does)
// gets no help from it.
#pragma once

#include <sys/types.h>

namespace ram::fuse {

class AddressSpaceKeeper {
 public:
  AddressSpaceKeeper() = default;
  AddressSpaceKeeper(const AddressSpaceKeeper&) = delete;
  AddressSpaceKeeper& operator=(const AddressSpaceKeeper&) = delete;
  ~AddressSpaceKeeper() { stop(); }

  // Starts the child. Returns 0 or -errno: -EAGAIN where no process can be had, -EOPNOTSUPP under
  // TSan. A child that may not shut itself in ends at once.
  int start();
  // Ends it and returns when it is gone. Idempotent.
  void stop();

  // The child's, named ram-keeper; 0: there is none.
  pid_t id() const { return id_; }

 private:
  pid_t id_ = 0;
  int lifeline_ = -1;  // tells the child to end, as its close does
  void* stack_ = nullptr;
};

}  // namespace ram::fuse
