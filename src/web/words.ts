import type { Prediction } from "../formats/prediction.ts";
import { duration, factor } from "../report/index.ts";
import type { Choice, LoadStudy, Outlook } from "./engine/index.ts";
import type { Scene } from "./scene.ts";

/** A piece of a sentence; what is strong is the answer itself. */
export interface Piece {
  readonly text: string;
  readonly strong?: boolean;
}

const LONGEST_NAME = 34;

/** A cut's name with an ellipsis in its middle, where it is long: ends say which, beginnings where. */
export function cutName(cut: string): string {
  return cut.length <= LONGEST_NAME ? cut : `${cut.slice(0, 11)}…${cut.slice(12 - LONGEST_NAME)}`;
}

/** What to deploy and how fast it is, and against what. */
export function answerOf({ variants }: Scene, { best, ranking }: Outlook): Piece[] {
  if (!best) {
    return [
      {
        text: ranking.length === 0 ? "No variant meets what is asked." : "Nothing fits in the tiers' memory.",
        strong: true,
      },
    ];
  }
  const { placement, cut, latency_s } = best.prediction;
  const operator = variants.length > 1 ? ` (${best.operator})` : "";
  const [head, tail] = placement.split(">");
  const claim: Piece[] =
    cut === null
      ? [{ text: "Run it all on " }, { text: placement, strong: true }, { text: `${operator}: ` }]
      : [
          { text: "Cut after " },
          { text: cutName(cut), strong: true },
          { text: `${operator}, head on ` },
          { text: head!, strong: true },
          { text: ", tail on " },
          { text: tail!, strong: true },
          { text: ": " },
        ];
  return [...claim, { text: duration(latency_s), strong: true }, { text: `${comparison(best, ranking)}.` }];
}

/** Against the best of the other sort: whole models against a cut one, and the reverse. */
function comparison(best: Choice, ranking: readonly Choice[]): string {
  const others = ranking.filter(
    ({ prediction }) => prediction.feasible && prediction.placement !== best.prediction.placement,
  );
  const whole = (choice: Choice) => choice.prediction.cut === null;
  const rival = others.find((other) => whole(other) !== whole(best)) ?? others[0];
  if (!rival) return "";
  const ratio = rival.prediction.latency_s / best.prediction.latency_s;
  const name = deployed(rival.prediction);
  return ratio < 1.05
    ? `, hardly faster than ${name} (${duration(rival.prediction.latency_s)})`
    : `, ${factor(ratio)}\u00a0faster than ${name} (${duration(rival.prediction.latency_s)})`;
}

/** A placement in words. */
export function deployed({ placement, cut }: Pick<Prediction, "placement" | "cut">): string {
  return cut === null ? `all on ${placement}` : `the best cut on ${placement.replace(">", " and ")}`;
}

/** What is pinned, against the best; nothing where the best itself is shown. */
export function pinnedOf({ placement }: Scene, { best, shown }: Outlook): string | null {
  if (placement === null || !shown || !best) return null;
  const { cut, latency_s, feasible, infeasible_because } = shown.prediction;
  const name = cut === null ? `All on ${placement}` : `${placement.replace(">", " → ")} cut after ${cutName(cut)}`;
  if (!feasible) return `You look at: ${name}. It does not fit: ${infeasible_because}.`;
  const ratio = latency_s / best.prediction.latency_s;
  const against = ratio < 1.005 ? "as fast as the best" : `${factor(ratio)} as long as the best`;
  return `You look at: ${name}, ${duration(latency_s)}, ${against}.`;
}

/** Under load. */
export function loadOf({ rate }: Scene, load: LoadStudy): string {
  const per = `${Number(rate.toPrecision(3))} requests a second`;
  if (load.now) return `At ${per}, 95 % are answered within ${duration(load.now.p95_s)}.`;
  return `At ${per}, ${stationName(load.bottleneck!)} cannot keep up: it is full from ${Number(load.capacity!.toPrecision(3))}/s on.`;
}

/** "link:mobile>edge" as people say it. */
export function stationName(station: string): string {
  const name = station.replace(/^[a-z]+:/, "");
  return station.startsWith("link:") ? `the link ${name.replace(">", " → ")}` : name;
}

/** Variants that may not be chosen, and why. */
export function leftOutOf({ operator }: Scene, { standings }: Outlook): string | null {
  if (operator !== null) return null;
  const out = standings.filter(({ left_out }) => left_out !== null);
  return out.length === 0 ? null : `Left out: ${out.map((its) => `${its.operator} (${its.left_out})`).join(", ")}.`;
}
