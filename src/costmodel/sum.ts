import type { Environment } from "./environment.ts";
import { type Assignment, RequestWalk, type StageSink } from "./request.ts";
import type { Statistic } from "./segments.ts";

/** Adds stages up in their order, as summing a compiled pipeline does, so that both give the same double. */
export class Sum implements StageSink {
  seconds = 0;
  stage(_stage: unknown, _resource: string, seconds: number): void {
    this.seconds += seconds;
  }
}

/** Latency of an assignment without writing its stages down. */
export function latencyOf(environment: Environment, assignment: Assignment, statistic: Statistic): number {
  const sum = new Sum();
  new RequestWalk(environment).run(assignment, statistic, sum);
  return sum.seconds;
}
