import { Buffer } from "node:buffer";
import { Command } from "@commander-js/extra-typings";
import { writeAtomically } from "../../store/index.ts";
import { formatSize } from "../../units/index.ts";
import { collect, portNumber } from "../arguments.ts";
import { endAsked } from "../ending.ts";
import { note, print } from "../output.ts";
import { readProfile } from "../profiles.ts";
import { listen, pageServer, whatIfPage } from "../serving.ts";
import { readTopology } from "../topologies.ts";

export const serve = new Command("serve")
  .description("Serve the what-if page, in which the engine answers while you move sliders; or write it as one file.")
  .argument("[profiles...]", "profiles that the page offers, of any models; left out: the shipped ones")
  .option("--topology <file>", "tiers and links: a file, or the name of a shipped one; may be repeated", collect, [])
  .option("--static <file>", "write the page as one HTML file that opens from disk, and serve nothing")
  .option("-p, --port <n>", "port to listen at; 0 takes a free one", portNumber, 7410)
  .option("--host <address>", "address to listen at; others than loopback let other machines in", "127.0.0.1")
  .option("--json", "print one JSON document")
  .addHelpText(
    "after",
    "\nExamples:\n  $ tierwise serve\n  $ tierwise serve profiles/model.json --topology mobile-edge-cloud --static what-if.html",
  )
  .action(async (profiles, options) => {
    const page = whatIfPage(profiles.map(readProfile), options.topology.map(readTopology));
    const bytes = Buffer.byteLength(page);
    if (options.static !== undefined) {
      writeAtomically(options.static, page);
      print(options.json, { file: options.static, bytes }, () => `${options.static}, ${formatSize(bytes)}`);
      return;
    }
    const running = await listen(pageServer(page), options.host, options.port);
    const document = { url: running.url, host: options.host, port: running.port, bytes };
    print(options.json, document, () => running.url);
    note("Interrupt to end.");
    const signal = await endAsked();
    await running.close();
    if (signal === "SIGINT") process.exit(130);
  });
