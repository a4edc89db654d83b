#include "client_pair.h"

#include <doctest/doctest.h>

namespace ram::fuse {
namespace {

// Requests of two clients in turn; every `overlap`-th was there at once. The number of the one with
// which they count as two, or 0.
int countUntilTwo(ClientPair& pair, int requests, int overlap) {
  for (int i = 1; i <= requests; i++) {
    if (pair.served(10 + static_cast<uint32_t>(i % 2), i % overlap == 0)) return i;
  }
  return 0;
}

}  // namespace

TEST_CASE("client pair: two clients that ask while the other one waits") {
  ClientPair pair;
  const int first = countUntilTwo(pair, 1000, 2);
  CHECK(first > 0);
  CHECK(first < 64);
  CHECK(pair.other() == 10 + static_cast<uint32_t>((first + 1) % 2));
  CHECK(countUntilTwo(pair, 16, 2) == 0);  // anew
  CHECK(countUntilTwo(pair, 1000, 2) > 0);
}

TEST_CASE("client pair: clients that take turns are not two at a time") {
  ClientPair pair;
  CHECK(countUntilTwo(pair, 100'000, 1'000'000) == 0);
  CHECK(countUntilTwo(pair, 100'000, ClientPair::kLooks) == 0);  // a chance one now and then
}

TEST_CASE("client pair: one client is none, however quick it is") {
  ClientPair pair;
  for (int i = 0; i < 100'000; i++) REQUIRE(!pair.served(7, true));
  // Nor with another one now and then.
  for (int i = 0; i < 100'000; i++) REQUIRE(!pair.served(i % 16 == 0 ? 8 : 7, true));
}

TEST_CASE("client pair: two readers share as long as both clients ask, and not for ever") {
  ClientPair pair;
  CHECK(!pair.isShared());
  pair.beginSharing();
  int requests = 0;
  while (pair.isShared() && requests < 2 * ClientPair::kShared) {
    pair.sharedOne(10 + static_cast<uint32_t>(requests % 2), requests % 4 == 0);
    requests++;
  }
  CHECK(requests == ClientPair::kShared);
  CHECK(pair.shared(true) == ClientPair::kShared / 4);
  CHECK(pair.shared(false) == 3 * ClientPair::kShared / 4);
}

TEST_CASE("client pair: sharing ends when only one client still asks") {
  ClientPair pair;
  pair.beginSharing();
  pair.sharedOne(11, false);
  int requests = 0;
  while (pair.isShared() && requests < ClientPair::kShared) {
    pair.sharedOne(10, true);
    requests++;
  }
  CHECK(requests == ClientPair::kInRowMax + 2);
  pair.beginSharing();
  pair.sharedOne(10, true);
  CHECK(pair.isShared());  // counted anew
  pair.endSharing();
  CHECK(!pair.isShared());
}

}  // namespace ram::fuse
