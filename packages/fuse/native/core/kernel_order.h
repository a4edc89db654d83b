// For TSan alone: a client goes on after a reply, so what it asks for next comes after all that was
// done before the reply. TSan knows that of one descriptor's read(2) and write(2), not of clones,
// nor of io_uring.
#pragma once

#ifdef __SANITIZE_THREAD__
extern "C" {
void __tsan_acquire(void*);
void __tsan_release(void*);
}
#endif

namespace ram::fuse {

inline void beginAfterReplies([[maybe_unused]] void* mount) {
#ifdef __SANITIZE_THREAD__
  __tsan_acquire(mount);
#endif
}

inline void endBeforeReply([[maybe_unused]] void* mount) {
#ifdef __SANITIZE_THREAD__
  __tsan_release(mount);
#endif
}

}  // namespace ram::fuse
