#include "uring_ring.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <system_error>

namespace ram::fuse {
namespace {

constexpr uint32_t kDepth = 4;  // entries of a queue at the start: requests that it has in hand
constexpr uint32_t kSubmissions = 64;
constexpr uint64_t kBell = 0;  // user_data of the bell; entries have their address

}  // namespace

struct UringRing::Worker {
  explicit Worker(UringRing& ring) : ring(ring) {}

  UringRing& ring;
  std::thread thread;
  std::condition_variable wake;
  bool called = false;  // guarded by mutex_: to lead
  bool leader = false;  // the worker's own

  alignas(8) std::array<std::byte, kUringSmallMax> small;
  alignas(8) std::array<std::byte, 8192> large;  // for replies to large requests

  static thread_local Worker* current;  // the calling thread
};

thread_local UringRing::Worker* UringRing::Worker::current = nullptr;

UringRing::UringRing(RequestHandler& handler, int device, std::vector<uint16_t> queues,
                     uint32_t firstChannel)
    : handler_(handler),
      device_(device),
      queues_(std::move(queues)),
      firstChannel_(firstChannel) {}

UringRing::~UringRing() { stop(); }

int UringRing::open() {
  bell_ = ::eventfd(0, EFD_CLOEXEC);
  if (bell_ < 0) return -errno;
  if (int error = io_.open(kSubmissions); error < 0) return error;
  for (size_t i = 0; i < queues_.size() * kDepth; i++) {
    auto entry = std::make_unique<UringEntry>(firstChannel_ + static_cast<uint32_t>(i), i / kDepth);
    if (!entry->allocate()) return -ENOMEM;
    entries_.push_back(std::move(entry));
  }
  std::lock_guard lock(mutex_);
  return employ() ? 0 : -EAGAIN;
}

// Adds a worker, which rests. Lock: mutex_.
bool UringRing::employ() {
  if (workers_.size() >= kThreadsMax) return false;
  auto worker = std::make_unique<Worker>(*this);
  Worker* raw = worker.get();
  try {
    raw->thread = std::thread([this, raw] { run(*raw); });
  } catch (const std::system_error&) {  // a limit on processes, or on memory
    return false;
  }
  workers_.push_back(std::move(worker));
  resting_.push_back(raw);
  threads_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void UringRing::begin() {
  std::lock_guard lock(mutex_);
  if (stopping_ || resting_.empty()) return;
  Worker* worker = resting_.back();
  resting_.pop_back();
  worker->called = true;
  worker->wake.notify_one();
}

void UringRing::run(Worker& worker) {
  char name[16];
  std::snprintf(name, sizeof(name), "ram-uring-%u", queues_.front() % 1000u);
  pthread_setname_np(pthread_self(), name);
  Worker::current = &worker;
  std::unique_lock lock(mutex_);
  for (;;) {
    worker.wake.wait(lock, [&] { return worker.called || stopping_; });
    if (stopping_) return;
    worker.called = false;
    worker.leader = true;
    lock.unlock();
    lead(worker);
    lock.lock();
    if (!stopping_) resting_.push_back(&worker);
  }
}

void UringRing::lead(Worker& worker) {
  if (!begun_) registerEntries();
  while (worker.leader && !ended_ && !stopping_.load(std::memory_order_relaxed)) {
    bool idle = io_.isEmpty();
    int error = io_.enter(idle);
    if (error < 0 && error != -EINTR && error != -EAGAIN && error != -EBUSY) {
      ended_ = true;
      return;
    }
    io_uring_cqe completion;
    if (io_.take(&completion)) complete(worker, completion);
  }
}

void UringRing::registerEntries() {
  begun_ = true;
  listen();
  for (auto& entry : entries_) submitCommand(*entry, kUringRegister, 0);
}

void UringRing::commit(UringEntry& entry) {
  submitCommand(entry, kUringCommitAndFetch, entry.header()->entry.commitId);
}

void UringRing::submitCommand(UringEntry& entry, uint32_t command, uint64_t commitId) {
  WideSubmission& submission = prepare();
  submission.head.opcode = IORING_OP_URING_CMD;
  submission.head.fd = device_;
  submission.head.off = command;  // cmd_op
  submission.head.addr = reinterpret_cast<uint64_t>(entry.parts());
  submission.head.len = 2;
  submission.head.user_data = reinterpret_cast<uint64_t>(&entry);
  UringCommandBody body{};
  body.commitId = commitId;
  body.queue = queues_[entry.queue];
  std::memcpy(submission.command(), &body, sizeof(body));
}

WideSubmission& UringRing::prepare() {
  for (;;) {
    if (WideSubmission* submission = io_.prepare()) return *submission;
    io_.enter(false);
  }
}

// Wakes the leader when the bell rings.
void UringRing::listen() {
  WideSubmission& submission = prepare();
  submission.head.opcode = IORING_OP_READ;
  submission.head.fd = bell_;
  submission.head.addr = reinterpret_cast<uint64_t>(&rung_);
  submission.head.len = sizeof(rung_);
  submission.head.user_data = kBell;
}

void UringRing::complete(Worker& worker, const io_uring_cqe& completion) {
  if (completion.user_data == kBell) {
    listen();
    takePosted();
    return;
  }
  auto* entry = reinterpret_cast<UringEntry*>(completion.user_data);
  if (completion.res < 0) {
    ended_ = true;  // the mount is gone, or the kernel went back to /dev/fuse
    return;
  }
  serve(worker, *entry);
}

void UringRing::serve(Worker& worker, UringEntry& entry) {
  auto request = entry.request(worker.small);
  entry.hold();
  if (request.empty()) {
    auto* in = reinterpret_cast<const InHeader*>(entry.header()->inOut);
    OutHeader failure{sizeof(failure), -EIO, in->unique};
    send(entry.channel, std::as_bytes(std::span(&failure, 1)));
    return;
  }
  handler_.handle(request, entry.channel, entry.replyMemory(request, worker.large));
}

uint32_t UringRing::endChannel() const {
  return firstChannel_ + static_cast<uint32_t>(queues_.size() * kDepth);
}

int UringRing::send(uint32_t channel, std::span<const std::byte> reply) {
  UringEntry& entry = *entries_[channel - firstChannel_];
  int error = entry.stage(reply);
  if (error == 0) answer(entry);
  return error;
}

void UringRing::answer(UringEntry& entry) {
  Worker* worker = Worker::current;
  if (worker != nullptr && worker->leader && &worker->ring == this) return commit(entry);
  std::lock_guard lock(mutex_);
  posted_.push_back(&entry);
  ringBell();
}

// Lock: mutex_.
void UringRing::ringBell() {
  uint64_t one = 1;
  if (bell_ >= 0) [[maybe_unused]] ssize_t written = ::write(bell_, &one, sizeof(one));
}

void UringRing::takePosted() {
  std::vector<UringEntry*> posted;
  {
    std::lock_guard lock(mutex_);
    posted.swap(posted_);
  }
  for (UringEntry* entry : posted) commit(*entry);
}

bool UringRing::isWorker() { return Worker::current != nullptr; }

bool UringRing::passOn() {
  Worker* worker = Worker::current;
  if (!worker->leader) return true;
  UringRing& ring = worker->ring;
  std::lock_guard lock(ring.mutex_);
  if (ring.stopping_ || (ring.resting_.empty() && !ring.employ())) return false;
  worker->leader = false;
  Worker* next = ring.resting_.back();
  ring.resting_.pop_back();
  next->called = true;
  next->wake.notify_one();
  return true;
}

void UringRing::stop() {
  std::vector<std::unique_ptr<Worker>> workers;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    workers.swap(workers_);
    resting_.clear();
    for (auto& worker : workers) worker->wake.notify_one();
    ringBell();
  }
  for (auto& worker : workers) worker->thread.join();
  io_.close();
  std::lock_guard lock(mutex_);
  if (bell_ >= 0) ::close(bell_);
  bell_ = -1;
  threads_ = 0;
}

}  // namespace ram::fuse
