import { Command } from "@commander-js/extra-typings";
import { InvalidArgumentError } from "commander";
import { Problem } from "../../formats/problem.ts";
import { DEFAULT_PORT, defaultAgentOptions, startAgent } from "../../testbed/index.ts";
import { formatSize, parseQuantity } from "../../units/index.ts";
import { portNumber, positiveInteger } from "../arguments.ts";
import { endAsked } from "../ending.ts";
import { note, print, table } from "../output.ts";

export const agent = new Command("agent")
  .description("Serve one tier for real: cut models, run their parts, pass messages on. Ends when interrupted.")
  .option("-p, --port <n>", "0 takes any free one", portNumber, DEFAULT_PORT)
  .option("--host <address>", "address to listen on; others than this machine's own need a token", "127.0.0.1")
  .option("--models <dir>", "folder whose ONNX files may be run; nothing outside it is read", ".")
  .option("--token <text>", "what clients must show; else what the variable TIERWISE_TOKEN says")
  .option("--max-body <size>", "largest message that is taken", size, defaultAgentOptions.maxBodyBytes)
  .option("-t, --threads <n>", "intra-op threads, unless a client asks for others", positiveInteger, 1)
  .option("--queue <n>", "requests in the house at once; more are told to come later", positiveInteger, 256)
  .option("--sessions <n>", "warm sessions that stay loaded", positiveInteger, 8)
  .option("--json", "print where it listens as one JSON document")
  .addHelpText(
    "after",
    "\nExample:\n  $ tierwise agent --models models --port 7411\n  $ TIERWISE_TOKEN=secret tierwise agent --models models --host 0.0.0.0",
  )
  .action(async (options) => {
    const token = options.token ?? process.env.TIERWISE_TOKEN;
    const { models, maxBody, threads, queue, sessions } = options;
    const running = await startAgent(
      { models, token, maxBodyBytes: maxBody, threads, queue, sessions },
      { host: options.host, port: options.port },
    );
    const { host, port, url } = running;
    const document = { url, host, port, models, token_required: token !== undefined, threads };
    print(options.json, document, () =>
      table(
        ["listens at", "models", "token", "threads", "largest message"],
        [[url, models, token === undefined ? "none" : "required", threads, formatSize(maxBody)]],
      ),
    );
    note("Interrupt to end.");
    const signal = await endAsked();
    await running.close();
    if (signal === "SIGINT") process.exit(130);
  });

function size(text: string): number {
  try {
    return parseQuantity(text, "size", "--max-body");
  } catch (error) {
    throw error instanceof Problem ? new InvalidArgumentError(error.message) : error;
  }
}
