#include "uring_ring.h"

#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <system_error>

#include "operations.h"

namespace ram::fuse {
namespace {

constexpr uint32_t kDepth = 4;  // entries of a queue at the start: requests that it has in hand
constexpr uint32_t kSpare = 3;  // those that no waiting lock may have
constexpr uint32_t kSubmissions = 64;
constexpr uint64_t kBell = 0;  // user_data of the bell; entries have their address
// Where the ids of our own requests begin. The kernel looks requests up by id, and its own are
// small and even: one id twice in a queue, and a reply reaches the wrong request.
constexpr uint64_t kFirstPoke = uint64_t{1} << 62;
std::atomic<uint64_t> pokes{0};

bool isFatal(int error) {
  return error < 0 && error != -EINTR && error != -EAGAIN && error != -EBUSY;
}

// This thread on one CPU, for a scope.
class OnCpu {
 public:
  explicit OnCpu(uint16_t cpu) {
    if (::sched_getaffinity(0, sizeof(before_), &before_) != 0) return;
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(cpu, &only);
    moved_ = ::sched_setaffinity(0, sizeof(only), &only) == 0;
  }
  ~OnCpu() {
    if (moved_) ::sched_setaffinity(0, sizeof(before_), &before_);
  }

 private:
  cpu_set_t before_;
  bool moved_ = false;
};

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
      firstChannel_(firstChannel),
      entries_(queues.size() * kEntriesMax) {
  for (uint16_t cpu : queues) queues_.push_back({cpu});
}

UringRing::~UringRing() { stop(); }

int UringRing::open() {
  bell_ = ::eventfd(0, EFD_CLOEXEC);
  if (bell_ < 0) return -errno;
  if (int error = io_.open(kSubmissions); error < 0) return error;
  for (size_t i = 0; i < queues_.size() * kDepth; i++) {
    if (addEntry(i / kDepth) == nullptr) return -ENOMEM;
  }
  std::lock_guard lock(mutex_);
  return employ() ? 0 : -EAGAIN;
}

// Null: no memory. The leader's, and before there is one open()'s.
UringEntry* UringRing::addEntry(size_t number) {
  Queue& queue = queues_[number];
  size_t slot = number * kEntriesMax + queue.entries;
  auto entry = std::make_unique<UringEntry>(firstChannel_ + static_cast<uint32_t>(slot), number);
  if (!entry->allocate()) return nullptr;
  queue.entries++;
  entries_[slot] = std::move(entry);
  return entries_[slot].get();
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
  reached_ = marked_;
}

void UringRing::run(Worker& worker) {
  char name[16];
  std::snprintf(name, sizeof(name), "ram-uring-%u", queues_.front().cpu % 1000u);
  pthread_setname_np(pthread_self(), name);
  Worker::current = &worker;
  // A request that nobody waits for does not interrupt its client: it is served with the next one.
  const sched_param none{};
  pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
  std::optional<OnCpu> there;
  if (queues_.size() == 1) there.emplace(queues_.front().cpu);
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
    if ((hurries_ || io_.isEmpty()) && !enter()) return;
    io_uring_cqe completion;
    if (io_.take(&completion)) complete(worker, completion);
  }
}

// Submits what is there, and waits where nothing is to do. False: the connection ended.
bool UringRing::enter() {
  // Replies that are waited for go out by a call of their own, on whose way back a woken client
  // takes the CPU. Its next requests then find the leader awake, and are in the ring when it goes
  // on. Other replies go with them, or with the wait.
  int error = io_.enter(!hurries_ && io_.isEmpty());
  if (io_.isSubmitted()) hurries_ = false;
  if (isFatal(error)) end();
  return !ended_;
}

void UringRing::registerEntries() {
  begun_ = true;
  listen();
  for (auto& entry : entries_) {
    if (entry) submitCommand(*entry, kUringRegister, 0);
  }
}

bool UringRing::mayPark(const Queue& queue) const {
  return queue.unparked() > kSpare || (queue.entries < kEntriesMax && !exhausted_);
}

// The entry's lock, on a file, waits.
void UringRing::park(UringEntry& entry, uint64_t node) {
  Queue& queue = queues_[entry.queue];
  entry.parked = true;
  queue.parked++;
  if (queue.unparked() >= kSpare || queue.entries == kEntriesMax || exhausted_) return;
  UringEntry* further = addEntry(entry.queue);
  exhausted_ = further == nullptr;
  if (exhausted_) return;
  submitCommand(*further, kUringRegister, 0);
  while (!io_.isSubmitted()) {
    if (isFatal(io_.enter(false))) return;
  }
  poke(queue, node);
}

// Makes a request on the queue's CPU: RETRIEVE of no bytes of a file, which the kernel answers
// with one. Directories are refused (EINVAL); a lock is always on a regular file.
void UringRing::poke(const Queue& queue, uint64_t node) {
  struct {
    OutHeader header;
    RetrieveOut body;
  } notice{};
  notice.header = {sizeof(notice), static_cast<int32_t>(Notice::kRetrieve), 0};
  notice.body.unique = kFirstPoke + 2 * pokes.fetch_add(1, std::memory_order_relaxed);
  notice.body.node = node;
  OnCpu there(queue.cpu);
  // Never seen; then what is there must do.
  if (::write(device_, &notice, sizeof(notice)) < 0) exhausted_ = true;
}

void UringRing::commit(UringEntry& entry) {
  if (entry.parked) queues_[entry.queue].parked--;
  entry.parked = false;
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
  body.queue = queues_[entry.queue].cpu;
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
    return end();  // the mount is gone, or the kernel went back to /dev/fuse
  }
  serve(worker, *entry);
}

void UringRing::serve(Worker& worker, UringEntry& entry) {
  auto request = entry.request(worker.small);
  entry.hold();
  auto* in = reinterpret_cast<const InHeader*>(entry.header()->inOut);
  auto answerWith = [&](int error) {
    OutHeader reply{sizeof(reply), error, in->unique};
    send(entry.channel, std::as_bytes(std::span(&reply, 1)));
  };
  hurries_ |= !isAfterwards(in->opcode);
  if (request.empty()) return answerWith(-EIO);
  if (in->opcode == kNotifyReply) return answerWith(0);  // our own, by poke()
  if (in->opcode == kSetlkw && !mayPark(queues_[entry.queue])) return answerWith(-ENOLCK);
  const uint32_t opcode = in->opcode;
  const uint64_t node = in->node;
  handler_.handle(request, entry.channel, entry.replyMemory(request, worker.large));
  // FORGET of a name that the kernel couldn't link: over a ring it waits for an answer.
  if (isUnanswered(opcode)) return answerWith(0);
  // Answered later: a lock. Only requests that take long pass the leader's role on.
  if (worker.leader && entry.isHeld()) park(entry, node);
}

uint32_t UringRing::endChannel() const {
  return firstChannel_ + static_cast<uint32_t>(entries_.size());
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

void UringRing::mark(uint64_t mark) {
  std::lock_guard lock(mutex_);
  marked_ = std::max(marked_, mark);
  ringBell();
}

void UringRing::end() {
  ended_ = true;
  std::lock_guard lock(mutex_);
  reached_ = UINT64_MAX;
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
    // Completions come in order: what came before the bell is served.
    if (!stopping_) reached_ = marked_;
  }
  for (UringEntry* entry : posted) commit(*entry);
  hurries_ = true;
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
    reached_ = UINT64_MAX;
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
