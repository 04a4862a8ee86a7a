import type { Link } from "../formats/topology.ts";

/**
 * Seconds from the first byte's leaving to the last byte's arrival on an idle link whose bucket is full: what the bucket
 * holds passes at once, the rest at the sustained rate (token bucket; Tanenbaum, Computer Networks, "Traffic Shaping"),
 * and all of it is delayed by the propagation.
 *
 * @param bytes at least 0
 */
export function transferSeconds(bytes: number, { bandwidth_bps, delay_s, burst_bytes, burst_s }: Link): number {
  return Math.max(0, ((bytes - burst_bytes) * 8) / bandwidth_bps - burst_s) + delay_s;
}
