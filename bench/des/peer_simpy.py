"""One run of SimPy: python3 peer_simpy.py WORKLOAD REQUESTS [SEED]. Needs Debian's python3-simpy3, or simpy from PyPI."""

import json
import random
import resource
import sys
import time

import simpy

workload, requests = sys.argv[1], int(sys.argv[2])
rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
env = simpy.Environment()
waited = 0.0
total = 0.0


def exponential(mean):
    return lambda: rng.expovariate(1.0 / mean)


def measured(mean):
    values = [mean * (0.855 + i / 100) for i in range(30)]
    return lambda: rng.choice(values)


class Servers:
    """So many servers, first come, first served."""

    def __init__(self, count, service):
        self.resource = simpy.Resource(env, count)
        self.service = service

    def serve(self):
        global waited
        came = env.now
        with self.resource.request() as granted:
            yield granted
            if workload == "mm1":
                waited += env.now - came
            yield env.timeout(self.service())


class Quota(Servers):
    """One server whose processor time is given anew each period."""

    def __init__(self, service, cores, period):
        super().__init__(1, service)
        self.full = cores * period
        self.left = self.full
        self.period = period
        self.end = period

    def serve(self):
        with self.resource.request() as granted:
            yield granted
            work = self.service()
            while work > 1e-12:
                if env.now >= self.end - 1e-12:
                    self.end = (int(env.now / self.period + 1e-9) + 1) * self.period
                    self.left = self.full
                if self.left <= 1e-12:
                    yield env.timeout(max(0.0, self.end - env.now))
                    continue
                run = min(work, self.left, self.end - env.now)
                yield env.timeout(run)
                work -= run
                self.left -= run


class Batches:
    """Servers that take up to so many requests at a time, which wait a little for others."""

    def __init__(self, count, service, size, wait, marginal):
        self.line = []
        self.idle = count
        self.service = service
        self.size, self.wait, self.marginal = size, wait, marginal

    def serve(self):
        done = env.event()
        self.line.append((env.now, done))
        if len(self.line) == 1:
            env.process(self.due(self.line[0]))
        self.start()
        yield done

    def due(self, first):
        yield env.timeout(self.wait)
        if self.line and self.line[0] is first:
            self.start()

    def start(self):
        while self.idle > 0 and self.line:
            if len(self.line) < self.size and env.now - self.line[0][0] < self.wait - 1e-12:
                return
            batch, self.line = self.line[: self.size], self.line[self.size :]
            self.idle -= 1
            env.process(self.run(batch))
            if self.line:
                env.process(self.due(self.line[0]))

    def run(self, batch):
        yield env.timeout(self.service() * (1 + self.marginal * (len(batch) - 1)))
        self.idle += 1
        self.start()
        for _, done in batch:
            done.succeed()


STOPS = {
    "mm1": lambda: [Servers(1, exponential(1.0))],
    "tandem": lambda: [
        Servers(1, exponential(0.008)),
        Servers(1, lambda: 0.005),
        Servers(4, exponential(0.032)),
        Servers(1, lambda: 0.006),
        Servers(16, exponential(0.128)),
    ],
    "featured": lambda: [
        Quota(measured(0.008), 0.95, 0.02),
        Servers(1, lambda: 0.005),
        Batches(2, measured(0.02), 4, 0.005, 0.25),
        Servers(1, lambda: 0.006),
        Servers(16, measured(0.128)),
    ],
}
stops = STOPS[workload]()
gap = exponential(1.25 if workload == "mm1" else 0.01)


def request():
    global total
    came = env.now
    for stop in stops:
        yield from stop.serve()
    total += env.now - came


def source():
    for _ in range(requests):
        yield env.timeout(gap())
        env.process(request())


env.process(source())
start = time.perf_counter()
env.run()
seconds = time.perf_counter() - start
figures = {
    "events_per_s": (2 if workload == "mm1" else 6) * requests / seconds,
    "mean_wait_s" if workload == "mm1" else "mean_latency_s": (waited if workload == "mm1" else total) / requests,
    "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}
print(json.dumps(figures))
