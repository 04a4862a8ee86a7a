import { Command, Option } from "@commander-js/extra-typings";
import { OBJECTIVES } from "../../formats/plan.ts";
import type { PlanChoice, PlanFlip, PlanResult } from "../../formats/planresult.ts";
import { plan as findPlan } from "../../planner/index.ts";
import { formatBandwidth, formatDuration, formatSize } from "../../units/index.ts";
import { positiveInteger } from "../arguments.ts";
import { print, shorten, table } from "../output.ts";
import { PLAN_PHASES, readPlanQuestion } from "../planning.ts";
import { Progress } from "../progress.ts";

export const plan = new Command("plan")
  .description("Find the best operator, cut, placement and codec for a scenario, under constraints, and say why.")
  .argument("<scenario>", "scenario file, or the name of a shipped one")
  .addOption(new Option("--objective <name>", "else the scenario's").choices(OBJECTIVES))
  .option("--seed <n>", "of the simulator's random numbers, where the scenario has a workload", positiveInteger, 1)
  .option("--most <n>", "alternatives in the table; --json lists all", positiveInteger, 8)
  .option("--json", "print one JSON document")
  .addHelpText("after", "\nExample:\n  $ tierwise plan mails-planned")
  .action((file, options) => {
    const question = readPlanQuestion(file, options.objective ? { objective: options.objective } : {});
    const progress = new Progress(question.scenario.name ?? file);
    let result: PlanResult;
    try {
      result = findPlan(question, {
        seed: options.seed,
        onProgress: (phase, done, total) => progress.report(PLAN_PHASES[phase], done, total),
      });
    } finally {
      progress.stop();
    }
    print(options.json, result, () => describe(result, options.most));
  });

function describe(result: PlanResult, most: number): string {
  const { best, alternatives, pareto, explanation, searched, moving } = result;
  const lines = [explanation.sentence, "", choiceTable([best, ...alternatives.slice(0, most)])];
  const accurate = pareto.filter(({ accuracy }) => accuracy !== null);
  if (accurate.length > 1) {
    lines.push("", "Not beaten in accuracy and latency (nor in energy and price, where known):", choiceTable(accurate));
  }
  for (const { constraint, without, gain } of explanation.binding) {
    lines.push("", `${constraint} binds: without it, ${without}, ${(100 * gain).toFixed(1)} % better.`);
  }
  if (explanation.flips.length > 0) {
    const [{ from }] = explanation.flips as [PlanFlip, ...PlanFlip[]];
    const same = from.operator === best.operator && from.placement === best.placement;
    lines.push(
      "",
      same
        ? "The answer changes at:"
        : `For a request that is alone ${from.operator} on ${from.placement} is the best. That changes at:`,
      table(
        ["figure", "now", "at", "then best"],
        explanation.flips.map(({ path, now, at, to }) => [
          path,
          amount(path, now),
          amount(path, at),
          `${to.operator} on ${to.placement}`,
        ]),
      ),
    );
  }
  if (moving) lines.push("", movingText(moving));
  lines.push(
    "",
    `${searched.candidates} candidates searched along the profile's order, ${searched.closures} of them over all cuts` +
      `${searched.exact ? "; the answer is exact" : ""}.`,
    ...explanation.caveats,
  );
  return lines.join("\n");
}

function amount(path: string, value: number): string {
  return path.endsWith(".bandwidth") ? formatBandwidth(value) : `${Number(value.toPrecision(3))}`;
}

function choiceTable(choices: readonly PlanChoice[]): string {
  const has = (of: (choice: PlanChoice) => unknown) =>
    choices.some((choice) => of(choice) !== null && of(choice) !== undefined);
  const columns: (readonly [string, (choice: PlanChoice) => string | number])[] = [
    ["operator", ({ operator }) => operator],
    ["placement", ({ placement }) => placement],
    ["cut after", ({ cut }) => (cut === null ? "–" : shorten(cut, 32))],
    ["codec", ({ codec }) => codec],
    ...(has(({ threads, replicas, batch }) => threads ?? replicas ?? batch)
      ? ([["setting", settingText]] as const)
      : []),
    ["alone", ({ latency_s }) => formatDuration(latency_s)],
    ...(has(({ under_load }) => under_load)
      ? (["mean", "p95", "p99"] as const).map(
          (name) => [name, ({ under_load }: PlanChoice) => (under_load ? loadText(under_load, name) : "–")] as const,
        )
      : []),
    ["sent", ({ bytes }) => formatSize(bytes)],
    ["requests/s", ({ throughput }) => (throughput === null ? "–" : Number(throughput.toPrecision(3)))],
    ...(has(({ energy_j }) => energy_j)
      ? ([
          ["energy", ({ energy_j }: PlanChoice) => (energy_j === null ? "–" : `${Number(energy_j.toPrecision(3))} J`)],
        ] as const)
      : []),
    ...(has(({ price_per_thousand }) => price_per_thousand)
      ? ([
          [
            "price of 1000",
            ({ price_per_thousand }: PlanChoice) =>
              price_per_thousand === null ? "–" : Number(price_per_thousand.toPrecision(3)),
          ],
        ] as const)
      : []),
    ...(has(({ accuracy }) => accuracy)
      ? ([["accuracy", ({ accuracy }: PlanChoice) => accuracy ?? "–"]] as const)
      : []),
  ];
  return table(
    columns.map(([title]) => title),
    choices.map((choice) => columns.map(([, of]) => of(choice))),
  );
}

function loadText(load: NonNullable<PlanChoice["under_load"]>, name: "mean" | "p95" | "p99"): string {
  return load.overloaded.length > 0 ? "overload" : formatDuration(load[name].value);
}

function settingText({ threads = {}, replicas = {}, batch = {} }: PlanChoice): string {
  const words = (values: Readonly<Record<string, number>>, word: string) =>
    Object.entries(values).map(([tier, number]) => `${tier} ${number} ${word}`);
  return [...words(threads, "threads"), ...words(replicas, "replicas"), ...words(batch, "a batch")].join(", ");
}

function movingText({ duration_s, fixed, robust, adaptive, switches }: NonNullable<PlanResult["moving"]>): string {
  const named = ({ operator, placement, cut }: Pick<typeof fixed, "operator" | "placement" | "cut">) =>
    `${operator} on ${placement}${cut ? `, cut after ${shorten(cut, 32)}` : ""}`;
  const regret = (policy: typeof fixed) => `${(100 * policy.worst_regret).toFixed(1)} %`;
  return [
    `Over ${formatDuration(duration_s)} of changing bandwidth:`,
    table(
      ["policy", "choice", "mean latency", "worst regret", "switches"],
      [
        ["best fixed", named(fixed), formatDuration(fixed.mean_s), regret(fixed), "–"],
        ["robust", named(robust), formatDuration(robust.mean_s), regret(robust), "–"],
        [
          "adaptive",
          `among ${new Set(switches.map(named)).size}`,
          formatDuration(adaptive.mean_s),
          regret(adaptive),
          adaptive.switches ?? 0,
        ],
      ],
    ),
  ].join("\n");
}
