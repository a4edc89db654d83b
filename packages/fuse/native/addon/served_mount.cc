#include "session_wrap.h"

#include "subdirectory.h"

namespace ram::fuse {

int ServedMount::findRoot() {
  uint64_t inode;
  return findDirectory(*fileSystem_.get(), 0, options_.root, &inode);
}

int ServedMount::serve(int descriptor, Event onEvent, void* context) {
  transport_ = std::make_unique<MountTransport>(descriptor, threads_);
  session_ = std::make_unique<Session>(fileSystem_.get(), *transport_, options_);
  onEvent_ = onEvent;
  context_ = context;
  session_->onInitContext = this;
  session_->onInit = [](void* self, int result) {
    auto* mount = static_cast<ServedMount*>(self);
    if (result == 0) {
      mount->announced_ = true;
      mount->fileSystem_.get()->mountChanged(true, mount->mountPoint_.directory);
    }
    mount->onEvent_(mount->context_, "init", result);
  };
  if (int error = session_->attach(); error < 0) return error;
  auto onEnd = [](void* self) {
    auto* mount = static_cast<ServedMount*>(self);
    mount->ended_ = true;
    mount->onEvent_(mount->context_, "end", 0);
  };
  using Queues = MountTransport::Queues;
  Queues wanted = options_.volumeLocks ? Queues::kWantedForLocks : Queues::kWanted;
  return transport_->start(session_.get(), ioUring_ ? wanted : Queues::kNone, onEnd, this);
}

void ServedMount::setMountPoint(MountPoint mountPoint) {
  std::lock_guard lock(mutex_);
  mountPoint_ = std::move(mountPoint);
}

void ServedMount::stop() {
  std::lock_guard lock(mutex_);
  if (stopped_) return;
  stopped_ = true;
  if (transport_) stopServing();
  fileSystem_ = {};
}

// Lock: mutex_.
void ServedMount::stopServing() {
  // A notice may wait in the kernel for a client that waits for our reply, and holds the device
  // meanwhile: so the connection is ended first, or, where this user cannot, still served until
  // the last notice is through.
  if (!ended_) abortConnection(transport_->device(), mountPoint_.minor);
  session_->notifier.stop();
  transport_->stop();
  transport_->disconnect();
  session_->close();
  if (announced_.exchange(false)) fileSystem_.get()->mountChanged(false, mountPoint_.directory);
  transport_->close();
}

void ServedMount::shutdown() {
  MountPoint mountPoint;
  {
    std::lock_guard lock(mutex_);
    if (stopped_ || !transport_) return;
    mountPoint = mountPoint_;
  }
  if (!ended_ && !mountPoint.directory.empty()) unmountAtExit(mountPoint);
  stop();
}

}  // namespace ram::fuse
