import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { encode, type Tensor } from "../../src/codecs/index.ts";
import { startAgent } from "../../src/testbed/agent.ts";
import { defaultAgentOptions } from "../../src/testbed/index.ts";
import { headerJson, PLAN_HEADER } from "../../src/testbed/protocol.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { agent, client, MODELS } from "./agents.ts";

const RESNET = { model: "fmnist_resnet.onnx", shapes: { image: [1, 1, 28, 28] } };
const image = (shape: number[], name = "image"): Tensor => ({
  ...{ name, dtype: "float32", shape },
  data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
});
const GOOD = encode("raw", [image([1, 1, 28, 28])]);

/** One request by hand; the status and what the body says. */
async function ask(
  url: string,
  method: string,
  where: string,
  headers: Record<string, string> = {},
  body?: Uint8Array,
) {
  const answer = await fetch(url + where, { method, headers, ...(body ? { body: body as BodyInit } : {}) });
  return { status: answer.status, error: ((await answer.json()) as { error?: string }).error ?? "" };
}

describe("messages that are no messages", async () => {
  const MALFORMED: readonly (readonly [string, "raw" | "json" | "base64" | "float16", Uint8Array, RegExp])[] = [
    ["an empty body", "raw", new Uint8Array(0), /malformed message/],
    ["noise", "raw", Uint8Array.from({ length: 500 }, (_, i) => (i * 37) % 256), /malformed message/],
    ["a message that ends early", "raw", GOOD.subarray(0, GOOD.length - 9), /malformed message/],
    ["a message in another codec", "json", GOOD, /malformed message/],
    ["JSON that is no message", "json", Buffer.from('{"tensors": 3}'), /lists no tensors/],
    [
      "a shape beyond all bounds",
      "json",
      Buffer.from('{"tensors":[{"name":"image","dtype":"float32","shape":[9e15,9e15],"data":[]}]}'),
      /too large/,
    ],
    [
      "base64 that is none",
      "base64",
      Buffer.from('{"tensors":[{"name":"image","dtype":"float32","shape":[1],"data":"*"}]}'),
      /base64/,
    ],
    [
      "a wrong shape",
      "raw",
      encode("raw", [image([1, 28, 28, 1])]),
      /float32\[1x28x28x1\].*float32\[1x1x28x28\] is needed/,
    ],
    [
      "a wrong type",
      "raw",
      encode("raw", [{ ...image([1, 1, 28, 28]), dtype: "int32", data: new Int32Array(784) }]),
      /int32\[1x1x28x28\].*float32/,
    ],
    [
      "a wrong name",
      "raw",
      encode("raw", [image([1, 1, 28, 28], "picture")]),
      /"picture", which is not needed.*"image"/,
    ],
    ["one tensor too few", "raw", encode("raw", []), /lacks the tensor "image"/],
  ];

  test.each(MALFORMED)("%s is refused with a reason", async (_, codec, body, says) => {
    const { url } = await agent();
    const segment = await client().part({ url }, RESNET);
    const plan = { codec, steps: [{ tier: "edge", segment }] };
    const { status, error } = await ask(url, "POST", "/v1/run", { [PLAN_HEADER]: headerJson(plan) }, body);
    expect(error).toMatch(says);
    expect(error).not.toMatch(/\n\s+at /);
    expect(status).toBe(400);
    // The agent serves on.
    const good = { codec: "raw" as const, steps: [{ tier: "edge", segment }] };
    expect((await client().run({ url }, good, GOOD)).message.length).toBeGreaterThan(0);
  });
});

describe("plans and paths", () => {
  const PLANS: readonly (readonly [string, string | undefined, number, RegExp])[] = [
    ["no plan", undefined, 400, /tierwise-plan.*missing/],
    ["a plan that is no JSON", "{", 400, /not JSON/],
    ["a plan of another form", '{"codec":"zip","steps":[]}', 400, /codec/],
    [
      "an unknown part",
      '{"codec":"raw","steps":[{"tier":"a","segment":"nowhere"}]}',
      404,
      /no prepared part "nowhere"/,
    ],
    [
      "an unknown input",
      '{"codec":"raw","input":"none","steps":[{"tier":"a"},{"tier":"b","url":"http://127.0.0.1:9"}]}',
      404,
      /no input "none"/,
    ],
    ["nothing to do", '{"codec":"raw","steps":[{"tier":"a"}]}', 400, /no segment to run/],
    ["a next tier without address", '{"codec":"raw","steps":[{"tier":"a"},{"tier":"b"}]}', 400, /where tier "b" is/],
  ];
  test.each(PLANS)("%s", async (_, plan, expected, says) => {
    const { url } = await agent();
    const { status, error } = await ask(
      url,
      "POST",
      "/v1/run",
      plan === undefined ? {} : { [PLAN_HEADER]: plan },
      GOOD,
    );
    expect(error).toMatch(says);
    expect(status).toBe(expected);
  });

  test("an unknown path says which there are", async () => {
    const { url } = await agent();
    const { status, error } = await ask(url, "GET", "/v2/run");
    expect(status).toBe(404);
    expect(error).toContain("POST /v1/run");
  });

  test("an unknown model is answered with the known ones", async () => {
    const { url } = await agent();
    const body = Buffer.from(JSON.stringify({ model: "fmnist_resnt.onnx" }));
    const { status, error } = await ask(url, "PUT", "/v1/parts", {}, body);
    expect(status).toBe(404);
    expect(error).toMatch(/did you mean "fmnist_resnet.onnx"\?.*spam_bert2\.onnx/);
  });

  test("an unknown cut, an empty part and another file are refused", async () => {
    const { url } = await agent();
    const put = (request: object) =>
      ask(url, "PUT", "/v1/parts", {}, Buffer.from(JSON.stringify({ ...RESNET, ...request })));
    expect(await put({ from: "Nowhere" })).toMatchObject({
      status: 400,
      error: expect.stringMatching(/no cut 'Nowhere'/),
    });
    const both = { from: "/f/f.5/b/b.0/Conv", to: "/f/f.2/a/a.2/Relu" };
    expect(await put(both)).toMatchObject({ status: 400, error: expect.stringMatching(/empty/) });
    expect(await put({ sha256: "0".repeat(64) })).toMatchObject({ status: 409 });
    expect(await put({ shapes: {} })).toMatchObject({ status: 400, error: expect.stringMatching(/free dimensions/) });
  });

  test("nothing outside the folder is ever read, by no spelling and by no link", async () => {
    const outside = temporaryFolder();
    const folder = path.join(outside, "models");
    mkdirSync(folder);
    writeFileSync(path.join(outside, "secret.onnx"), "secret");
    symlinkSync(path.join(outside, "secret.onnx"), path.join(folder, "link.onnx"));
    symlinkSync(outside, path.join(folder, "up"));
    mkdirSync(path.join(outside, "models-too"));
    writeFileSync(path.join(outside, "models-too", "m.onnx"), "secret");
    const { url } = await agent({ models: folder });
    for (const model of [
      "../secret.onnx",
      path.join(outside, "secret.onnx"),
      "link.onnx",
      "up/secret.onnx",
      "./../models-too/m.onnx",
      "secret.onnx\0.onnx",
      "..",
      ".",
    ]) {
      const { status, error } = await ask(url, "PUT", "/v1/parts", {}, Buffer.from(JSON.stringify({ model })));
      expect(error).toMatch(/unknown model/);
      expect(status).toBe(404);
    }
  });
});

describe("who is let in", () => {
  test("with a token, nobody without it, and health says so", async () => {
    const { url } = await agent({ token: "open sesame" });
    expect(await (await fetch(`${url}/v1/health`)).json()).toEqual({ ok: true, token_required: true });
    for (const authorization of ["", "Bearer", "Bearer wrong", "Bearer open sesame!", "Basic b3BlbiBzZXNhbWU="])
      expect((await ask(url, "GET", "/v1/info", authorization ? { authorization } : {})).status).toBe(401);
    expect((await ask(url, "GET", "/v1/info", { authorization: "Bearer open sesame" })).status).toBe(200);
  });

  test("no agent opens to a network without a token", async () => {
    const options = { ...defaultAgentOptions, models: MODELS };
    await expect(startAgent(options, { host: "0.0.0.0", port: 0 })).rejects.toThrow(/token/);
    await expect(startAgent(options, { host: "::", port: 0 })).rejects.toThrow(/token/);
    await expect(startAgent({ ...options, token: "" }, { host: "127.0.0.1", port: 0 })).rejects.toThrow(/empty token/);
    const open = await startAgent({ ...options, token: "t" }, { host: "0.0.0.0", port: 0 });
    await open.close();
  });

  test("without a token, no page of another name gets through by having that name point here", async () => {
    const { port } = await agent();
    const answer = await new Promise<string>((resolve) => {
      const socket = net.connect(port, "127.0.0.1", () =>
        socket.write("GET /v1/info HTTP/1.1\r\nhost: evil.example\r\n\r\n"),
      );
      socket.once("data", (bytes) => {
        socket.destroy();
        resolve(bytes.toString());
      });
    });
    expect(answer).toMatch(/^HTTP\/1.1 403/);
  });
});

describe("bodies that are too large", () => {
  test("are refused before they have come, whether they say their length or not", async () => {
    const { url, port } = await agent({ maxBodyBytes: 2000 });
    const segment = await client().part({ url }, RESNET);
    const plan = headerJson({ codec: "raw", steps: [{ tier: "edge", segment }] });
    const announced = await ask(url, "POST", "/v1/run", { [PLAN_HEADER]: plan }, GOOD);
    expect(announced).toMatchObject({ status: 413, error: expect.stringMatching(/2000 bytes.*--max-body/) });
    const streamed = await new Promise<string>((resolve) => {
      const socket = net.connect(port, "127.0.0.1", () => {
        socket.write(
          `POST /v1/run HTTP/1.1\r\nhost: localhost\r\n${PLAN_HEADER}: ${plan}\r\ntransfer-encoding: chunked\r\n\r\n`,
        );
        for (let i = 0; i < 4; i++) socket.write(`400\r\n${"x".repeat(1024)}\r\n`);
      });
      socket.once("data", (bytes) => {
        socket.destroy();
        resolve(bytes.toString());
      });
    });
    expect(streamed).toMatch(/^HTTP\/1.1 413/);
  });
});
