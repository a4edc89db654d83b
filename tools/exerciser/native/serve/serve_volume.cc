// Mounts a new Volume's store with the kernel driver, without Node, so that both can be compiled
// with sanitizers. Serves until SIGTERM, or until somebody else unmounts; then checks the store.
//
//   serve_volume [--bytes N] [--io passthrough|cached|direct] [--uring] [--locks] [--threads N]
//                [--init-flags MASK] DIRECTORY
//
// Prints "ready" when the directory can be used, and at the end what was served. Ends with 0 only
// when the store was sound, and in the mode that was asked for.
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "mount_point.h"
#include "mount_transport.h"
#include "operations.h"
#include "session.h"
#include "store.h"

namespace {

using ram::Store;
using namespace ram::fuse;

struct Wanted {
  std::string directory, io = "passthrough";
  uint64_t bytes = 256u << 20;
  uint32_t threads = 8;
  bool uring = false;
  SessionOptions session;
};

bool parse(int argc, char** argv, Wanted* out) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--uring") {
      out->uring = true;
    } else if (word == "--locks") {
      out->session.volumeLocks = true;
    } else if (word == "--bytes" || word == "--threads" || word == "--init-flags") {
      const uint64_t number = std::strtoull(value, nullptr, 0);
      if (word == "--bytes") out->bytes = number;
      else if (word == "--threads") out->threads = static_cast<uint32_t>(number);
      else out->session.initFlags = number;
      ++i;
    } else if (word == "--io") {
      out->io = value;
      ++i;
    } else if (word[0] != '-' && out->directory.empty()) {
      out->directory = word;
    } else {
      return false;
    }
  }
  out->session.direct = out->io == "direct";
  out->session.passthrough = out->io == "passthrough";
  return !out->directory.empty();
}

int failed(const char* what, int error) {
  std::fprintf(stderr, "%s: %s\n", what, std::strerror(error < 0 ? -error : error));
  return 1;
}

// What happens on the transport's threads: INIT's outcome, the end.
struct Happenings {
  int pipe[2];
  std::atomic<int> init{0};

  static void onInit(void* self, int result) {
    static_cast<Happenings*>(self)->init = result;
    static_cast<Happenings*>(self)->tell('i');
  }
  static void onEnd(void* self) { static_cast<Happenings*>(self)->tell('e'); }
  void tell(char what) {
    if (::write(pipe[1], &what, 1) != 1) std::abort();
  }
  // The next: 'i', 'e', or 't' for SIGTERM.
  char await() {
    char what;
    while (::read(pipe[0], &what, 1) != 1) {
      if (errno != EINTR) std::abort();
    }
    return what;
  }
};

int terminationPipe;

int printCounts(const Session& session, const MountTransport& transport) {
  for (uint32_t i = 0; i < kOpcodeCount; i++) {
    if (uint64_t count = session.counters.requests[i].sum()) {
      std::printf("%s %llu, ", kOperations[i].name, static_cast<unsigned long long>(count));
    }
  }
  const uint64_t strange = session.counters.unknown.sum() + session.counters.malformed.sum();
  std::printf("errors %llu, strange %llu, threads %u\n",
              static_cast<unsigned long long>(session.counters.errors.sum()),
              static_cast<unsigned long long>(strange), transport.threadsPeak());
  return session.counters.malformed.sum() == 0 ? 0 : 1;
}

int serve(Store* store, const Wanted& wanted) {
  static Happenings happenings;
  if (::pipe(happenings.pipe) != 0) return failed("pipe", errno);
  terminationPipe = happenings.pipe[1];
  ::signal(SIGTERM, [](int) { (void)!::write(terminationPipe, "t", 1); });
  const char* syscall;
  const int device = mountWithDevice({wanted.directory, "exercised", "fuse.ram",
                                      MS_NOSUID | MS_NODEV, "default_permissions,allow_other"},
                                     &syscall);
  if (device < 0) return failed(syscall, device);
  MountTransport transport(device, wanted.threads);
  Session session(store, transport, wanted.session);
  session.onInit = Happenings::onInit;
  session.onInitContext = &happenings;
  if (int error = session.attach(); error < 0) return failed("attach", error);
  using Queues = MountTransport::Queues;
  const Queues forWay = wanted.session.volumeLocks ? Queues::kWantedForLocks : Queues::kWanted;
  const Queues queues = wanted.uring ? forWay : Queues::kNone;
  if (int error = transport.start(&session, queues, Happenings::onEnd, &happenings)) {
    return failed("start", error);
  }
  char what = happenings.await();
  int result = 0;
  if (what == 'i' && happenings.init == 0) {
    const bool overUring = (session.negotiated.flags & kOverIoUring) != 0;
    const bool asAsked = overUring == wanted.uring &&
                         (session.passthrough == 1) == wanted.session.passthrough;
    if (!asAsked) result = failed("the kernel's choice", ENOTSUP);
    std::puts(asAsked ? "ready" : "not as asked");
    std::fflush(stdout);
    if (asAsked) what = happenings.await();
  } else {
    result = failed("INIT", happenings.init);
  }
  while (what != 'e') {
    // It ends when the last client lets go.
    if (::umount2(wanted.directory.c_str(), UMOUNT_NOFOLLOW | MNT_DETACH) != 0) {
      result = failed("umount", errno);
      break;
    }
    do what = happenings.await();
    while (what != 'e');
  }
  session.notifier.stop();
  transport.stop();
  transport.disconnect();
  result |= printCounts(session, transport);
  session.close();
  transport.close();
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  Wanted wanted;
  if (!parse(argc, argv, &wanted)) return std::fputs("see serve_volume.cc\n", stderr), 2;
  ram::StoreOptions options;
  options.maxBytes = wanted.bytes;
  const char* syscall = "";
  Store* store = nullptr;
  if (int error = Store::make(options, &store, &syscall); error < 0) return failed(syscall, error);
  int result = serve(store, wanted);
  char report[160] = "";
  if (int error = store->check(report, sizeof report); error < 0) {
    std::fprintf(stderr, "the store is damaged: %s\n", report);
    result = 1;
  }
  store->close();
  store->release();
  return result;
}
