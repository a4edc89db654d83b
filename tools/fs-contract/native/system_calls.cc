// Makes the system calls that it is told over a pipe and answers with exactly what came out. It
// knows numbers and memory only; what calls mean, and how their structures look, is TypeScript
// (src/system-calls.ts has the other end).
//
//   request   u32 length │ u8 length, name │ u8 count │ arguments
//   argument  u8 kind    │ 0 number: i64
//                        │ 1 bytes in: u32 length, bytes     (a zero byte follows them in memory)
//                        │ 2 bytes out: u32 length
//                        │ 3 both: u32 length, bytes
//                        │ 4 struct iovec[]: u32 count, for each u32 length, bytes
//                        │ 5 struct iovec[] out, parts of one: u32 count, for each u32 length
//   reply     u32 length │ i64 result, or -errno, or -2000 - signal │ all bytes out, in order
//
// One process is one client of a file system: its own user, descriptors, locks and mappings.
#include <csetjmp>
#include <csignal>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr int64_t kSignalled = -2000;
constexpr int64_t kUnknownCall = -3000;
constexpr int kArgumentsMax = 6;

/// What `run` and `start` tell the program, should it be this one.
constexpr const char* kTellUser = "--tell-user";
constexpr const char* kStay = "--stay";

struct NamedCall {
  std::string_view name;
  long number;
};

#define CALL(name) {#name, SYS_##name}
constexpr NamedCall kCalls[] = {
    CALL(accept4), CALL(bind), CALL(capget), CALL(capset), CALL(chdir), CALL(close),
    CALL(close_range), CALL(connect), CALL(copy_file_range), CALL(dup), CALL(dup3),
    CALL(epoll_create1), CALL(epoll_ctl), CALL(execveat), CALL(faccessat), CALL(faccessat2),
    CALL(fadvise64), CALL(fallocate), CALL(fchdir), CALL(fchmod), CALL(fchmodat), CALL(fchown),
    CALL(fchownat), CALL(fcntl), CALL(fdatasync), CALL(fgetxattr), CALL(flistxattr), CALL(flock),
    CALL(fremovexattr), CALL(fsetxattr), CALL(fstatfs), CALL(fsync), CALL(ftruncate),
    CALL(getdents64), CALL(getpid), CALL(getxattr), CALL(ioctl), CALL(kill), CALL(lgetxattr),
    CALL(linkat), CALL(listen), CALL(listxattr), CALL(llistxattr), CALL(lremovexattr), CALL(lseek),
    CALL(lsetxattr), CALL(madvise), CALL(mincore), CALL(mkdirat), CALL(mknodat), CALL(mlock),
    CALL(mmap), CALL(mprotect), CALL(mremap), CALL(msync), CALL(munmap), CALL(name_to_handle_at),
    CALL(open_by_handle_at), CALL(openat), CALL(openat2), CALL(pipe2), CALL(ppoll), CALL(prctl),
    CALL(pread64), CALL(preadv2), CALL(prlimit64), CALL(pwrite64), CALL(pwritev2), CALL(read),
    CALL(readahead), CALL(readlinkat), CALL(readv), CALL(removexattr), CALL(renameat2),
    CALL(sendfile), CALL(setgroups), CALL(setitimer), CALL(setresgid), CALL(setresuid),
    CALL(setxattr), CALL(socket), CALL(splice), CALL(statfs), CALL(statx), CALL(symlinkat),
    CALL(sync), CALL(sync_file_range), CALL(syncfs), CALL(tee), CALL(truncate), CALL(umask),
    CALL(unlinkat), CALL(utimensat), CALL(write), CALL(writev),
    {"fchmodat2", 452},
};
#undef CALL

struct Argument {
  long value = 0;
  char* out = nullptr;
  uint32_t outLength = 0;
};

/// Takes a request apart. The memory of its arguments lives as long as the object.
class Request {
 public:
  explicit Request(const std::string& text) : at_(text.data()) {
    uint8_t nameLength = take<uint8_t>();
    name_ = std::string_view(at_, nameLength);
    at_ += nameLength;
    count_ = take<uint8_t>();
    for (int index = 0; index < count_ && index < kArgumentsMax; ++index) takeArgument(index);
  }

  std::string_view name() const { return name_; }
  const Argument& argument(int index) const { return arguments_[index]; }
  int count() const { return count_; }
  long value(int index) const { return arguments_[index].value; }
  const char* text(int index) const { return reinterpret_cast<const char*>(value(index)); }

 private:
  template <typename T>
  T take() {
    T value;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  char* room(uint32_t length, bool filled) {
    std::vector<char>& bytes = memory_.emplace_back(length + 1, 0);
    if (filled) {
      std::memcpy(bytes.data(), at_, length);
      at_ += length;
    }
    return bytes.data();
  }

  void takeArgument(int index) {
    Argument& argument = arguments_[index];
    uint8_t kind = take<uint8_t>();
    if (kind == 0) {
      argument.value = static_cast<long>(take<int64_t>());
      return;
    }
    uint32_t length = take<uint32_t>();
    if (kind == 4) {
      for (uint32_t part = 0; part < length; ++part) {
        uint32_t size = take<uint32_t>();
        vector_.push_back({room(size, true), size});
      }
      argument.value = reinterpret_cast<long>(vector_.data());
      return;
    }
    if (kind == 5) {
      takeParts(argument, length);
      return;
    }
    char* bytes = room(length, kind != 2);
    argument.value = reinterpret_cast<long>(bytes);
    if (kind != 1) {
      argument.out = bytes;
      argument.outLength = length;
    }
  }

  void takeParts(Argument& argument, uint32_t count) {
    uint32_t total = 0;
    for (uint32_t part = 0; part < count; ++part) {
      uint32_t size = take<uint32_t>();
      vector_.push_back({nullptr, size});
      total += size;
    }
    argument.out = room(total, false);
    argument.outLength = total;
    char* at = argument.out;
    for (iovec& part : vector_) {
      part.iov_base = at;
      at += part.iov_len;
    }
    argument.value = reinterpret_cast<long>(vector_.data());
  }

  const char* at_;
  std::string_view name_;
  int count_ = 0;
  Argument arguments_[kArgumentsMax];
  std::deque<std::vector<char>> memory_;
  std::vector<iovec> vector_;
};

sigjmp_buf faulted;

void onFault(int signal) { siglongjmp(faulted, signal); }

/// peek(address, bytes out) and poke(address, bytes in, length): a mapping, by load and store.
int64_t touchMemory(const Request& request) {
  if (int signal = sigsetjmp(faulted, 1)) return kSignalled - signal;
  char* mapped = reinterpret_cast<char*>(request.value(0));
  if (request.name() == "peek") {
    std::memcpy(request.argument(1).out, mapped, request.argument(1).outLength);
  } else {
    std::memcpy(mapped, request.text(1), static_cast<size_t>(request.value(2)));
  }
  return 0;
}

/// run(path): executes a program with nothing to read; its exit status, or -errno.
/// start(path): goes on when it runs, and returns its process; `end`s it.
int64_t runProgram(const Request& request) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return -errno;
  pid_t child = fork();
  if (child == 0) {
    dup2(open("/dev/null", O_RDWR), STDIN_FILENO);
    bool stays = request.name() == "start";
    char* const arguments[] = {const_cast<char*>(request.text(0)),
                               const_cast<char*>(stays ? kStay : kTellUser), nullptr};
    char* const environment[] = {nullptr};
    execve(arguments[0], arguments, environment);
    int error = errno;
    _exit(write(report[1], &error, sizeof error) > 0 ? 126 : 127);
  }
  close(report[1]);
  int error = 0;
  bool refused = read(report[0], &error, sizeof error) == sizeof error;
  close(report[0]);
  if (request.name() == "start" && !refused) return child;
  int status = 0;
  waitpid(child, &status, 0);
  if (refused) return -error;
  return WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled - WTERMSIG(status);
}

/// end(process): kills what `start` has started.
int64_t endProgram(const Request& request) {
  pid_t child = static_cast<pid_t>(request.value(0));
  kill(child, SIGKILL);
  return waitpid(child, nullptr, 0) == child ? 0 : -errno;
}

volatile sig_atomic_t lastSignal = 0;

void onSignal(int signal) { lastSignal = signal; }

/// signal(): the last that came and did no harm, or 0; forgets it.
int64_t takeSignal() {
  int signal = lastSignal;
  lastSignal = 0;
  return signal;
}

int64_t perform(const Request& request) {
  if (request.name() == "peek" || request.name() == "poke") return touchMemory(request);
  if (request.name() == "run" || request.name() == "start") return runProgram(request);
  if (request.name() == "end") return endProgram(request);
  if (request.name() == "signal") return takeSignal();
  for (const NamedCall& call : kCalls) {
    if (call.name != request.name()) continue;
    long result = syscall(call.number, request.value(0), request.value(1), request.value(2),
                          request.value(3), request.value(4), request.value(5));
    return result == -1 ? -errno : result;
  }
  return kUnknownCall;
}

bool readAll(void* to, size_t length) {
  char* at = static_cast<char*>(to);
  while (length > 0) {
    ssize_t got = read(STDIN_FILENO, at, length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    length -= static_cast<size_t>(got);
  }
  return true;
}

bool writeAll(const std::string& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    ssize_t put = write(STDOUT_FILENO, bytes.data() + done, bytes.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    done += static_cast<size_t>(put);
  }
  return true;
}

template <typename T>
void append(std::string& reply, T value) {
  reply.append(reinterpret_cast<const char*>(&value), sizeof value);
}

bool answer(const Request& request) {
  int64_t result = perform(request);
  std::string body;
  append(body, result);
  for (int index = 0; index < request.count(); ++index) {
    const Argument& argument = request.argument(index);
    body.append(argument.out, argument.outLength);
  }
  std::string reply;
  append(reply, static_cast<uint32_t>(body.size()));
  return writeAll(reply + body);
}

}  // namespace

int main(int count, char** arguments) {
  std::string_view told = count > 1 ? arguments[1] : "";
  if (told == kTellUser) return static_cast<int>(geteuid() % 256);
  while (told == kStay) pause();
  struct sigaction action = {};
  action.sa_handler = onFault;
  sigaction(SIGBUS, &action, nullptr);
  sigaction(SIGSEGV, &action, nullptr);
  // Calls that wait end with EINTR.
  action.sa_handler = onSignal;
  for (int number : {SIGXFSZ, SIGALRM, SIGIO}) sigaction(number, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  uint32_t length = 0;
  std::string text;
  while (readAll(&length, sizeof length)) {
    text.resize(length);
    if (!readAll(text.data(), length)) return 1;
    if (!answer(Request(text))) return 1;
  }
  return 0;
}
