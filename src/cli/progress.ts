import cliProgress from "cli-progress";

/** Without a terminal, a line with the rate at most so often. */
const QUIET_MS = 2000;

/** A progress bar on standard error; where that is no terminal, a line per phase instead. */
export class Progress {
  readonly #bar: cliProgress.SingleBar | undefined;
  readonly #label: string;
  readonly #unit: string | undefined;
  #phase = "";
  #began = 0;
  #doneBefore = 0;
  #said = 0;

  /** @param unit of what is done, where its rate is worth showing: "scenarios" */
  constructor(label: string, unit?: string) {
    this.#label = label;
    this.#unit = unit;
    if (process.stderr.isTTY)
      this.#bar = new cliProgress.SingleBar({
        format: "{phase} {bar} {percentage} % {rate}{eta_formatted} left",
        stream: process.stderr,
        hideCursor: true,
        clearOnComplete: true,
        barCompleteChar: "█",
        barIncompleteChar: "░",
        barsize: 30,
        fps: 8,
      });
  }

  /** @param done work done so far in this phase, up to `total` */
  report(phase: string, done: number, total: number): void {
    const text = `${this.#label}: ${phase}`;
    if (phase !== this.#phase) {
      this.#phase = phase;
      this.#began = Date.now();
      this.#said = this.#began;
      this.#doneBefore = done;
      if (this.#bar) this.#bar.start(total, done, { phase: text, rate: "" });
      else process.stderr.write(`${text} …\n`);
    }
    const rate = this.#rate(done);
    this.#bar?.setTotal(total);
    this.#bar?.update(done, { phase: text, rate });
    if (!this.#bar && this.#unit && Date.now() - this.#said >= QUIET_MS) {
      this.#said = Date.now();
      process.stderr.write(`${text} ${done.toLocaleString("en")} of ${total.toLocaleString("en")} ${rate}\n`);
    }
  }

  /** What was done per second in this phase, as text; empty where nobody asked. */
  #rate(done: number): string {
    const seconds = (Date.now() - this.#began) / 1000;
    if (!this.#unit || seconds <= 0) return "";
    const rate = Number(((done - this.#doneBefore) / seconds).toPrecision(3));
    return `${rate.toLocaleString("en")} ${this.#unit}/s `;
  }

  stop(): void {
    this.#bar?.stop();
    this.#phase = "";
  }
}
