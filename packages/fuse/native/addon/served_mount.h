// A mount from the moment it is made, with its session, transport and threads. Owns the descriptor
// of /dev/fuse: JavaScript may end at any time, also between the mount and its service.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "mount_point.h"
#include "mount_transport.h"
#include "session.h"

namespace ram::fuse {

// Made by mount(), or by openHelperSocket() and receive(); then serve(). Lives on when JavaScript
// is gone, until shutdown().
class ServedMount {
 public:
  // `onEvent` is called on native threads with ("init", 0 or -errno) and ("end", 0).
  using Event = void (*)(void* context, const char* what, int result);

  // Takes the reference, until stop().
  ServedMount(FileSystemReference fileSystem, const SessionOptions& options, uint32_t threads,
              bool ioUring)
      : fileSystem_(std::move(fileSystem)),
        options_(options),
        threads_(threads),
        ioUring_(ioUring) {}
  ~ServedMount() { stop(); }

  // Whether there is the directory that is to be mounted: 0 or -errno.
  int findRoot();

  // Mounts as root. May block, and be called on any thread; when stop() or shutdown() come
  // meanwhile, the mount is taken away again. Returns 0 or -errno with the system call that failed,
  // "identify": it was covered or taken away at once; -ECANCELED: it has ended before; -EBUSY: it
  // is made, or is just being made, in this way or by a helper.
  int mount(const MountRequest& request, const char** syscall);

  // The socket that fusermount3 is to inherit, or -errno as mount(). It mounts at `directory`.
  int openHelperSocket(const std::string& helper, const std::string& directory);
  // The helper has been started: closes that socket here.
  void closeHelperSocket();
  // Takes the mount that the helper made. Doesn't wait; returns as mount().
  int receive(const char** syscall);

  // Of the mount that was made.
  MountPoint mountPoint();
  // Serves the mount that was made. Returns 0 or -errno; -EBADF: there is none.
  int serve(Event onEvent, void* context);
  // Ends the connection of a mount that lives, then the threads, and lets the file system go.
  // Idempotent; blocks until they are done, which takes as long as the requests in hand.
  void stop();
  // For the end of the process or of its JavaScript: unmounts as well as it can, then stops. Waits
  // for a mount that is just being made, but at most two seconds.
  void shutdown();

  const Session* session() const { return session_.get(); }
  const MountTransport* transport() const { return transport_.get(); }

 private:
  int checkUnused() const;
  void awaitHelper();
  void closeSockets();
  void stopServing();

  FileSystemReference fileSystem_;
  const SessionOptions options_;
  const uint32_t threads_;
  const bool ioUring_;
  std::unique_ptr<MountTransport> transport_;  // both made by serve(), under mutex_
  std::unique_ptr<Session> session_;
  Event onEvent_ = nullptr;
  void* context_ = nullptr;
  std::atomic<bool> ended_{false};
  std::atomic<bool> announced_{false};  // the file system was told that it is mounted

  std::mutex mutex_;  // guards what follows
  std::condition_variable mounted_;  // mounting_ has become false
  MountPoint mountPoint_;            // unchanged once it is served
  int device_ = -1;                  // of a mount that is made and not served yet
  int helperSocket_ = -1;            // where the helper sends the device
  int inheritedSocket_ = -1;         // its other end, until the helper has it
  bool mounting_ = false;
  bool ending_ = false;  // no mount is begun any more
  bool stopped_ = false;
};

}  // namespace ram::fuse
