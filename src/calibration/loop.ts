/** A message, and the channel (one direction of a link) that it takes. */
export interface LoopMessage {
  /** Index into the channels. */
  readonly channel: number;
  readonly bits: number;
}

/** One direction of a link, shaped by a token bucket. */
export interface Channel {
  /** Bit/s. */
  readonly rate: number;
  /** Depth of the bucket, bits. */
  readonly depth: number;
  /** Bit/s at which messages are written and read, which overlaps with their transmission. */
  readonly handling: number;
}

/**
 * Latencies of a closed loop: requests follow one another, `gap_s` apart, and what one leaves of a
 * link's tokens is what the next one finds. A message of X bits takes max(X/N, (X − tokens)/rate): N is the rate at
 * which it is written and read, and as much as the bucket holds passes at once. Tokens come at the link's rate up to its
 * depth (token bucket: RFC 2697 names the parts).
 *
 * For a link that is slow for the requests of its loop this is what limits: in the steady state no request can take less
 * than X/rate − gap, whatever the bucket's depth. A formula for a single request on a full bucket misses that.
 *
 * @param base_s latency where no link limits; the handling of messages is part of it
 * @param first_s by how much the first request takes longer
 * @param messages in order
 * @param requests how many the loop has, 1 or more
 * @returns each request's latency, seconds
 */
export function closedLoop(
  base_s: number,
  first_s: number,
  messages: readonly LoopMessage[],
  channels: readonly Channel[],
  gap_s: number,
  requests: number,
): number[] {
  const tokens = channels.map(({ depth }) => depth);
  const since = channels.map(() => 0);
  const handling = messages.reduce((sum, { channel, bits }) => sum + bits / channels[channel]!.handling, 0);
  const rest = Math.max(0, base_s - handling);
  const latencies: number[] = [];
  let now = 0;
  for (let request = 0; request < requests; request++) {
    const start = now;
    for (const { channel, bits } of messages) {
      const { rate, depth, handling: pace } = channels[channel]!;
      const held = Math.min(depth, tokens[channel]! + rate * (now - since[channel]!));
      const takes = Math.max(bits / pace, (bits - held) / rate);
      tokens[channel] = held + rate * takes - bits;
      now += takes;
      since[channel] = now;
    }
    now += rest + (request === 0 ? first_s : 0);
    latencies.push(now - start);
    now += gap_s;
  }
  return latencies;
}
