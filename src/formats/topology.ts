import { z } from "zod";
import { unknownName } from "./names.ts";
import { type CodecName, codecSchema } from "./profile.ts";
import { quantityOf } from "./quantities.ts";
import { parseYaml } from "./yaml.ts";

const name = z.string().regex(/^[^\s>:,]+$/, "a name has no spaces and none of > : ,");

const price = z.number().nonnegative().finite();

const deviceDocument = z.strictObject({
  speed: z
    .number()
    .positive()
    .finite()
    .describe("speed relative to the profiled host, on as many threads: profiled seconds are divided by it"),
  note: z.string().optional().describe("where the figure is from: a measurement, a data sheet, an assumption"),
  power: quantityOf(["power"], "what it draws while it works, beyond what it draws when idle", "5 W").optional(),
  price_per_hour: price.optional().describe("of an hour of work, in any currency; the same one everywhere"),
});

const tierDocument = z.strictObject({
  name: name.describe("how placements and links call the tier"),
  device: z
    .string()
    .default("host")
    .describe('one of devices; "host", the profiled machine itself at speed 1, needs no entry there'),
  threads: z.number().int().positive().default(1).describe("intra-op threads; a profile with as many must exist"),
  cpu_quota: z
    .number()
    .positive()
    .finite()
    .optional()
    .describe("processor quota in cores, as a container limit sets it; left out: all that the threads can use"),
  cpu_period: quantityOf(["duration"], "accounting period of the quota (CFS bandwidth control)", "100 ms").prefault(
    "100 ms",
  ),
  host: name
    .optional()
    .describe("one of hosts, whose cores the tier shares with other tiers; left out: cores of its own"),
  memory: quantityOf(["size"], "memory for models and activations; left out: not limited", "4 GiB").optional(),
});

const bandwidth = quantityOf(["bandwidth"], "sustained rate; a plain number is in bit/s", "50 Mbit/s").refine(
  (reading) => reading.amount > 0,
  "must be above zero",
);
const delay = quantityOf(["duration"], "one-way propagation delay; a plain number is in seconds", "10 ms");
const burst = quantityOf(
  ["size", "duration"],
  "what the shaper lets pass at once: a size, or a time for so long at the bandwidth (token bucket depth)",
  "200 kB",
);

const linkDocument = z.strictObject({
  from: z.string(),
  to: z.string(),
  bandwidth,
  delay: delay.prefault("0 s"),
  burst: burst.prefault("0 B"),
  duplex: z.boolean().default(true).describe("whether the same link exists in the other direction too"),
  reverse: z
    .strictObject({ bandwidth: bandwidth.optional(), delay: delay.optional(), burst: burst.optional() })
    .optional()
    .describe("what differs in the other direction, such as the bandwidth of an uplink"),
  energy: quantityOf(
    ["energy per size"],
    "that both ends spend on what travels, in either direction",
    "50 nJ/B",
  ).optional(),
  price_per_gigabyte: price.optional().describe("of what travels, in either direction, in the devices' currency"),
});

const document = z.strictObject({
  format: z.literal("tierwise/topology").optional(),
  version: z.literal(1).optional(),
  name: z.string().optional().describe("left out: the name of the file"),
  description: z.string().optional(),
  session: z
    .enum(["warm", "cold"])
    .default("warm")
    .describe("warm: sessions exist before the request; cold: each request creates its sessions"),
  codec: codecSchema.shape.codec.default("raw").describe("how tensors travel, unless a prediction asks for another"),
  enters: z.string().optional().describe("tier at which requests enter and answers leave; left out: the first"),
  devices: z.record(z.string(), deviceDocument).default({}).describe("kinds of hardware, by name"),
  hosts: z
    .record(name, z.strictObject({ cores: z.number().positive().finite() }))
    .default({})
    .describe("machines that several tiers run on, by name; only requests under load notice"),
  tiers: z.array(tierDocument).min(1).describe("from the users inwards; segments are placed in this order"),
  links: z.array(linkDocument).default([]),
});

/** A place that can run a segment. */
export interface Tier {
  readonly name: string;
  readonly device: string;
  /** Relative to the profiled host on as many threads; above 0. */
  readonly speed: number;
  /** Where the speed is from; empty if nothing is said. */
  readonly note: string;
  readonly threads: number;
  /** Cores; null where the tier has no quota. */
  readonly cpu_quota: number | null;
  readonly cpu_period_s: number;
  /** Name of the machine whose cores it shares; undefined where its cores are its own. */
  readonly host?: string | undefined;
  /** Null where memory is not limited. */
  readonly memory_bytes: number | null;
  /** Watts while it works, beyond idle; null where nobody said. */
  readonly power_w: number | null;
  /** Price of a second of work, in the topology's currency; null where nobody said. */
  readonly price_per_s: number | null;
}

/** One direction of a link. Its bucket holds `burst_bytes`, and `burst_s` seconds of its own bandwidth, together. */
export interface Link {
  readonly from: string;
  readonly to: string;
  /** Bit/s, above 0. */
  readonly bandwidth_bps: number;
  readonly delay_s: number;
  readonly burst_bytes: number;
  readonly burst_s: number;
  /** Joules for each byte; null where nobody said. */
  readonly energy_j_per_byte: number | null;
  /** Price of each byte; null where nobody said. */
  readonly price_per_byte: number | null;
}

/** A topology as the program uses it: SI numbers, devices resolved, every link directed. */
export interface Topology {
  readonly name: string;
  readonly description: string;
  readonly session: "warm" | "cold";
  readonly codec: CodecName;
  readonly enters: string;
  readonly tiers: readonly Tier[];
  readonly links: readonly Link[];
  /** Machines that several tiers run on, by name. */
  readonly hosts?: Readonly<Record<string, { readonly cores: number }>>;
}

/** Until the name of its file is known. */
const UNNAMED = "topology";

/**
 * The topology file: devices, tiers in their order, and links. It parses to a {@link Topology}, and
 * `z.toJSONSchema(topologySchema, { io: "input" })` is its published JSON Schema.
 */
export const topologySchema = document.transform((written, context): Topology => {
  const problem = (path: PropertyKey[], message: string) => {
    context.issues.push({ code: "custom", message, path, input: written });
  };
  const devices = new Map<string, Device>(
    Object.entries({ host: { speed: 1, note: "the profiled host" }, ...written.devices }),
  );
  const names = written.tiers.map((tier) => tier.name);
  const knownTier = (tier: string, path: PropertyKey[]) => {
    if (!names.includes(tier)) problem(path, unknownName("tier", tier, names).message);
  };

  const tiers = written.tiers.map((tier, i): Tier => {
    const device = devices.get(tier.device);
    if (names.indexOf(tier.name) !== i) problem(["tiers", i, "name"], `tier "${tier.name}" is there twice`);
    if (!device) {
      problem(["tiers", i, "device"], unknownName("device", tier.device, [...devices.keys()]).message);
    }
    const host = tier.host === undefined ? undefined : written.hosts[tier.host];
    if (tier.host !== undefined && !host) {
      problem(["tiers", i, "host"], unknownName("host", tier.host, Object.keys(written.hosts)).message);
    }
    if (host && tier.threads > host.cores) {
      problem(["tiers", i, "threads"], `its host "${tier.host}" has only ${host.cores} cores`);
    }
    if (tier.cpu_period.amount === 0) problem(["tiers", i, "cpu_period"], "must be above zero");
    return {
      name: tier.name,
      device: tier.device,
      speed: device?.speed ?? 1,
      note: device?.note ?? "",
      threads: tier.threads,
      cpu_quota: tier.cpu_quota ?? null,
      cpu_period_s: tier.cpu_period.amount,
      ...(tier.host === undefined ? {} : { host: tier.host }),
      memory_bytes: tier.memory?.amount ?? null,
      power_w: device?.power?.amount ?? null,
      price_per_s: device?.price_per_hour === undefined ? null : device.price_per_hour / 3600,
    };
  });

  const links: Link[] = [];
  for (const [i, link] of written.links.entries()) {
    knownTier(link.from, ["links", i, "from"]);
    knownTier(link.to, ["links", i, "to"]);
    if (link.from === link.to) problem(["links", i, "to"], `a link from "${link.from}" to itself`);
    if (link.reverse && !link.duplex) problem(["links", i, "reverse"], "means nothing where duplex is false");
    const directions = [directed(link.from, link.to, link)];
    if (link.duplex) directions.push(directed(link.to, link.from, { ...link, ...defined(link.reverse) }));
    for (const direction of directions) {
      if (links.some(({ from, to }) => from === direction.from && to === direction.to)) {
        problem(
          ["links", i],
          `the link ${direction.from}>${direction.to} is there twice (links are duplex by default)`,
        );
      }
      links.push(direction);
    }
  }

  const enters = written.enters ?? names[0]!;
  knownTier(enters, ["enters"]);
  if (context.issues.length === 0) {
    const there = reachable(enters, links, "from", "to");
    const back = reachable(enters, links, "to", "from");
    for (const [i, tier] of names.entries()) {
      if (!there.has(tier)) problem(["tiers", i], `no links lead from "${enters}" to "${tier}"`);
      else if (!back.has(tier)) problem(["tiers", i], `no links lead back from "${tier}" to "${enters}"`);
    }
  }
  return {
    name: written.name ?? UNNAMED,
    description: written.description ?? "",
    session: written.session,
    codec: written.codec,
    enters,
    tiers,
    links,
    ...(Object.keys(written.hosts).length > 0 ? { hosts: written.hosts } : {}),
  };
});

/** A topology as it is written in YAML or JSON. */
export type TopologyDocument = z.input<typeof topologySchema>;

/**
 * Reads a topology from YAML or JSON text.
 *
 * @param file name of the file, for messages; also names a topology that has no name of its own
 * @throws Problem naming the file and the field
 */
export function parseTopology(text: string, file: string): Topology {
  const topology = parseYaml(topologySchema, text, file);
  const base = file.replace(/^.*[\\/]/, "").replace(/\.(ya?ml|json)$/, "");
  return topology.name === UNNAMED ? { ...topology, name: base } : topology;
}

type Device = z.infer<typeof deviceDocument>;
type LinkDocument = z.infer<typeof linkDocument>;
type Direction = Pick<LinkDocument, "bandwidth" | "delay" | "burst">;
type Costs = Pick<LinkDocument, "energy" | "price_per_gigabyte">;

function directed(
  from: string,
  to: string,
  { bandwidth, delay, burst, energy, price_per_gigabyte }: Direction & Costs,
): Link {
  return {
    from,
    to,
    bandwidth_bps: bandwidth.amount,
    delay_s: delay.amount,
    burst_bytes: burst.kind === "size" ? burst.amount : 0,
    burst_s: burst.kind === "duration" ? burst.amount : 0,
    energy_j_per_byte: energy?.amount ?? null,
    price_per_byte: price_per_gigabyte === undefined ? null : price_per_gigabyte / 1e9,
  };
}

/** The fields that are there: a field that is explicitly undefined must not hide its default. */
function defined(fields: Partial<Record<keyof Direction, unknown>> = {}): Partial<Direction> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function reachable(start: string, links: readonly Link[], tail: "from" | "to", head: "from" | "to"): Set<string> {
  const seen = new Set([start]);
  // A set yields what is added while it is iterated over.
  for (const tier of seen) for (const link of links) if (link[tail] === tier) seen.add(link[head]);
  return seen;
}
