#include "context.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace exercise {
namespace {

constexpr uint64_t kPage = 4096;
// Where files of the store under test, or of the kernel, change their ways.
constexpr uint64_t kEdges[] = {0,     1,      2016,          kPage,           2 * kPage,
                               65536, 131072, 2 * 1024 * 1024, 1024 * 1024};

Context* contexts[64];
std::mutex failing;

}  // namespace

Context::Context(const Options& given, unsigned number)
    : options(given),
      thread(number),
      random(given.seed + 0x1000003 * (number + 1)),
      buffer(static_cast<char*>(std::aligned_alloc(kPage, given.sizeMax / kPage * kPage + 65536))) {
  contexts[thread] = this;
}

Context::~Context() {
  contexts[thread] = nullptr;
  std::free(buffer);
}

void Context::note(const char* format, ...) {
  char* line = lines_[noted_++ % kLines];
  const int length =
      std::snprintf(line, kColumns, "%llu: ", static_cast<unsigned long long>(tally.steps));
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line + length, kColumns - static_cast<size_t>(length), format, arguments);
  va_end(arguments);
}

void Context::print() const {
  char head[64];
  std::snprintf(head, sizeof head, "thread %u, its last steps:\n", thread);
  (void)!::write(2, head, std::strlen(head));
  for (size_t i = noted_ > kLines ? noted_ - kLines : 0; i < noted_; ++i) {
    const char* line = lines_[i % kLines];
    (void)!::write(2, "  ", 2);
    (void)!::write(2, line, ::strnlen(line, kColumns));
    (void)!::write(2, "\n", 1);
  }
}

void Context::printAll() {
  for (const Context* context : contexts) {
    if (context != nullptr) context->print();
  }
}

void Context::fail(const char* format, ...) {
  failing.lock();  // for ever: the first one is what matters
  print();
  std::fprintf(stderr, "FAILED with seed %llu, thread %u, step %llu: ",
               static_cast<unsigned long long>(options.seed), thread,
               static_cast<unsigned long long>(tally.steps));
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::fputc('\n', stderr);
  ::_exit(1);
}

void Context::failCall(const char* call) { fail("%s: %s", call, std::strerror(errno)); }

void Context::fillBuffer(uint64_t length) {
  const uint64_t stamp = random.next();
  for (uint64_t i = 0; i < length; i += 8) {
    const uint64_t word = (stamp ^ i) * 0x9e3779b97f4a7c15;
    std::memcpy(buffer + i, &word, 8);
  }
}

uint64_t Context::offset(uint64_t limit) {
  if (random.percent(40)) return random.below(limit + 1);
  const uint64_t edge = kEdges[random.below(std::size(kEdges))] + random.below(5);
  const uint64_t at = edge < 2 ? edge : edge - 2;
  return random.percent(25) ? limit : std::min(at, limit);
}

uint64_t Context::length(uint64_t limit) {
  if (limit == 0) return 0;
  const uint64_t kind = random.below(100);
  uint64_t most = limit;
  if (kind < 40) most = 100;
  else if (kind < 70) most = 2 * kPage;
  else if (kind < 92) most = 131072;
  if (random.percent(20)) return std::max<uint64_t>(1, std::min(offset(most), limit));
  return 1 + random.below(std::min(most, limit));
}

}  // namespace exercise
