#include "hole_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ram {
namespace {

// One for the process, which lives as long as it does: mappings outlive stores.
struct Guard {
  int fd = -1;
  int error = 0;
  PageFiller fill = nullptr;
  uint64_t pageBytes = 0;
};

int openGuard() {
  const long all = ::syscall(SYS_userfaultfd, O_CLOEXEC);
  if (all >= 0) return static_cast<int>(all);
#ifdef UFFD_USER_MODE_ONLY
  // Then a system call that reads or writes such a page is EFAULT.
  const long own = ::syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
  if (own >= 0) return static_cast<int>(own);
#endif
  return -errno;
}

void answer(const Guard& guard, uint64_t touched) {
  uffdio_range page{touched / guard.pageBytes * guard.pageBytes, guard.pageBytes};
  guard.fill(reinterpret_cast<uint8_t*>(page.start), guard.pageBytes);
  ::ioctl(guard.fd, UFFDIO_WAKE, &page);
}

void* watch(void* argument) {
  const auto& guard = *static_cast<const Guard*>(argument);
  ::pthread_setname_np(::pthread_self(), "ram-holes");
  for (;;) {
    uffd_msg message;
    const ssize_t length = ::read(guard.fd, &message, sizeof message);
    if (length < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (length != sizeof message) return nullptr;
    if (message.event == UFFD_EVENT_PAGEFAULT) answer(guard, message.arg.pagefault.address);
  }
}

int start(Guard& guard) {
  guard.pageBytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  guard.fd = openGuard();
  if (guard.fd < 0) return guard.fd;
  uffdio_api api{};
  api.api = UFFD_API;
  api.features = UFFD_FEATURE_MISSING_SHMEM;
  if (::ioctl(guard.fd, UFFDIO_API, &api) != 0) return -errno;
  pthread_t thread;
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  const int error = ::pthread_create(&thread, &attributes, watch, &guard);
  ::pthread_attr_destroy(&attributes);
  return -error;
}

Guard& theGuard(PageFiller fill) {
  static Guard* guard = [fill] {
    auto* made = new Guard;
    made->fill = fill;
    made->error = start(*made);
    return made;
  }();
  return *guard;
}

}  // namespace

int guardHoles(void* address, uint64_t bytes, PageFiller fill) {
  const Guard& guard = theGuard(fill);
  if (guard.error < 0) return guard.error;
  uffdio_register range{};
  range.range.start = reinterpret_cast<uint64_t>(address);
  range.range.len = bytes;
  range.mode = UFFDIO_REGISTER_MODE_MISSING;
  return ::ioctl(guard.fd, UFFDIO_REGISTER, &range) == 0 ? 0 : -errno;
}

}  // namespace ram
