import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { type Device, parseDevice } from "../formats/device.ts";
import { unknownName } from "../formats/names.ts";
import { readText } from "../store/index.ts";
import { PACKAGE } from "./topologies.ts";

/** Folder of the shipped catalogue: a file per device. */
const CATALOGUE = path.join(PACKAGE, "devices");

/** Names of the shipped devices. */
export function catalogueNames(): string[] {
  return readdirSync(CATALOGUE)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.replace(/\.yaml$/, ""))
    .sort();
}

/**
 * Reads a device document: a file, or a shipped one by its name.
 * @throws Problem naming file and field, or the names that there are
 */
export function readDevice(name: string): Device {
  if (existsSync(name)) return parseDevice(readText(name), name);
  const file = path.join(CATALOGUE, `${name}.yaml`);
  if (!/^[\w.-]+$/.test(name) || !existsSync(file))
    throw unknownName(
      "device",
      name,
      catalogueNames(),
      "`tierwise device list` shows all, `device bench` makes a file",
    );
  return parseDevice(readText(file), file);
}
