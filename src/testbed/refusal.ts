import { Problem } from "../formats/problem.ts";

/** Why an agent does not answer a request as asked: an HTTP status, and words for who asked. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  /** The tier that failed, where it is not the one that answers. */
  readonly tier: string | undefined;

  constructor(status: number, message: string, tier?: string) {
    super(message);
    this.status = status;
    this.tier = tier;
  }
}

/** What to answer after this error: a Problem is the asker's (400), all else a failure of the agent's own (500). */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof Problem) return new Refusal(400, error.message);
  return new Refusal(500, `the agent failed: ${error instanceof Error ? error.message : String(error)}`);
}

/** Runs `action`; a Problem in it becomes a Refusal with this status. */
export async function refusing<T>(status: number, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof Problem ? new Refusal(status, error.message) : error;
  }
}
