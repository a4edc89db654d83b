// Seeded requests, valid and spoilt, at a session over the store and over the stand-in. By hand:
//   RAM_FUZZ_SECONDS=600 pnpm test:native -tc='fuzz*'
//   RAM_FUZZ_SEED=17 RAM_FUZZ_SECONDS=0 pnpm test:native -tc='fuzz*'     once, what failed
#include <doctest/doctest.h>

#include <chrono>

#include "fuzz_run.h"
#include "store.h"

namespace ram::fuse {
namespace {

constexpr size_t kRequests = 1500;

// Calls `once` with one seed after the other until the time is over, and stops at what fails.
template <class F>
void eachSeed(double seconds, F once) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  uint64_t seed = fuzzSeed(1);
  for (bool first = true; first || std::chrono::steady_clock::now() < end; first = false, seed++) {
    CAPTURE(seed);
    const std::string wrong = once(seed);
    CHECK(wrong == "");
    if (!wrong.empty()) return;
  }
  MESSAGE("seeds up to " << seed - 1);
}

Store* makeStore(uint64_t seed) {
  StoreOptions options;
  options.maxBytes = (seed % 4 == 0 ? 2 : 16) << 20;
  options.maxInodes = seed % 5 == 0 ? 40 : 0;
  options.rootMode = 0777;
  Store* store = nullptr;
  const char* syscall = "";
  REQUIRE_MESSAGE(Store::make(options, &store, &syscall) == 0, syscall);
  return store;
}

struct Names final : DirectoryVisitor {
  std::vector<std::pair<std::string, bool>> all;  // name, whether it is a directory
  std::vector<uint64_t> inodes;
  bool visit(const DirectoryEntry& entry) override {
    if (entry.name == "." || entry.name == "..") return true;
    all.emplace_back(entry.name, entry.type == 4);
    inodes.push_back(entry.inode);
    return true;
  }
};

std::string empty(Store& store, uint64_t directory) {
  const Caller self{};
  Names names;
  if (store.readDirectory(self, directory, 0, false, &names) != 0) return "a directory is broken";
  for (size_t i = 0; i < names.all.size(); i++) {
    const auto& [name, isDirectory] = names.all[i];
    if (isDirectory) {
      if (std::string wrong = empty(store, names.inodes[i]); !wrong.empty()) return wrong;
    }
    const int error = isDirectory ? store.removeDirectory(self, directory, name)
                                  : store.unlink(self, directory, name);
    if (error != 0) return "can't remove " + name + ": " + std::to_string(error);
  }
  return "";
}

// Sound now, and empty once everything is removed that has a name.
std::string wrongStore(Store& store) {
  char report[160] = "";
  if (store.check(report, sizeof(report)) != 0) return std::string("check: ") + report;
  if (std::string wrong = empty(store, kRootInode); !wrong.empty()) return wrong;
  if (store.check(report, sizeof(report)) != 0) return std::string("check, emptied: ") + report;
  StoreUsage usage{};
  if (int error = store.usage(&usage); error != 0) return "usage: " + std::to_string(error);
  return usage.inodes == 1 ? "" : std::to_string(usage.inodes - 1) + " inodes are left";
}

std::string fuzzStore(const FuzzPlan& plan) {
  Store* store = makeStore(plan.seed);
  std::string wrong = fuzz(store, plan);
  if (wrong.empty()) wrong = wrongStore(*store);
  store->release();
  return wrong;
}

}  // namespace

TEST_CASE("fuzz: the store behind a session stays sound, and every request has its reply") {
  eachSeed(fuzzSeconds(3), [](uint64_t seed) { return fuzzStore({seed, kRequests, 1, 1}); });
}

TEST_CASE("fuzz: so it does when three threads have requests, of one or two mounts") {
  eachSeed(fuzzSeconds(2), [](uint64_t seed) {
    return fuzzStore({seed, kRequests / 2, 3, 1 + seed % 2});
  });
}

TEST_CASE("fuzz: a session over the stand-in") {
  eachSeed(fuzzSeconds(1), [](uint64_t seed) {
    FakeFileSystem files;
    return fuzz(&files, {seed, kRequests, 1, 1});
  });
}

}  // namespace ram::fuse
