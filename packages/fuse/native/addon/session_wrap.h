// The JavaScript class `Session`: one mount that is served. Only converts; see session.h.
#pragma once

#include <napi.h>

#include <atomic>
#include <memory>
#include <mutex>

#include "mount_transport.h"
#include "mount_point.h"
#include "session.h"

namespace ram::fuse {

// A session with its transport and threads. Lives on when JavaScript is gone, until shutdown().
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

  // Whether there is the directory that is to be mounted: 0 or -errno. Before stop().
  int findRoot();
  // Takes the descriptor of a mount, whatever it returns. Before stop().
  int serve(int descriptor, Event onEvent, void* context);
  // For the end of the process. Must come before serve().
  void setMountPoint(MountPoint mountPoint);
  // Ends the connection of a mount that lives, then the threads, and lets the file system go.
  // Idempotent; blocks until they are done, which takes as long as the requests in hand.
  void stop();
  // For the end of the process or of its JavaScript: unmounts as well as it can, then stops.
  void shutdown();

  const Session* session() const { return session_.get(); }
  const MountTransport* transport() const { return transport_.get(); }
  bool ended() const { return ended_; }

 private:
  void stopServing();

  FileSystemReference fileSystem_;
  const SessionOptions options_;
  const uint32_t threads_;
  const bool ioUring_;
  std::unique_ptr<MountTransport> transport_;
  std::unique_ptr<Session> session_;
  Event onEvent_ = nullptr;
  void* context_ = nullptr;
  std::atomic<bool> ended_{false};
  std::atomic<bool> announced_{false};  // the file system was told that it is mounted

  std::mutex mutex_;  // guards what follows
  MountPoint mountPoint_;  // unchanged once it is served
  bool stopped_ = false;
};

class SessionWrap final : public Napi::ObjectWrap<SessionWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit SessionWrap(const Napi::CallbackInfo& info);
  void Finalize(Napi::BasicEnv env) override;

 private:
  // findRoot(): 0 or -errno
  Napi::Value findRoot(const Napi::CallbackInfo& info);
  // serve(descriptor): 0 or -errno
  Napi::Value serve(const Napi::CallbackInfo& info);
  // setMountPoint(directory, helper, major, minor)
  void setMountPoint(const Napi::CallbackInfo& info);
  // stop()
  void stop(const Napi::CallbackInfo& info);
  // stats(): { requests: { name: count }, errors, … }
  Napi::Value stats(const Napi::CallbackInfo& info);
  // ref() and unref(): whether the mount keeps the process alive
  void ref(const Napi::CallbackInfo& info);
  void unref(const Napi::CallbackInfo& info);

  void releaseEvents();
  static void atEnvironmentEnd(void* self);

  std::shared_ptr<ServedMount> mount_;
  Napi::ThreadSafeFunction events_;
  bool serving_ = false;   // holds a reference on itself
  bool released_ = false;  // events_ is gone
};

}  // namespace ram::fuse
