#include "page_pool.h"

#include <algorithm>

namespace ram {

void RunSet::erase(std::map<uint32_t, uint32_t>::iterator run) {
  byLength_.erase({run->second, run->first});
  pages_ -= run->second;
  byStart_.erase(run);
}

void RunSet::insert(uint32_t start, uint32_t length) {
  auto next = byStart_.lower_bound(start);
  if (next != byStart_.end() && next->first == start + length) {
    length += next->second;
    auto gone = next++;
    erase(gone);
  }
  if (next != byStart_.begin()) {
    auto previous = std::prev(next);
    if (previous->first + previous->second == start) {
      start = previous->first;
      length += previous->second;
      erase(previous);
    }
  }
  byStart_.emplace(start, length);
  byLength_.emplace(length, start);
  pages_ += length;
}

uint32_t RunSet::take(uint32_t length) {
  const auto fit = byLength_.lower_bound({length, 0});
  if (fit == byLength_.end()) return 0;
  const auto [found, start] = *fit;
  erase(byStart_.find(start));
  if (found > length) insert(start + length, found - length);
  return start;
}

bool RunSet::remove(uint32_t start, uint32_t length) {
  auto run = byStart_.upper_bound(start);
  if (run == byStart_.begin()) return false;
  --run;
  const auto [runStart, runLength] = *run;
  if (runStart + runLength < start + length) return false;
  erase(run);
  if (runStart < start) insert(runStart, start - runStart);
  if (runStart + runLength > start + length) {
    insert(start + length, runStart + runLength - start - length);
  }
  return true;
}

void RunSet::clear() {
  byStart_.clear();
  byLength_.clear();
  pages_ = 0;
}

uint32_t RunSet::takeBehind(uint32_t start, uint32_t most) {
  const auto run = byStart_.find(start);
  if (run == byStart_.end()) return 0;
  const uint32_t length = std::min(run->second, most);
  remove(start, length);
  return length;
}

}  // namespace ram
