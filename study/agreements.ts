import { median } from "simple-statistics";
import type { Latencies } from "./judging.ts";
import type { Published } from "./published.ts";
import { keyOf, OPERATORS, type Operator, type StudySubject, WHOLE } from "./subjects.ts";
import { type Agreement, agreement } from "./tau.ts";

/** How well operators are put into the published order on a tier. */
export interface OrderRow extends Agreement {
  readonly subject: string;
  readonly tier: string;
  readonly operators: number;
}

/** By model and tier where published runs are at hand; operators whose own runs were fitted are left out. */
export function orders(
  subjects: readonly StudySubject[],
  predicted: Latencies,
  published: Published,
  fitted: readonly Operator[],
): OrderRow[] {
  return subjects.flatMap((subject) =>
    WHOLE.flatMap((tier): OrderRow[] => {
      const compared = OPERATORS.filter((operator) => !fitted.includes(operator))
        .map((operator) => ({ subject: subject.name, operator, placement: tier }))
        .filter((deployment) => published.medians.has(keyOf(deployment)) && predicted.has(keyOf(deployment)));
      if (compared.length < 3) return [];
      const draws = compared.map((deployment) => predicted.get(keyOf(deployment))!);
      const samples = compared.map((deployment) => published.bootstrap(deployment, draws[0]!.length)!);
      const centre = {
        predicted: draws.map((values) => median([...values])),
        published: compared.map((deployment) => published.medians.get(keyOf(deployment))!),
      };
      return [{ subject: subject.name, tier, operators: compared.length, ...agreement(draws, samples, centre) }];
    }),
  );
}
