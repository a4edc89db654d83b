#include "served_mount.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "subdirectory.h"

namespace ram::fuse {
namespace {

constexpr int kEndWaitMs = 2000;

void closeDescriptor(int* descriptor) {
  if (*descriptor >= 0) ::close(*descriptor);
  *descriptor = -1;
}

// Returns the descriptor of a mount that was made, and what became of identifying it in *result.
int mountAndIdentify(const MountRequest& request, MountPoint* made, const char** syscall,
                     int* result) {
  *syscall = "identify";
  const MountTable table;  // before the mount, which would be left for lack of a descriptor
  *result = table.error();
  if (*result < 0) return -1;
  const int device = mountWithDevice(request, syscall);
  *result = device;
  if (device < 0) return -1;
  *syscall = "identify";
  *result = identifyMount(device, made, table);
  return device;
}

}  // namespace

int ServedMount::findRoot() {
  std::lock_guard lock(mutex_);
  if (stopped_) return -ECANCELED;
  uint64_t inode;
  return findDirectory(*fileSystem_.get(), 0, options_.root, &inode);
}

// Lock: mutex_.
int ServedMount::checkUnused() const {
  if (ending_ || stopped_) return -ECANCELED;
  return mounting_ || helperSocket_ >= 0 || device_ >= 0 || transport_ ? -EBUSY : 0;
}

int ServedMount::mount(const MountRequest& request, const char** syscall) {
  *syscall = "mount";
  {
    std::lock_guard lock(mutex_);
    if (int error = checkUnused(); error < 0) return error;
    mounting_ = true;
  }
  MountPoint made{request.directory, {}, 0, 0};
  int result;
  int device = mountAndIdentify(request, &made, syscall, &result);
  bool isLate;
  {
    std::lock_guard lock(mutex_);
    mounting_ = false;
    isLate = stopped_;
    if (device >= 0 && !isLate) device_ = device;
    if (result == 0 && !isLate) mountPoint_ = made;
  }
  mounted_.notify_all();
  if (!isLate) return result;
  if (result == 0) unmountAtExit(made);
  closeDescriptor(&device);
  return -ECANCELED;
}

int ServedMount::openHelperSocket(const std::string& helper, const std::string& directory) {
  std::lock_guard lock(mutex_);
  if (int error = checkUnused(); error < 0) return error;
  int sockets[2];
  if (int error = openSocketPair(sockets); error < 0) return error;
  helperSocket_ = sockets[0];
  inheritedSocket_ = sockets[1];
  mountPoint_ = {directory, helper, 0, 0};
  return inheritedSocket_;
}

void ServedMount::closeHelperSocket() {
  std::lock_guard lock(mutex_);
  closeDescriptor(&inheritedSocket_);
}

int ServedMount::receive(const char** syscall) {
  *syscall = "recvmsg";
  std::lock_guard lock(mutex_);
  if (helperSocket_ < 0 || device_ >= 0) return -EBADF;
  int device = receiveDescriptor(helperSocket_);
  if (device < 0) return device;
  device_ = device;
  closeSockets();
  *syscall = "identify";
  return identifyMount(device_, &mountPoint_);
}

// A helper that has been started goes on without us: what it mounts must not be left to nobody. One
// that ends, or was never started, sends nothing. Lock: mutex_.
void ServedMount::awaitHelper() {
  closeDescriptor(&inheritedSocket_);
  pollfd socket{helperSocket_, POLLIN, 0};
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kEndWaitMs);
  int ready;
  do {  // any signal ends a poll(2)
    const auto left = end - std::chrono::steady_clock::now();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
    ready = ::poll(&socket, 1, std::max(0, static_cast<int>(ms)));
  } while (ready < 0 && errno == EINTR);
  if (ready > 0) device_ = std::max(receiveDescriptor(helperSocket_), -1);
  closeSockets();
  if (device_ >= 0) identifyMount(device_, &mountPoint_);
}

void ServedMount::closeSockets() {
  closeDescriptor(&helperSocket_);
  closeDescriptor(&inheritedSocket_);
}

MountPoint ServedMount::mountPoint() {
  std::lock_guard lock(mutex_);
  return mountPoint_;
}

int ServedMount::serve(Event onEvent, void* context) {
  std::lock_guard lock(mutex_);  // stop() on another thread finds nothing of this, or all
  if (device_ < 0 || ending_ || stopped_) return -EBADF;
  transport_ = std::make_unique<MountTransport>(std::exchange(device_, -1), threads_);
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

void ServedMount::stop() {
  std::lock_guard lock(mutex_);
  if (stopped_) return;
  stopped_ = true;
  if (transport_) stopServing();
  closeSockets();
  closeDescriptor(&device_);  // the last one: its clients get errors
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
    std::unique_lock lock(mutex_);
    if (stopped_) return;
    ending_ = true;
    mounted_.wait_for(lock, std::chrono::milliseconds(kEndWaitMs), [this] { return !mounting_; });
    if (helperSocket_ >= 0) awaitHelper();
    mountPoint = mountPoint_;
  }
  // Without a number it was never made, or is not known for certain.
  if (!ended_ && mountPoint.minor != 0) unmountAtExit(mountPoint);
  stop();
}

}  // namespace ram::fuse
