/**
 * A token bucket (Tanenbaum, Computer Networks, "Traffic Shaping"), in the form that a cost model's link has: what the
 * full bucket holds passes at once, the rest at the sustained rate. It keeps no clock: whoever uses it tells the time
 * of each arrival, in seconds, and is told when the piece's last byte may leave.
 *
 * Departures never pass more than max(depth, largest piece) + rate · t bytes in any window of t seconds.
 */
export class TokenBucket {
  readonly #bytesPerSecond: number;
  readonly #depth: number;
  /** Bytes that may pass at #at; negative where pieces wait for tokens that are still to come. */
  #level: number;
  #at = Number.NEGATIVE_INFINITY;

  /**
   * @param bandwidth_bps above 0; infinite lets everything pass at once
   * @param depth bytes that a full bucket holds, at least 0; it is full at first
   */
  constructor(bandwidth_bps: number, depth: number) {
    this.#bytesPerSecond = bandwidth_bps / 8;
    this.#depth = depth;
    this.#level = depth;
  }

  /**
   * @param bytes of the piece
   * @param arrival seconds, not before that of the last piece
   * @returns when its last byte may leave, seconds, at `arrival` or later
   */
  departure(bytes: number, arrival: number): number {
    if (this.#bytesPerSecond === Number.POSITIVE_INFINITY) return arrival;
    const earned = this.#at === Number.NEGATIVE_INFINITY ? 0 : (arrival - this.#at) * this.#bytesPerSecond;
    this.#level = Math.min(this.#depth, this.#level + Math.max(0, earned));
    this.#at = Math.max(this.#at, arrival);
    this.#level -= bytes;
    return this.#level >= 0 ? this.#at : this.#at - this.#level / this.#bytesPerSecond;
  }
}
