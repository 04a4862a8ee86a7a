import path from "node:path";
import { Command } from "@commander-js/extra-typings";
import { answer } from "../../report/index.ts";
import { print } from "../output.ts";
import { readProfile } from "../profiles.ts";
import { reportData, writeCharts, writeReport } from "../reporting.ts";
import { readTopology } from "../topologies.ts";

export const report = new Command("report")
  .description("Write one self-contained HTML report with charts of every cut on every placement.")
  .argument("<profiles...>", "profile, or profiles of one model with different numbers of threads")
  .option("--topology <file>", "tiers and links: a file, or the name of a shipped one", "mobile-edge-cloud")
  .option("-c, --codec <name>", "json, base64, raw or float16; else the topology's")
  .option("-o, --output <file>", "the HTML file", "tierwise-report/report.html")
  .option("--svg", "also write each chart as SVG, beside the report", false)
  .option("--png", "also write each chart as PNG", false)
  .option("--vega-lite", "also write each chart as Vega-Lite JSON", false)
  .option("--json", "print one JSON document")
  .addHelpText(
    "after",
    "\nExample:\n  $ tierwise report profiles/model.json --topology mobile-edge-cloud -o report.html --svg",
  )
  .action(async (profiles, options) => {
    const data = reportData(profiles.map(readProfile), readTopology(options.topology), options.codec, []);
    await writeReport(data, options.output);
    const charts = await writeCharts(data, path.dirname(options.output), options);
    const document = { file: options.output, charts, answer: answer(data) };
    print(options.json, document, () => [`${document.answer}.`, options.output, ...charts].join("\n"));
  });
