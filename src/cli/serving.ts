import { existsSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { Problem } from "../formats/problem.ts";
import type { Profile } from "../formats/profile.ts";
import type { Topology } from "../formats/topology.ts";
import { embed, packed } from "../web/embedding.ts";
import { PACKAGE } from "./topologies.ts";

/**
 * The what-if page as one HTML document: as it was built, with the shipped profiles and topologies, or with these in
 * their place.
 *
 * @throws Problem when the page was not built
 */
export function whatIfPage(profiles: readonly Profile[], topologies: readonly Topology[]): string {
  const file = path.join(PACKAGE, "dist", "web", "index.html");
  if (!existsSync(file)) throw new Problem(`${file} is not there; run: npm run build`);
  return embed(readFileSync(file, "utf8"), {
    ...(profiles.length > 0 ? { profiles: profiles.map((profile) => packed(profile, gzipSync)) } : {}),
    ...(topologies.length > 0 ? { topologies } : {}),
  });
}

/** The page's server: one document, which needs nothing else. */
export function pageServer(page: string): Hono {
  const app = new Hono();
  const headers = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  };
  app.get("/", (context) => context.html(page, 200, headers));
  app.notFound((context) => context.text("There is one page here, at /\n", 404));
  return app;
}

/** Listens; a port of 0 takes any that is free. */
export async function listen(
  app: Hono,
  host: string,
  port: number,
): Promise<{ readonly url: string; readonly port: number; close(): Promise<void> }> {
  const server = createAdaptorServer({ fetch: app.fetch });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(notListening(error, host, port)));
    server.listen(port, host, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${taken}/`,
    port: taken,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}

function notListening(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case "EADDRINUSE":
      return new Problem(`port ${port} of ${host} is taken; give another with --port, or 0 for any that is free`);
    case "EACCES":
      return new Problem(`port ${port} of ${host} may not be listened at; give one from 1024 on with --port`);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new Problem(`${host} is no address of this machine; give one with --host`);
    default:
      return error;
  }
}
