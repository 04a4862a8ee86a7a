import { type Network, type Outcome, type SimulateOptions, simulate } from "../simulator/index.ts";

export interface ReplicationTask {
  readonly network: Network;
  readonly options: SimulateOptions;
}

/** What a worker thread does: one run. */
export default function run({ network, options }: ReplicationTask): Outcome {
  return simulate(network, options);
}
