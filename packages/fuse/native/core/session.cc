#include "session.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "kernel_order.h"
#include "operations.h"
#include "subdirectory.h"

namespace ram::fuse {

Session::Session(FileSystem* fileSystem, Transport& transport, const SessionOptions& options)
    : fileSystem(*fileSystem),
      options(options),
      transport(transport),
      notifier(transport),
      locks(LockTable::of(fileSystem)) {
  fileSystem->retain();
}

int Session::attach() {
  if (int error = notifier.start(); error < 0) return error;
  int number = fileSystem.attach(&notifier);
  if (number < 0) return number;
  std::lock_guard lock(closeMutex_);
  mount = static_cast<uint32_t>(number);
  open_ = true;
  if (options.root.empty()) return 0;
  if (int error = findDirectory(fileSystem, mount, options.root, &root)) return error;
  notifier.useRoot(root);
  return 0;
}

void Session::close() {
  std::lock_guard lock(closeMutex_);
  if (open_) {
    fileSystem.detach(mount);
    locks->releaseMount(mount);
  }
  open_ = false;
  notifier.stop();
  if (locks) fileSystem.release();
  locks.reset();
}

void Session::handle(std::span<const std::byte> bytes, uint32_t channel,
                     std::span<std::byte> replyMemory) {
  beginAfterReplies(this);
  Request request;
  if (parseRequest(bytes, &request) != 0) {
    counters.malformed.add(1);
    if (bytes.size() < sizeof(InHeader)) return;
    auto* header = reinterpret_cast<const InHeader*>(bytes.data());
    if (header->unique == 0 || isUnanswered(header->opcode)) return;
    transport.send(channel, Reply(replyMemory).finish(header->unique, -EIO));
    return;
  }
  request.channel = channel;
  request.caller.mount = mount;
  request.root = root;
  Reply reply(replyMemory);
  int64_t result = dispatch(request, reply);
  if (result == kNoReply) return;
  // -ENOSYS: the kernel does without from now on.
  if (result < 0 && result != -ENOSYS) counters.errors.add(1);
  auto answer = reply.finish(request.header->unique, result);
  endBeforeReply(this);
  int sent = transport.send(channel, answer);
  if (initialized) finishInit();
  if (sent >= 0) return;
  undo(request, reply);
  if (request.header->opcode == kReaddirplus && result > 0) {
    forgetEntries(*this, request.caller, answer.subspan(sizeof(OutHeader)));
  }
}

// The kernel has the reply to INIT, and sends no other request before this returns.
void Session::finishInit() {
  int result = *initialized;
  initialized.reset();
  if (result == 0 && options.passthrough) passthrough = startPassthrough();
  if (result == 0 && (negotiated.flags & kOverIoUring) != 0) transport.startQueues();
  if (onInit != nullptr) onInit(onInitContext, result);
}

// Tries with a file of its own whether this process may.
int Session::startPassthrough() {
  if ((negotiated.flags & kPassthrough) == 0) return -EOPNOTSUPP;
  int file = ::memfd_create("ram-probe", MFD_CLOEXEC);
  if (file < 0) return -errno;
  int id = transport.openBacking(file);
  if (id > 0) transport.closeBacking(id);
  ::close(file);
  if (id <= 0) return id < 0 ? id : -EIO;
  int error = fileSystem.passThrough(mount, this);
  return error < 0 ? error : 1;
}

int64_t Session::dispatch(Request& request, Reply& reply) {
  uint32_t opcode = request.header->opcode;
  const Operation* operation = opcode < kOpcodeCount ? &kOperations[opcode] : nullptr;
  if (operation == nullptr || operation->handler == nullptr) {
    counters.unknown.add(1);
    return -ENOSYS;
  }
  counters.requests[opcode].add(1);
  if (opcode != kInit && !ready.load(std::memory_order_acquire)) {
    return isUnanswered(opcode) ? kNoReply : -EIO;
  }
  if (opcode >= negotiated.opcodeEnd) return -ENOSYS;
  // Root that acts for somebody else (setfsuid).
  if (options.rootOnly && operation->byRights && request.caller.uid != 0) return -EACCES;
  if (operation->mayTakeLong) transport.expectDelay();
  int64_t result = run(*operation, request, reply);
  if (result != -ENOSPC) return result;
  retryWithFreedSpace(request, [&] {
    result = run(*operation, request, reply);
    return result != -ENOSPC;
  });
  return result;
}

// The request is a copy: handlers consume its arguments.
int64_t Session::run(const Operation& operation, Request request, Reply& reply) {
  if (operation.givesBack) freedSpace.coming();
  int64_t result = operation.handler(*this, request, reply);
  if (operation.frees && (result >= 0 || result == kNoReply)) freedSpace.expect();
  if (!operation.givesBack) return result;
  if (held_.load(std::memory_order_relaxed) != 0) lowerHeld();
  freedSpace.arrived();
  return result;
}

// Until something is given back after arrivals() were `seen`. False: none seems to be on its way.
bool Session::awaitArrival(uint64_t seen, Patience& patience) {
  if (patience.isSpent()) return false;
  do {
    const bool awaits = fileSystem.awaitedForgets() > held_.load();
    const bool isNear = awaits && (transport.isPending() || freedSpace.isComing());
    // The last close of a deleted file may lie in the queue of another CPU.
    if (isNear || !transport.hasReached(patience.mark)) patience.renew();
    if (freedSpace.wait(seen, patience.nextLook())) return true;
  } while (!patience.isOver());
  return false;
}

// What somebody held was forgotten after all. Returns how many there are.
uint32_t Session::lowerHeld() {
  const uint32_t awaited = fileSystem.awaitedForgets();
  uint32_t held = held_.load();
  while (awaited < held && !held_.compare_exchange_weak(held, awaited)) {
  }
  return awaited;
}

void Session::awaitForgotten() {
  if (lowerHeld() <= held_.load() || !transport.expectDelay()) return;
  Patience patience(transport.mark());
  for (;;) {
    uint64_t seen = freedSpace.arrivals();
    uint32_t left = fileSystem.awaitedForgets();
    if (left <= held_.load()) return;
    if (awaitArrival(seen, patience)) continue;
    held_.store(left);
    return;
  }
}

// The kernel never took the reply (its client was killed): it does not hold what it granted.
void Session::undo(const Request& request, const Reply& reply) {
  if (reply.openedInode != 0) {
    if (!reply.openedDirectory) ioModes.close(reply.openedInode, reply.openedForWriting);
    fileSystem.close(request.caller, reply.openedInode, reply.openedHandle);
  }
  if (reply.grantedInode != 0 && reply.grantedInode != root) {
    fileSystem.forget(request.caller, reply.grantedInode, 1);
  }
}

void Session::lockSettled(uint64_t unique, uint32_t channel, int result) {
  alignas(8) std::byte memory[sizeof(OutHeader)];
  transport.send(channel, Reply(memory).finish(unique, result));
}

}  // namespace ram::fuse
