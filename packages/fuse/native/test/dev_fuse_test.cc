// The transport over a pair of sockets in place of the device: same reads and writes, no clones.
#include "dev_fuse.h"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "few_threads.h"
#include "harness.h"
#include "protocol.h"

namespace ram::fuse {
namespace {

struct Echo final : RequestHandler {
  void handle(std::span<const std::byte> request, uint32_t channel,
              std::span<std::byte>) override {
    std::string_view text(reinterpret_cast<const char*>(request.data()), request.size());
    if (text == "slow") {
      transport->expectDelay();
      std::unique_lock lock(mutex);
      wake.wait(lock, [&] { return released; });
    }
    if (text == "limit") limitThreads();
    if (text == "alone?") text = transport->expectDelay() ? "no" : "yes";
    transport->send(channel, std::as_bytes(std::span(text)));
  }
  DevFuse* transport = nullptr;
  std::mutex mutex;
  std::condition_variable wake;
  bool released = false;  // guarded by mutex
};

struct Pair {
  Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets) == 0); }
  ~Pair() { ::close(sockets[1]); }
  std::string exchange(std::string_view text) {
    send(text);
    return receive();
  }
  void send(std::string_view text) {
    REQUIRE(::write(sockets[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  std::string receive() {
    char buffer[100];
    ssize_t length = ::read(sockets[1], buffer, sizeof(buffer));
    return std::string(buffer, length > 0 ? static_cast<size_t>(length) : 0);
  }
  int sockets[2];
};

}  // namespace

TEST_CASE("transport: requests are served by one thread") {
  Pair pair;
  DevFuse transport(pair.sockets[0], 4);
  Echo echo;
  echo.transport = &transport;
  REQUIRE(transport.start(&echo, nullptr, nullptr) == 0);
  for (int i = 0; i < 100; i++) CHECK(pair.exchange("request") == "request");
  CHECK(transport.threadsPeak() == 1);
}

TEST_CASE("transport: a request that takes long does not keep others waiting") {
  Pair pair;
  DevFuse transport(pair.sockets[0], 4);
  Echo echo;
  echo.transport = &transport;
  REQUIRE(transport.start(&echo, nullptr, nullptr) == 0);
  pair.send("slow");
  CHECK(pair.exchange("quick") == "quick");
  {
    std::lock_guard lock(echo.mutex);
    echo.released = true;
    echo.wake.notify_all();
  }
  CHECK(pair.receive() == "slow");
}

TEST_CASE("transport: FORGETs that are gathered are served, and keep nobody from stopping it") {
  Pair pair;
  DevFuse transport(pair.sockets[0], 4);
  Echo echo;
  echo.transport = &transport;
  REQUIRE(transport.start(&echo, nullptr, nullptr) == 0);
  transport.gatherForgets();
  InHeader forget{};
  forget.opcode = kForget;
  std::string text(reinterpret_cast<const char*>(&forget), sizeof(forget));
  for (int i = 0; i < 20; i++) CHECK(pair.exchange(text) == text);
  pair.send(text);
  pair.receive();
  transport.stop();
  CHECK(transport.threads() == 0);
}

TEST_CASE("transport: a client that goes from one CPU to another gets its answers") {
  cpu_set_t all, only;
  REQUIRE(::sched_getaffinity(0, sizeof(all), &all) == 0);
  Pair pair;
  DevFuse transport(pair.sockets[0], 4);
  Echo echo;
  echo.transport = &transport;
  REQUIRE(transport.start(&echo, nullptr, nullptr) == 0);
  InHeader header{};
  header.opcode = kLookup;
  header.pid = static_cast<uint32_t>(::gettid());
  std::string request(reinterpret_cast<const char*>(&header), sizeof(header));
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &all)) continue;
    CPU_ZERO(&only);
    CPU_SET(cpu, &only);
    REQUIRE(::sched_setaffinity(0, sizeof(only), &only) == 0);
    for (int i = 0; i < 1000; i++) {
      auto end = std::chrono::steady_clock::now() + 2 * ClientCpu::kNear;
      while (std::chrono::steady_clock::now() < end) {
      }
      CHECK(pair.exchange(request) == request);
    }
  }
  ::sched_setaffinity(0, sizeof(all), &all);
  CHECK(transport.threadsPeak() <= 2);  // whether they are ever apart is up to the scheduler
}

TEST_CASE("transport: without the first thread it does not start") {
  Pair pair;
  CHECK(inChild([&] {
    DevFuse transport(pair.sockets[0], 4);
    Echo echo;
    limitThreads();
    return transport.start(&echo, nullptr, nullptr) < 0 && transport.threads() == 0;
  }));
  ::close(pair.sockets[0]);
}

TEST_CASE("transport: where no more threads can be had, those that there are go on") {
  Pair pair;
  CHECK(inChild([&] {
    DevFuse transport(pair.sockets[0], 4);
    Echo echo;
    echo.transport = &transport;
    if (transport.start(&echo, nullptr, nullptr) != 0) return false;
    return pair.exchange("limit") == "limit" && pair.exchange("alone?") == "yes" &&
           pair.exchange("alone?") == "yes" && transport.threads() == 1;
  }));
  ::close(pair.sockets[0]);
}

TEST_CASE("transport: stop gets a waiting thread out") {
  Pair pair;
  DevFuse transport(pair.sockets[0], 4);
  Echo echo;
  echo.transport = &transport;
  REQUIRE(transport.start(&echo, nullptr, nullptr) == 0);
  CHECK(pair.exchange("x") == "x");
  transport.stop();
  CHECK(transport.threads() == 0);
  transport.disconnect();
  CHECK(pair.receive().empty());  // the other side sees the end
  transport.stop();
}

TEST_CASE("transport: the end of the connection is told once") {
  Pair pair;
  DevFuse transport(pair.sockets[0], 4);
  Echo echo;
  echo.transport = &transport;
  std::atomic<int> ends{0};
  auto onEnd = [](void* context) { ++*static_cast<std::atomic<int>*>(context); };
  REQUIRE(transport.start(&echo, onEnd, &ends) == 0);
  CHECK(pair.exchange("x") == "x");
  ::shutdown(pair.sockets[1], SHUT_RDWR);
  while (ends == 0) std::this_thread::yield();
  transport.stop();
  CHECK(ends == 1);
}

}  // namespace ram::fuse
