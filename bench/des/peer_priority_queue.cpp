// One run of a plain event loop over std::priority_queue: peer_priority_queue WORKLOAD REQUESTS [SEED].
// What a C++ programmer writes in an afternoon: events by value in a binary heap, queues as deques, no allocation per event
// beyond theirs, exponential variates by inversion from xoshiro256++ (Blackman and Vigna, 2021).
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <queue>
#include <vector>

namespace {

class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (auto& word : state_) {
      seed += 0x9e3779b97f4a7c15u;
      std::uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
      word = z ^ (z >> 31);
    }
  }
  double exponential(double mean) { return -mean * std::log(((next() >> 11) + 1) * 0x1p-53); }

 private:
  static std::uint64_t rotate(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  std::uint64_t next() {
    const std::uint64_t result = rotate(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  std::uint64_t state_[4];
};

struct Event {
  double time;
  std::uint64_t sequence;
  std::uint32_t station;  // that completes a service; beyond the last: an arrival
  std::uint32_t request;
  bool operator<(const Event& other) const {
    return time > other.time || (time == other.time && sequence > other.sequence);
  }
};

struct Station {
  int servers;
  double mean;
  bool constant;
  int busy = 0;
  std::deque<std::uint32_t> line = {};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const bool mm1 = std::strcmp(argv[1], "mm1") == 0;
  const std::uint32_t requests = std::strtoul(argv[2], nullptr, 10);
  Random random(argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1);
  std::vector<Station> stations;
  if (mm1) {
    stations = {{1, 1.0, false}};
  } else {
    stations = {{1, 0.008, false}, {1, 0.005, true}, {4, 0.032, false}, {1, 0.006, true}, {16, 0.128, false}};
  }
  const double gap = mm1 ? 1.25 : 0.01;
  const std::uint32_t arrival = stations.size();

  const auto start = std::chrono::steady_clock::now();
  std::priority_queue<Event> events;
  std::vector<double> came(requests);
  std::uint64_t sequence = 0;
  std::uint64_t executed = 0;
  std::uint32_t arrived = 0;
  double waited = 0;
  double total = 0;
  double now = 0;
  const auto serve = [&](std::uint32_t at, std::uint32_t request) {
    Station& station = stations[at];
    if (mm1) waited += now - came[request];
    const double service = station.constant ? station.mean : random.exponential(station.mean);
    events.push({now + service, sequence++, at, request});
  };
  const auto enter = [&](std::uint32_t at, std::uint32_t request) {
    Station& station = stations[at];
    if (station.busy < station.servers) {
      station.busy++;
      serve(at, request);
    } else {
      station.line.push_back(request);
    }
  };
  events.push({random.exponential(gap), sequence++, arrival, 0});
  while (!events.empty()) {
    const Event event = events.top();
    events.pop();
    now = event.time;
    executed++;
    if (event.station == arrival) {
      came[event.request] = now;
      if (++arrived < requests) events.push({now + random.exponential(gap), sequence++, arrival, arrived});
      enter(0, event.request);
      continue;
    }
    Station& station = stations[event.station];
    if (station.line.empty()) {
      station.busy--;
    } else {
      const std::uint32_t next = station.line.front();
      station.line.pop_front();
      serve(event.station, next);
    }
    if (event.station + 1 < arrival) {
      enter(event.station + 1, event.request);
    } else {
      total += now - came[event.request];
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  std::printf("{\"events_per_s\":%.0f,\"%s\":%.9g,\"peak_rss_mb\":%.1f}\n", executed / seconds,
              mm1 ? "mean_wait_s" : "mean_latency_s", (mm1 ? waited : total) / requests, usage.ru_maxrss / 1024.0);
}
