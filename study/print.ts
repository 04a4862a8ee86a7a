import { table } from "../src/cli/output.ts";
import { bitRate, byteSize, duration, interval } from "../src/report/format.ts";
import { type Claim, FINDINGS, SIGNS } from "./claims.ts";
import type { Judged, Outcome } from "./judging.ts";
import type { ExplainedOutcome, Predictions, StudyResult } from "./study.ts";
import { type Deployment, OPERATORS } from "./subjects.ts";

/** The study for a reader, part by part. */
export function describe(result: StudyResult): string {
  const { predictions, with_sptq, host, load_average, seconds } = result;
  const { calibration } = predictions;
  return [
    `${result.study} on ${host.cpu}, ${host.cores} cores; load average ${load_average.map((one) => one.toFixed(2)).join(" to ")}; ${seconds.toFixed(0)} s (${result.reused_profiles} of ${result.profiles.length} profiles from an earlier run)`,
    `Calibrated on ${calibration.on}${calibration.rows > 0 ? `: ${calibration.cells} of ${calibration.of_cells} cells; an image is ${byteSize(calibration.image_bytes)} of text` : ""}.`,
    part("Findings", claimTable(FINDINGS, predictions.findings, with_sptq?.findings)),
    part("Signs", claimTable(SIGNS, predictions.signs, with_sptq?.signs)),
    part("Latencies at 200 and 1 Mbit/s, published and predicted (90 % interval); * fitted", latencyTable(predictions)),
    ...(predictions.orders.length > 0
      ? [
          part(
            "Kendall's tau of the five operators other than identity (90 % interval)",
            table(
              ["model", "tier", "tau", "from", "to"],
              predictions.orders.map(({ subject, tier, tau, low, high }) => [
                subject,
                tier,
                ...[tau, low, high].map(signed),
              ]),
            ),
          ),
        ]
      : []),
    part("Beyond: from which bandwidth on is Cloud the fastest?", flipTable(result)),
    part("Beyond: the fastest operator, placement, cut and codec", bestTable(result)),
    part("Beyond: under load, identity, both links at 200 Mbit/s", loadTable(result)),
    part(
      "Beyond: fronts of accuracy and latency, warm sessions, binary codecs, every cut, 1 Mbit/s",
      frontTable(result),
    ),
  ].join("\n");
}

const part = (title: string, text: string) => `\n${title}\n${text}`;
const signed = (value: number) => (value < 0 ? "−" : "") + Math.abs(value).toFixed(2);
const percent = (share: number) => `${(share * 100).toFixed(0)} %`;

/** Row for row, and below it for each row on what Tierwise's answer rests. */
function claimTable(
  claims: readonly Claim[],
  outcomes: readonly ExplainedOutcome[],
  withSptq: readonly ExplainedOutcome[] | undefined,
): string {
  const sure = (outcome: Outcome) => `${outcome.verdict}, ${percent(outcome.probability)}`;
  const also = ({ claim, subject }: Outcome) => {
    const found = withSptq?.find((other) => other.claim === claim && other.subject === subject);
    return found ? sure(found) : withSptq ? "all fitted" : "–";
  };
  const rows = table(
    ["", "model", "published", "Tierwise", "SPTQ fitted, too", "hold", "least sure of", "published", "predicted"],
    outcomes.map((outcome) => [
      outcome.claim,
      outcome.subject,
      outcome.published === null ? "not at hand" : outcome.published ? "holds" : "does not hold",
      sure(outcome),
      also(outcome),
      `${outcome.holding}/${outcome.of}`,
      comparisonText(outcome.critical),
      outcome.publishedRatio === null ? "–" : `${outcome.publishedRatio.toFixed(2)}×`,
      `${outcome.critical.ratio.toFixed(2)}× (${outcome.critical.low.toFixed(2)}–${outcome.critical.high.toFixed(2)})`,
    ]),
  );
  const conclusions = claims.map(({ id, text }) => `${id}: ${text}`);
  const reasons = outcomes.map((outcome) => `${outcome.claim}, ${outcome.subject}: ${outcome.why}`);
  return [...conclusions, rows, ...reasons].join("\n");
}

/** "sptq ÷ identity on edge": what the ratio beside it is of. */
export function comparisonText({ comparison: { left, right } }: Pick<Judged, "comparison">): string {
  const named = ({ operator, placement }: Deployment) => `${operator} on ${placement}`;
  if (left.placement === right.placement) return `${left.operator} ÷ ${right.operator} on ${left.placement}`;
  if (left.operator === right.operator) return `${left.placement} ÷ ${right.placement}, ${left.operator}`;
  return `${named(left)} ÷ ${named(right)}`;
}

function latencyTable({ rows }: Predictions): string {
  const placements = ["mobile", "edge", "cloud", "mobile>edge"];
  const subjects = [...new Set(rows.map(({ subject }) => subject))];
  const cell = (subject: string, operator: string, placement: string) => {
    const row = rows.find((one) => one.subject === subject && one.operator === operator && one.placement === placement);
    if (!row) return "–";
    const published = row.published_s === null ? "" : `${duration(row.published_s)} | `;
    return `${published}${duration(row.predicted_s)}${row.fitted ? "*" : ` (${interval(row.low_s, row.high_s)})`}`;
  };
  return table(
    ["model", "operator", ...placements],
    subjects.flatMap((subject) =>
      OPERATORS.map((operator) => [
        subject,
        operator,
        ...placements.map((placement) => cell(subject, operator, placement)),
      ]),
    ),
  );
}

function flipTable({ beyond }: StudyResult): string {
  const rate = (bps: number | null) => (bps === null ? "never" : bitRate(bps));
  return table(
    ["model", "operator", "below", "above", "at", "90 % from", "to"],
    beyond.flips.map(({ subject, operator, below, above, bandwidth_bps, low_bps, high_bps }) => [
      subject,
      operator,
      below,
      above,
      rate(bandwidth_bps),
      rate(low_bps),
      rate(high_bps),
    ]),
  );
}

function bestTable({ beyond }: StudyResult): string {
  return table(
    ["model", "edge>cloud", "policy", "operator", "placement", "cut", "codec", "latency", "90 % interval", "ways"],
    beyond.best.map((best) => [
      best.subject,
      bitRate(best.bandwidth_bps),
      best.policy,
      best.operator,
      best.placement,
      best.cut ?? "",
      best.codec,
      duration(best.latency_s),
      interval(best.low_s, best.high_s),
      best.of,
    ]),
  );
}

function loadTable({ beyond }: StudyResult): string {
  return table(
    ["model", "placement", "session", "requests/s", "busiest", "p50", "p95", "p99"],
    beyond.load.map(({ subject, placement, session, rate, offered, p50_s, p95_s, p99_s }) => [
      subject,
      placement,
      session,
      Number(rate.toPrecision(3)),
      percent(offered),
      ...[p50_s, p95_s, p99_s].map(duration),
    ]),
  );
}

function frontTable({ beyond }: StudyResult): string {
  return table(
    ["model", "accuracy", "latency", "operator", "placement", "cut", "codec"],
    beyond.fronts.flatMap(({ subject, choices }) =>
      choices.map(({ operator, placement, cut, codec, accuracy, latency_s }) => [
        subject,
        accuracy === null ? "–" : `${(accuracy * 100).toFixed(2)} %`,
        duration(latency_s),
        operator,
        placement,
        cut ?? "",
        codec,
      ]),
    ),
  );
}
