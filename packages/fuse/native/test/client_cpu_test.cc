#include "client_cpu.h"

#include <doctest/doctest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

namespace ram::fuse {
namespace {

using namespace std::chrono_literals;

constexpr auto kFar = 30us, kNear = 3us;
constexpr uint32_t kClient = 7, kOther = 8;

struct FakeCpus final : CpuControl {
  int cpuOf(uint32_t) override { return looks++, client; }
  int cpuOfCaller() override { return caller; }
  std::chrono::nanoseconds delayOfCaller() override { return delay; }
  int client = 1, caller = 0, looks = 0;
  std::chrono::nanoseconds delay{0};
};

struct Server {
  // Serves so many requests, or until it goes to a CPU, which it returns.
  int serve(uint32_t count, std::chrono::nanoseconds waited, uint32_t client = kClient) {
    for (uint32_t i = 0; i < count; i++) {
      cpus.delay += delayEach;
      int cpu = place.served(client, waited);
      if (cpu >= 0) return cpus.caller = cpu;
    }
    return -1;
  }
  FakeCpus cpus;
  ClientCpu place{cpus};
  std::chrono::nanoseconds delayEach{0};
};

std::vector<int> allowedCpus() {
  cpu_set_t allowed;
  REQUIRE(::sched_getaffinity(0, sizeof(allowed), &allowed) == 0);
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (CPU_ISSET(cpu, &allowed)) cpus.push_back(cpu);
  }
  return cpus;
}

}  // namespace

TEST_CASE("client's cpu: the only client is followed after a row of long waits") {
  Server server;
  CHECK(server.serve(ClientCpu::kAloneMin - 1, kFar) == -1);
  CHECK(server.serve(1, kFar) == 1);
  CHECK(server.place.follows());
  server.cpus.client = 0;
  CHECK(server.serve(ClientCpu::kPeriodMin, kFar) == 0);
}

TEST_CASE("client's cpu: short waits are no reason to look: the only client is here, and stays") {
  Server server;
  CHECK(server.serve(ClientCpu::kAloneMin - 1, kNear) == -1);
  CHECK(server.serve(1, kNear) == server.cpus.caller);
  CHECK(server.place.follows());
  CHECK(server.serve(ClientCpu::kAloneMax, kNear) == -1);
  CHECK(server.cpus.looks == 0);
  server.cpus.client = 1;  // parted
  CHECK(server.serve(ClientCpu::kPeriodMin, kFar) == 1);
}

TEST_CASE("client's cpu: short waits now and then, or of a client without an id, mean nothing") {
  Server server;
  for (uint32_t i = 0; i < ClientCpu::kAloneMax; i += ClientCpu::kNearMin) {
    CHECK(server.serve(ClientCpu::kNearMin - 1, kNear, 0) == -1);
    CHECK(server.serve(1, kFar, 0) == -1);
  }
  CHECK(server.serve(ClientCpu::kAloneMax, kNear, 0) == -1);
  CHECK(server.serve(ClientCpu::kAloneMax, kFar, 0) == -1);
  CHECK(server.cpus.looks == 0);
  CHECK(!server.place.follows());
}

TEST_CASE("client's cpu: one of two clients is not followed") {
  Server server;
  for (uint32_t i = 0; i < ClientCpu::kAloneMax; i++) {
    CHECK(server.serve(ClientCpu::kAloneMin - 1, kFar) == -1);
    CHECK(server.serve(1, kFar, kOther) == -1);
  }
  CHECK(server.cpus.looks == 0);
}

TEST_CASE("client's cpu: a second client ends it at once, and for longer each time") {
  Server server;
  uint32_t alone = ClientCpu::kAloneMin;
  for (int i = 0; i < 3; i++) {
    CHECK(server.serve(alone - 1, kFar) == -1);
    CHECK(server.serve(1, kFar) == server.cpus.client);
    server.serve(1, kFar, kOther);
    CHECK(!server.place.follows());
    server.cpus.client = 1 - server.cpus.client;
    alone *= 2;
  }
  CHECK(server.serve(alone, kFar) == server.cpus.client);
  server.serve(alone * 4, kNear);
  server.place.letGo();  // it was worth it
  server.cpus.client = 1 - server.cpus.client;
  CHECK(server.serve(ClientCpu::kAloneMin, kFar) == server.cpus.client);
}

TEST_CASE("client's cpu: it is looked at ever less often while it is here, and computes") {
  Server server;
  server.cpus.client = server.cpus.caller;
  CHECK(server.serve(ClientCpu::kAloneMin + 16 * ClientCpu::kPeriodMax, kFar) == -1);
  CHECK(server.cpus.looks < 16 + 8);
}

TEST_CASE("client's cpu: where others want it too, it is let go, and for a long time") {
  Server server;
  CHECK(server.serve(ClientCpu::kAloneMin, kFar) == 1);
  server.delayEach = 2 * ClientCpu::kDelayMax;
  for (uint32_t i = 0; i < 4 * ClientCpu::kPeriodMin && server.place.follows(); i++) {
    server.serve(1, kFar);
  }
  CHECK(!server.place.follows());
  server.cpus.client = 0;
  CHECK(server.serve(ClientCpu::kAloneMax - 1, kFar) == -1);
}

TEST_CASE("client's cpu: one that is elsewhere again after each move is let go") {
  Server server;
  int moves = 0;
  for (uint32_t i = 0; i < ClientCpu::kAloneMax; i += ClientCpu::kPeriodMin) {
    moves += server.serve(ClientCpu::kPeriodMin, kFar) >= 0;
    server.cpus.client = 1 - server.cpus.caller;
  }
  CHECK(moves == ClientCpu::kCredit / ClientCpu::kMove);
}

TEST_CASE("client's cpu: following that pays goes on") {
  Server server;
  server.serve(ClientCpu::kAloneMin, kFar);
  for (int i = 0; i < 1000; i++) {
    server.cpus.client = 1 - server.cpus.caller;
    CHECK(server.serve(ClientCpu::kMove, kNear) == -1);
    CHECK(server.serve(ClientCpu::kPeriodMin, kFar) == server.cpus.client);
  }
}

TEST_CASE("client's cpu: that of a thread is found, and not of one that is gone") {
  SystemCpus cpus;
  for (int cpu : allowedCpus()) {
    std::thread([&] {
      CpuTie tie;
      tie.tie(0, cpu);
      pthread_setname_np(pthread_self(), "a) R 1 (b c");  // could be taken for fields
      CHECK(cpus.cpuOf(static_cast<uint32_t>(::gettid())) == cpu);
      CHECK(cpus.cpuOfCaller() == cpu);
    }).join();
  }
  CHECK(cpus.cpuOf(0x7fffffff) == -1);
}

TEST_CASE("client's cpu: a tie leaves a thread within its own CPUs, and gives them back") {
  std::vector<int> all = allowedCpus();
  std::thread([&] {
    CpuTie outer, tie;
    outer.tie(0, all.back());
    CHECK(outer.allows(all.front()));
    CHECK(tie.allows(all.back()));
    CHECK(!tie.allows(all.back() + 1));
    tie.tie(0, all.back() + 1);
    CHECK(allowedCpus() == std::vector{all.back()});
    tie.untie();
    outer.untie();
    CHECK(allowedCpus() == all);
    tie.tie(0, all.front());
    CHECK(allowedCpus() == std::vector{all.front()});
    tie.untie();
    CHECK(allowedCpus() == all);
  }).join();
}

}  // namespace ram::fuse
