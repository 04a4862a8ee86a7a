import { Argument, Command } from "@commander-js/extra-typings";
import { z } from "zod";
import { calibrationSchema } from "../../formats/calibration.ts";
import { datasetSchema } from "../../formats/dataset.ts";
import { deviceSchema } from "../../formats/device.ts";
import { planResultSchema } from "../../formats/planresult.ts";
import { predictionSchema } from "../../formats/prediction.ts";
import { profileSchema } from "../../formats/profile.ts";
import { provenanceSchema } from "../../formats/provenance.ts";
import { measuredRunSchema } from "../../formats/runs.ts";
import { scenarioSchema } from "../../formats/scenario.ts";
import { simulationSchema } from "../../formats/simulation.ts";
import { sweepSchema } from "../../formats/sweep.ts";
import { topologySchema } from "../../formats/topology.ts";
import { validationSchema } from "../../formats/validation.ts";
import { variantsSchema } from "../../formats/variants.ts";
import { planReportSchema, reportSchema } from "../../report/index.ts";

const SCHEMAS = {
  profile: profileSchema,
  topology: topologySchema,
  prediction: z.object({ predictions: z.array(predictionSchema) }),
  scenario: scenarioSchema,
  simulation: simulationSchema,
  sweep: sweepSchema,
  plan: planResultSchema,
  run: measuredRunSchema,
  calibration: calibrationSchema,
  validation: validationSchema,
  report: reportSchema,
  "plan-report": planReportSchema,
  dataset: datasetSchema,
  variants: variantsSchema,
  provenance: provenanceSchema,
  device: deviceSchema,
};

export const schema = new Command("schema")
  .description("Print the JSON Schema of a file format.")
  .addArgument(new Argument("<name>", "the format").choices(Object.keys(SCHEMAS) as (keyof typeof SCHEMAS)[]))
  .option("--json", "print one JSON document on one line")
  .addHelpText("after", "\nExample:\n  $ tierwise schema profile")
  .action((name, options) => {
    const document = z.toJSONSchema(SCHEMAS[name], { io: "input" });
    process.stdout.write(`${JSON.stringify(document, null, options.json ? undefined : 2)}\n`);
  });
