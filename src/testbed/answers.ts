import type { IncomingMessage, ServerResponse } from "node:http";
import { freeBuffer } from "../profiler/index.ts";
import { isRecord } from "./records.ts";
import { Refusal } from "./refusal.ts";

/** Sends one JSON document. */
export function answerJson(response: ServerResponse, status: number, document: unknown): void {
  const body = JSON.stringify(document);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/** Says no, and why, in one JSON document: `error`, and the `tier` that failed where it is another. */
export function answerRefusal(response: ServerResponse, { status, message, tier }: Refusal): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  // What was not read of the request's body would be taken for the next request.
  if (!response.req.complete) response.setHeader("connection", "close");
  answerJson(response, status, { error: message, ...(tier === undefined ? {} : { tier }) });
}

/** What a refusal's body says. */
export function refusalMessage(body: Buffer): { error: string; tier?: string | undefined } {
  try {
    const document: unknown = JSON.parse(body.toString("utf8"));
    if (isRecord(document) && typeof document.error === "string")
      return { error: document.error, tier: typeof document.tier === "string" ? document.tier : undefined };
  } catch {
    // Not one of ours.
  }
  return { error: body.subarray(0, 200).toString("utf8").replace(/\s+/g, " ") || "it gave no reason" };
}

/**
 * The body of a request, whole.
 * @param most bytes that are taken
 * @throws Refusal 413 when it is longer, 400 when the sender breaks off
 */
export function readBody(request: IncomingMessage, most: number): Promise<Buffer> {
  const tooLarge = () =>
    new Refusal(413, `the body is larger than the ${most} bytes that this agent takes; see its --max-body`);
  const announced = Number(request.headers["content-length"] ?? Number.NaN);
  return new Promise((resolve, reject) => {
    if (announced > most) {
      reject(tooLarge());
      return;
    }
    // Where the length is known, each chunk is copied once, into place.
    const whole = Number.isFinite(announced) ? Buffer.allocUnsafeSlow(announced) : undefined;
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      if (length + chunk.length > most) {
        request.removeAllListeners("data");
        request.pause();
        reject(tooLarge());
        return;
      }
      const at = length;
      length += chunk.length;
      if (whole) {
        chunk.copy(whole, at);
        freeBuffer(chunk);
      } else chunks.push(chunk);
    });
    request.on("end", () => resolve(whole ?? Buffer.concat(chunks)));
    const broken = () => reject(new Refusal(400, "the request broke off"));
    request.on("error", broken);
    request.on("close", broken);
  });
}
