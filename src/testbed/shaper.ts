import net, { type AddressInfo, type Socket } from "node:net";
import { TokenBucket } from "./bucket.ts";
import { now } from "./waiting.ts";

/** What one direction of a link lets through. */
export interface Shape {
  /** Infinite: as fast as it goes. */
  readonly bandwidth_bps: number;
  readonly delay_s: number;
  /** Bytes that a full bucket holds. */
  readonly burst_bytes: number;
}

export const OPEN: Shape = { bandwidth_bps: Number.POSITIVE_INFINITY, delay_s: 0, burst_bytes: 0 };

/** Pieces are as long as a link sends in this time, between a packet's length and what a socket hands over. */
const PIECE_S = 0.001;
const LEAST_PIECE = 1500;
const MOST_PIECE = 64 << 10;
/** Bytes that wait in a direction before the sender is held up. */
const HIGH_WATER = 4 << 20;

interface Piece {
  /** When it is to be written at the other end, seconds. */
  readonly due: number;
  readonly to: Socket;
  /** Empty for the end of the stream. */
  readonly bytes: Buffer;
}

/** One direction of a link: all connections share its bucket, piece by piece in order of arrival. */
class Lane {
  #shape = OPEN;
  #bucket = new TokenBucket(Number.POSITIVE_INFINITY, 0);
  readonly #pieces: Piece[] = [];
  #waiting = 0;
  readonly #held = new Set<Socket>();
  #timer: NodeJS.Timeout | undefined;

  /** From now on; the bucket is full. */
  shape(shape: Shape): void {
    this.#shape = shape;
    this.#bucket = new TokenBucket(shape.bandwidth_bps, shape.burst_bytes);
  }

  push(bytes: Buffer, from: Socket, to: Socket): void {
    const { bandwidth_bps, delay_s } = this.#shape;
    const piece = Math.min(MOST_PIECE, Math.max(LEAST_PIECE, Math.floor((bandwidth_bps / 8) * PIECE_S)));
    const came = now();
    for (let at = 0; at < bytes.length; at += piece) {
      const part = bytes.subarray(at, at + piece);
      this.#pieces.push({ due: this.#bucket.departure(part.length, came) + delay_s, to, bytes: part });
    }
    this.#waiting += bytes.length;
    if (this.#waiting > HIGH_WATER) {
      this.#held.add(from);
      from.pause();
    }
    this.#deliver();
  }

  end(to: Socket): void {
    const due = Math.max(now() + this.#shape.delay_s, this.#pieces.at(-1)?.due ?? 0);
    this.#pieces.push({ due, to, bytes: Buffer.alloc(0) });
    this.#deliver();
  }

  #deliver(): void {
    clearTimeout(this.#timer);
    const moment = now();
    let done = 0;
    for (const { due, to, bytes } of this.#pieces) {
      if (due > moment) break;
      done++;
      this.#waiting -= bytes.length;
      if (to.destroyed) continue;
      if (bytes.length > 0) to.write(bytes);
      else to.end();
    }
    this.#pieces.splice(0, done);
    if (this.#waiting < HIGH_WATER / 2) {
      for (const socket of this.#held) socket.resume();
      this.#held.clear();
    }
    const [next] = this.#pieces;
    if (next) this.#timer = setTimeout(() => this.#deliver(), Math.max(0, (next.due - now()) * 1000));
  }
}

/** A link of TCP connections: whoever connects to it reaches the target through both directions' shapes. */
export interface ShapingRelay {
  readonly port: number;
  shape(there: Shape, back: Shape): void;
}

/** Opens a relay on a free port of the loopback interface. It shapes nothing until it is told to. */
export function startRelay(target: { host: string; port: number }): Promise<ShapingRelay> {
  const there = new Lane();
  const back = new Lane();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = net.connect({ ...target, allowHalfOpen: true, noDelay: true });
    couple(near, far, there);
    couple(far, near, back);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0, backlog: 2048 }, () =>
      resolve({
        port: (server.address() as AddressInfo).port,
        shape(forwards, backwards) {
          there.shape(forwards);
          back.shape(backwards);
        },
      }),
    );
  });
}

function couple(from: Socket, to: Socket, lane: Lane): void {
  from.on("data", (bytes) => lane.push(bytes, from, to));
  from.on("end", () => lane.end(to));
  // A broken end breaks the other one: what TCP would do, were they one connection.
  from.on("error", () => to.destroy());
  from.on("close", (broken) => {
    if (broken) to.destroy();
  });
}
