import type { Link } from "../formats/topology.ts";
import type { Shape } from "./shaper.ts";

/** Bytes that the bucket of a link holds at this bandwidth. */
export function burstBytes({ burst_bytes, burst_s }: Link, bandwidth_bps: number): number {
  return burst_bytes + (burst_s * bandwidth_bps) / 8;
}

/** Shapes by link, `mobile>edge`. */
export type Shapes = ReadonlyMap<string, Shape>;

/** Where a tier's agent is to listen. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly socket?: string;
}

/** What connects the tiers of an emulated testbed. */
export interface Network {
  readonly kind: "kernel" | "user";
  /** Command line that starts a program at a tier; nothing where it starts like any other. */
  launcher(tier: string): readonly string[];
  place(tier: string): Place;
  /** Told whenever a tier's agent is ready. */
  connect(tier: string, port: number): Promise<void>;
  /** How this process reaches a tier's agent. */
  control(tier: string): string;
  /** How one tier reaches the next. */
  hop(from: string, to: string): string;
  /** Whether the sender of a message has to wait the propagation delay itself. */
  readonly delayedBySender: boolean;
  /** Makes links as given, their buckets full; links that are not given are as fast as they can be. */
  shape(shapes: Shapes): Promise<void>;
  /** Starts anew what has died of the network itself. */
  heal(): Promise<void>;
  /** Removes everything, at once and without waiting, as at the end of the process. */
  closeSync(): void;
}
