import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { Problem } from "../formats/problem.ts";
import { Refusal } from "./refusal.ts";

/** Whether only programs of this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d+){3}$/.test(host) || /^::ffff:127\./i.test(host);
}

/** @throws Problem when an agent would be open to a network without a token */
export function checkOpenness(host: string, token: string | undefined): void {
  if (token === "") throw new Problem("--token: an empty token keeps nobody out");
  if (token === undefined && !isLoopback(host))
    throw new Problem(
      `--host ${host} can be reached from other machines: give --token, or set TIERWISE_TOKEN, so that not everybody can run models here.`,
    );
}

/**
 * Lets a request in, or not.
 * @throws Refusal 401 without the token; 403 where, without a token, the request was made for another host's name, as a
 *   web page's would be that had its own name point here (DNS rebinding)
 */
export function checkAccess(request: IncomingMessage, token: string | undefined): void {
  if (token === undefined) {
    const name = hostName(request.headers.host ?? "");
    if (name !== "localhost" && isIP(name) === 0)
      throw new Refusal(403, `this agent has no token and answers to localhost and addresses alone, not to "${name}"`);
    return;
  }
  const given = /^Bearer (.*)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
  // Digests are of one length, so that the comparison takes as long whatever was given.
  if (!timingSafeEqual(digest(given), digest(token)))
    throw new Refusal(401, "this agent needs a token: send it as `authorization: Bearer TOKEN`");
}

function hostName(host: string): string {
  const [, bracketed, plain] = /^(?:\[(.*)\]|([^:]*))(?::\d+)?$/.exec(host) ?? [];
  return bracketed ?? plain ?? host;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
