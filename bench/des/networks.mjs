// The workloads as networks of Tierwise's simulator.
const exponential = (mean) => ({ kind: "exponential", mean });
/** Thirty service times as a profile keeps them, around this mean. */
const measured = (mean) => ({
  kind: "empirical",
  values: Array.from({ length: 30 }, (_, i) => mean * (0.855 + i / 100)),
});

export const NETWORKS = {
  mm1: {
    stations: { server: {} },
    classes: {
      customer: {
        arrivals: { kind: "renewal", gap: exponential(1.25) },
        route: [{ station: "server", work: exponential(1) }],
      },
    },
  },
  tandem: {
    stations: { mobile: {}, uplink: {}, edge: { servers: 4 }, backbone: {}, cloud: { servers: 16 } },
    classes: {
      request: {
        arrivals: { kind: "renewal", gap: exponential(0.01) },
        route: [
          { station: "mobile", work: exponential(0.008) },
          { station: "uplink", work: 0.005 },
          { station: "edge", work: exponential(0.032) },
          { station: "backbone", work: 0.006 },
          { station: "cloud", work: exponential(0.128) },
        ],
      },
    },
  },
  featured: {
    stations: {
      mobile: { quota: { cores: 0.95, period_s: 0.02 } },
      uplink: {},
      edge: { servers: 2, batch: { size: 4, wait_s: 0.005, marginal: 0.25 } },
      backbone: {},
      cloud: { servers: 16 },
    },
    classes: {
      request: {
        arrivals: { kind: "renewal", gap: exponential(0.01) },
        route: [
          { station: "mobile", work: measured(0.008) },
          { station: "uplink", work: 0.005 },
          { station: "edge", work: measured(0.02) },
          { station: "backbone", work: 0.006 },
          { station: "cloud", work: measured(0.128) },
        ],
      },
    },
  },
};
