#include "dev_fuse.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <system_error>

#include "dev_fuse_worker.h"

namespace ram::fuse {
namespace {

#define RAM_FUSE_CLONE _IOR(229, 0, uint32_t)
#define RAM_FUSE_BACKING_OPEN _IOW(229, 1, BackingMap)
#define RAM_FUSE_BACKING_CLOSE _IOW(229, 2, uint32_t)

constexpr uint32_t kSampleEvery = 8;  // requests between two looks at the queue
constexpr uint32_t kPatienceMin = 2, kPatienceMax = 64;
constexpr int kHelperLingerMs = 1;
// A helper's credit: a request that it got counts one, a wake-up in vain takes two.
constexpr int kCreditStart = 4, kCreditMax = 8;
constexpr timespec kForgetsGather{0, 1'000'000};

// Reads wait here for ever, so stop() must be able to get a thread out: by cancellation, which is
// possible only here and in nap(). Nothing on the stack needs a destructor.
ssize_t readCancellable(int descriptor, void* buffer, size_t size) {
  int old;
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
  ssize_t length = ::read(descriptor, buffer, size);
  int error = errno;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
  errno = error;
  return length;
}

// While nobody reads, a FORGET wakes nobody: a client that deletes file after file would have to do
// that each time, which takes a third of its time.
void nap() {
  int old;
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
  ::nanosleep(&kForgetsGather, nullptr);
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
}

}  // namespace

static thread_local void* currentWorker = nullptr;

DevFuse::DevFuse(int descriptor, uint32_t threadsMax)
    : threadsMax_(std::clamp<uint32_t>(threadsMax, 1, kThreadsMax)), patience_(kPatienceMin) {
  for (auto& slot : descriptors_) slot = -1;
  descriptors_[0] = descriptor;
}

DevFuse::~DevFuse() {
  stop();
  close();
}

int DevFuse::start(RequestHandler* handler, void (*onEnd)(void*), void* context) {
  handler_ = handler;
  onEnd_ = onEnd;
  onEndContext_ = context;
  return employ(true) ? 0 : -EAGAIN;
}

// Gives a resting worker, or a new one, the leader's role or a helper's. False: none can be had.
bool DevFuse::employ(bool asLeader, int cpu) {
  std::lock_guard lock(mutex_);
  if (stopping_) return false;
  if (!resting_.empty()) {
    Worker* worker = resting_.back();
    resting_.pop_back();
    worker->leader = asLeader;
    if (cpu >= 0) worker->tie.tie(worker->id, cpu);
    worker->called = true;
    worker->wake.notify_one();
    return true;
  }
  if (workers_.size() >= threadsMax_) return false;
  auto worker = std::make_unique<Worker>(static_cast<uint32_t>(workers_.size()));
  if (!worker->allocate()) return false;
  worker->leader = asLeader;
  running_++;
  threads_.fetch_add(1);
  Worker* raw = worker.get();
  workers_.push_back(std::move(worker));
  try {
    raw->thread = std::thread([this, raw, cpu] {
      if (cpu >= 0) raw->tie.tie(0, cpu);
      run(*raw);
    });
  } catch (const std::system_error&) {  // a limit on processes, or on memory
    workers_.pop_back();
    threads_.fetch_sub(1);
    running_--;
    return false;
  }
  threadsPeak_ = std::max(threadsPeak_.load(), threads_.load());
  return true;
}

void DevFuse::run(Worker& worker) {
  int old;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
  char name[16];
  std::snprintf(name, sizeof(name), "ram-fuse-%u", worker.index % 1000);
  pthread_setname_np(pthread_self(), name);
  currentWorker = &worker;
  worker.id = ::gettid();
  do {
    if (worker.leader) {
      lead(worker);
    } else {
      help(worker);
    }
  } while (rest(worker));
  threads_.fetch_sub(1);
  void (*onEnd)(void*) = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (--running_ == 0) onEnd = onEnd_;
  }
  if (onEnd != nullptr) onEnd(onEndContext_);
}

void DevFuse::lead(Worker& worker) {
  int descriptor = descriptors_[0];
  std::chrono::nanoseconds waited{0};  // since the last request that a client waited for
  while (worker.leader && !stopping_.load(std::memory_order_relaxed)) {
    auto start = std::chrono::steady_clock::now();
    ssize_t got = readCancellable(descriptor, worker.request(), kRequestMax);
    if (got <= 0) {
      if (got < 0 && isTransient(errno)) continue;
      end();
      return;
    }
    auto length = static_cast<size_t>(got);
    const auto blocked = std::chrono::steady_clock::now() - start;
    const bool isNext = waited.count() == 0;  // after the last that a client waited for
    waited += blocked;
    uint32_t opcode = opcodeOf(worker.request(), length);
    bool naps = gathers_.load(std::memory_order_relaxed) && isForget(opcode);
    noticeBacklog(worker, length);
    bool awaited = isAwaited(worker.request(), length);
    uint32_t client = awaited ? headerOf(worker.request()).pid : 0;
    if (isBulk(worker.request(), length)) stopFollowing(worker);
    serve(worker, length, 0);
    if (naps) nap();
    if (!awaited) continue;
    if (worker.leader && areTwo(client, isNext && blocked < ClientPair::kAtOnce)) {
      share(worker);
    } else if (worker.leader) {
      follow(worker, client, waited);
    }
    waited = {};
  }
}

// Looks now and then whether someone else waits besides the client of this request.
void DevFuse::noticeBacklog(Worker& worker, size_t length) {
  if (threadsMax_ == 1 || !isAwaited(worker.request(), length)) return;
  if (!isBulk(worker.request(), length) && ++unsampled_ < kSampleEvery) return;
  unsampled_ = 0;
  backlogs_ = isPending() ? backlogs_ + 1 : 0;
  if (backlogs_ < patience_.load(std::memory_order_relaxed)) return;
  backlogs_ = 0;
  stopFollowing(worker);  // a new thread inherits where this one may run
  employ(false);
}

void DevFuse::help(Worker& worker) {
  if (pair_.isShared()) {
    poll(worker);
    worker.tie.untie();
    return;
  }
  worker.tie.untie();
  if (!openClone(worker)) {
    patience_ = UINT32_MAX;  // one thread must do
    return;
  }
  int descriptor = descriptors_[worker.index + 1];
  uint32_t served = 0;
  int credit = kCreditStart;
  while (!stopping_.load(std::memory_order_relaxed) && credit > 0) {
    ssize_t length = ::read(descriptor, worker.request(), kRequestMax);
    if (length > 0) {
      bool awaited = isAwaited(worker.request(), static_cast<size_t>(length));
      served += awaited;
      credit = std::min(credit + awaited, kCreditMax);
      serve(worker, static_cast<size_t>(length), worker.index + 1);
      continue;
    }
    if (length == 0 || !isTransient(errno)) return end();
    credit -= 2;
    pollfd queue{descriptor, POLLIN, 0};
    if (credit > 0 && ::poll(&queue, 1, kHelperLingerMs) == 0) break;
  }
  uint32_t patience = patience_;
  patience_ = served > kCreditMax ? std::max(kPatienceMin, patience / 2)
                                  : std::min(kPatienceMax, patience * 2);
}

void DevFuse::serve(Worker& worker, size_t length, uint32_t channel) {
  handler_->handle({worker.request(), length}, channel, worker.reply());
}

// Waits for work. False: the transport ends.
bool DevFuse::rest(Worker& worker) {
  std::unique_lock lock(mutex_);
  worker.called = false;
  if (!stopping_) resting_.push_back(&worker);
  worker.wake.wait(lock, [&] { return worker.called || stopping_; });
  return !stopping_;
}

// A second way into the same connection, without blocking. Replies must go out where their
// request came in.
bool DevFuse::openClone(Worker& worker) {
  auto& slot = descriptors_[worker.index + 1];
  if (slot >= 0) return true;
  int clone = ::open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (clone < 0) return false;
  uint32_t main = static_cast<uint32_t>(descriptors_[0].load());
  if (::ioctl(clone, RAM_FUSE_CLONE, &main) != 0) {
    ::close(clone);
    return false;
  }
  slot = clone;
  return true;
}

void DevFuse::end() {
  std::lock_guard lock(mutex_);
  stopping_ = true;
  for (auto& worker : workers_) worker->wake.notify_one();
}

void DevFuse::stop() {
  std::vector<std::unique_ptr<Worker>> workers;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    onEnd_ = nullptr;
    workers.swap(workers_);
    resting_.clear();
    for (auto& worker : workers) {
      worker->wake.notify_one();
      pthread_cancel(worker->thread.native_handle());
    }
  }
  for (auto& worker : workers) worker->thread.join();
  threads_ = 0;
}

void DevFuse::disconnect() {
  int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (auto& slot : descriptors_) {
    // The number stays taken: whoever still writes to it reaches nobody.
    if (slot >= 0 && nothing >= 0) ::dup3(nothing, slot, O_CLOEXEC);
  }
  if (nothing >= 0) ::close(nothing);
}

void DevFuse::close() {
  for (auto& slot : descriptors_) {
    int descriptor = slot.exchange(-1);
    if (descriptor >= 0) ::close(descriptor);
  }
}

int DevFuse::send(uint32_t channel, std::span<const std::byte> reply) {
  return ::write(descriptors_[channel], reply.data(), reply.size()) < 0 ? -errno : 0;
}

int DevFuse::notify(std::span<const std::byte> notice) { return send(0, notice); }

int DevFuse::openBacking(int fd) {
  BackingMap map{fd, 0, 0};
  int id = ::ioctl(descriptors_[0], RAM_FUSE_BACKING_OPEN, &map);
  return id < 0 ? -errno : id;
}

void DevFuse::closeBacking(int id) {
  uint32_t closed = static_cast<uint32_t>(id);
  ::ioctl(descriptors_[0], RAM_FUSE_BACKING_CLOSE, &closed);
}

bool DevFuse::isPending() const {
  pollfd queue{descriptors_[0], POLLIN, 0};
  return ::poll(&queue, 1, 0) == 1 && (queue.revents & POLLIN) != 0;
}

bool DevFuse::expectDelay() {
  auto* worker = static_cast<Worker*>(currentWorker);
  if (worker == nullptr || !worker->leader) return true;
  stopFollowing(*worker);
  if (!employ(true)) return false;
  worker->leader = false;
  return true;
}

}  // namespace ram::fuse
