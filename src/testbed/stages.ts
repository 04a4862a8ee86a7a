import type { Report } from "./protocol.ts";
import { now } from "./waiting.ts";

/** Adds up, over one request, the seconds of stages and the bytes of messages. */
export class StageClock {
  readonly stages: Record<string, number> = {};
  readonly bytes: Record<string, number> = {};

  add(stage: string, seconds: number): void {
    // A difference of two clocks' durations can be a rounding error below zero.
    this.stages[stage] = (this.stages[stage] ?? 0) + Math.max(0, seconds);
  }

  sent(link: string, amount: number): void {
    this.bytes[link] = (this.bytes[link] ?? 0) + amount;
  }

  /** Takes over what tiers further on report. */
  merge({ stages, bytes }: Pick<Report, "stages" | "bytes">): void {
    for (const [stage, seconds] of Object.entries(stages)) this.add(stage, seconds);
    for (const [link, amount] of Object.entries(bytes)) this.sent(link, amount);
  }

  /** Does something and adds the time that it took. */
  async time<T>(stage: string, action: () => T | Promise<T>): Promise<T> {
    const began = now();
    const value = await action();
    this.add(stage, now() - began);
    return value;
  }
}
