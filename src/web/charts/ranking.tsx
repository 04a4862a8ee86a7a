import { byteSize, capitalised, duration, interval, percent } from "../../report/index.ts";
import type { Choice, Outlook } from "../engine/index.ts";
import type { Scene } from "../scene.ts";
import { change } from "../store.ts";
import { cutName } from "../words.ts";
import { Figure } from "./figure.tsx";
import { type Part, partsOf, secondsByPart } from "./parts.ts";

/** Bars longer than so many times the best are broken off: how bad a bad placement is does not matter. */
const LONGEST = 6;
const LABEL_PX = 6.6;

/** Latency by stage of every placement at its best; each can be chosen to look at. */
export function Ranking({ scene, outlook }: { readonly scene: Scene; readonly outlook: Outlook }) {
  const { ranking, best, shown } = outlook;
  const least = best?.prediction.latency_s ?? ranking[0]?.prediction.latency_s ?? 1;
  const longest = Math.max(...ranking.map(({ prediction }) => prediction.latency_s));
  const top = Math.min(longest, LONGEST * least);
  const worst = ranking.filter(({ prediction }) => prediction.feasible).at(-1);
  return (
    <Figure
      id="stages"
      title="Latency by stage: each placement at its best cut"
      finding={
        best && worst && worst !== best
          ? `${arrowed(capitalised(best.prediction.placement))} takes ${duration(best.prediction.latency_s)}, ${arrowed(worst.prediction.placement)} ${duration(worst.prediction.latency_s)}. ${mostOf(best)}`
          : best
            ? mostOf(best)
            : "No placement can be used"
      }
      note="Of one request alone. Choose a placement to look at it in the other charts."
      table={() => ({
        head: ["placement", "operator", "cut after", "latency", "interval", "sent", "fits", "stages"],
        rows: ranking.map(({ operator, prediction }) => [
          prediction.placement,
          operator,
          prediction.cut ?? "–",
          duration(prediction.latency_s),
          interval(prediction.low_s, prediction.high_s),
          byteSize(prediction.transferred_bytes),
          prediction.feasible ? "yes" : prediction.infeasible_because!,
          [...secondsByPart(prediction)].map(([part, seconds]) => `${part} ${duration(seconds)}`).join(", "),
        ]),
      })}
    >
      {(width) => (
        <fieldset class="ranking">
          <legend class="hidden">What to look at</legend>
          <label class="row follow">
            <input
              type="radio"
              name="look"
              checked={scene.placement === null}
              onChange={() => change({ placement: null, cut: null })}
            />
            <span>Follow the best</span>
          </label>
          {ranking.map((choice) => (
            <Row
              key={choice.prediction.placement}
              scene={scene}
              choice={choice}
              top={top}
              width={width - 26}
              checked={scene.placement === choice.prediction.placement}
              shown={shown?.prediction.placement === choice.prediction.placement}
            />
          ))}
          <Key scene={scene} ranking={ranking} />
        </fieldset>
      )}
    </Figure>
  );
}

/** The stages between the tiers, whose stretches are too short for words as often as not. */
function Key({ scene, ranking }: { readonly scene: Scene; readonly ranking: readonly Choice[] }) {
  const all = ranking.map(({ prediction }) => prediction);
  return (
    <ul class="key" aria-label="Colours of the stages between tiers">
      {partsOf(scene, all[0]?.placement ?? "", all)
        .filter(({ key }) => !key.startsWith("tier:"))
        .map(({ key, label, fill }) => (
          <li key={key}>
            <span class="chip" style={{ background: fill }} /> {label}
          </li>
        ))}
    </ul>
  );
}

interface RowProps {
  readonly scene: Scene;
  readonly choice: Choice;
  readonly top: number;
  readonly width: number;
  readonly checked: boolean;
  readonly shown: boolean;
}

function Row({ scene, choice, top, width, checked, shown }: RowProps) {
  const { operator, prediction } = choice;
  const { placement, cut, latency_s, feasible } = prediction;
  const seconds = secondsByPart(prediction);
  const cropped = latency_s > top * 1.0001;
  const room = width - 74;
  let spent = 0;
  const segments = partsOf(scene, placement, [prediction]).flatMap((part) => {
    const from = spent;
    spent += seconds.get(part.key)!;
    const [left, right] = [Math.min(from, top), Math.min(spent, top)].map((at) => (at / top) * room) as [
      number,
      number,
    ];
    return right - left < 0.3 ? [] : [{ part, left, width: right - left, seconds: seconds.get(part.key)! }];
  });
  return (
    <label class={`row ${shown ? "shown" : ""} ${feasible ? "" : "misfit"}`}>
      <input type="radio" name="look" checked={checked} onChange={() => change({ placement, cut: null })} />
      <span class="row-name">
        <b>{arrowed(placement)}</b>
        <span class="muted">
          {scene.variants.length > 1 ? ` ${operator}` : ""}
          {cut === null ? "" : ` cut after ${cutName(cut)}`}
          {feasible ? "" : ": does not fit in memory"}
        </span>
      </span>
      <svg width={width} height={20} aria-hidden="true">
        {segments.map((segment) => (
          <Segment key={segment.part.key} {...segment} />
        ))}
        {cropped && <path class="tear" d={`M${room - 10},-1l4,7l-4,7l4,8`} />}
        <text class="total" x={Math.min((latency_s / top) * room, room) + 6} y={14.5}>
          {duration(latency_s)}
        </text>
      </svg>
    </label>
  );
}

function Segment({ part, left, width, seconds }: { part: Part; left: number; width: number; seconds: number }) {
  const full = `${part.label} ${duration(seconds)}`;
  const text = [full, part.label].find((candidate) => candidate.length * LABEL_PX + 8 <= width);
  return (
    <g>
      <rect x={left} width={Math.max(width - 0.7, 0.3)} height={20} style={{ fill: part.fill }}>
        <title>{full}</title>
      </rect>
      {text !== undefined && (
        <text class="on" x={left + 5} y={14.5} style={{ fill: part.on }}>
          {text}
        </text>
      )}
    </g>
  );
}

function mostOf({ prediction }: Choice): string {
  const [key, seconds] = [...secondsByPart(prediction)].reduce((a, b) => (b[1] > a[1] ? b : a));
  const share = percent(seconds / prediction.latency_s);
  return `Of the best, ${share} is ${key.startsWith("tier:") ? `inference on ${key.slice(5)}` : key}.`;
}

const arrowed = (placement: string) => placement.replace(">", " → ");
