import cliProgress from "cli-progress";

/** A progress bar on standard error; where that is no terminal, a line per phase instead. */
export class Progress {
  readonly #bar: cliProgress.SingleBar | undefined;
  readonly #label: string;
  #phase = "";

  constructor(label: string) {
    this.#label = label;
    if (process.stderr.isTTY)
      this.#bar = new cliProgress.SingleBar({
        format: "{phase} {bar} {percentage} % {eta_formatted} left",
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
      if (this.#bar) this.#bar.start(total, done, { phase: text });
      else process.stderr.write(`${text} …\n`);
    }
    this.#bar?.setTotal(total);
    this.#bar?.update(done, { phase: text });
  }

  stop(): void {
    this.#bar?.stop();
    this.#phase = "";
  }
}
