import { type Child, startChild } from "./children.ts";
import type { Network, Place, Shapes } from "./network.ts";
import type { RelayShape, RelayStart } from "./relayprocess.ts";
import { OPEN } from "./shaper.ts";

interface Relay {
  readonly from: string;
  readonly to: string;
  child: Child;
}

/**
 * Tiers as processes on the loopback interface, and a shaping relay, a process of its own, in each link on the ways of
 * requests. Needs no rights.
 */
export class UserNetwork implements Network {
  readonly kind = "user";
  readonly delayedBySender = false;
  readonly #pairs: readonly (readonly [from: string, to: string])[];
  readonly #ports = new Map<string, number>();
  readonly #relays = new Map<string, Relay>();

  /** @param pairs tiers of which the first sends requests to the second */
  constructor(pairs: readonly (readonly [from: string, to: string])[]) {
    this.#pairs = pairs;
  }

  launcher(): readonly string[] {
    return [];
  }

  /** A tier that is started again listens where it did. */
  place(tier: string): Place {
    return { host: "127.0.0.1", port: this.#ports.get(tier) ?? 0 };
  }

  async connect(tier: string, port: number): Promise<void> {
    this.#ports.set(tier, port);
    for (const [from, to] of this.#pairs) if (to === tier) await this.#start(from, to);
  }

  control(tier: string): string {
    return `http://127.0.0.1:${this.#ports.get(tier)}`;
  }

  hop(from: string, to: string): string {
    return `http://127.0.0.1:${this.#relays.get(`${from}>${to}`)!.child.ready.port}`;
  }

  async shape(shapes: Shapes): Promise<void> {
    for (const { from, to, child } of this.#relays.values()) {
      const told: RelayShape = {
        there: shapes.get(`${from}>${to}`) ?? OPEN,
        back: shapes.get(`${to}>${from}`) ?? OPEN,
      };
      await child.tell(told);
    }
  }

  async heal(): Promise<void> {
    for (const { from, to, child } of [...this.#relays.values()]) if (!child.alive) await this.#start(from, to);
  }

  closeSync(): void {
    for (const { child } of this.#relays.values()) child.kill();
    this.#relays.clear();
  }

  async #start(from: string, to: string): Promise<void> {
    const name = `${from}>${to}`;
    const port = this.#ports.get(to);
    if (port === undefined || this.#relays.get(name)?.child.alive) return;
    const start: RelayStart = { target: { host: "127.0.0.1", port } };
    this.#relays.set(name, { from, to, child: await startChild("relayprocess", start) });
  }
}
