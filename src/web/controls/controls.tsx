import { bitRate, duration, percent } from "../../report/index.ts";
import { parseQuantity } from "../../units/index.ts";
import { modelsOf } from "../catalogue.ts";
import { linkName, pairs } from "../scene.ts";
import { catalogue, change, changeOne, open, scene, state } from "../store.ts";
import { Select } from "./choice.tsx";
import { Quantity } from "./quantity.tsx";
import { linear, logarithmic, logarithmicFromZero } from "./scales.ts";

const BANDWIDTH = logarithmic(1e5, 1e10, 250);
const DELAY = logarithmicFromZero(1e-4, 1, 200);
const SPEED = logarithmic(0.02, 50, 200);
const RATE = logarithmic(0.01, 1000, 250);
const FLOOR = linear(0, 1, 200);
const ANY = "";

const CODECS: Readonly<Record<string, string>> = {
  json: "JSON text",
  base64: "base64 in JSON",
  raw: "raw float32",
  float16: "float16 (rounds)",
};

/** A number as it is typed, with a message for what is none. */
function numberIn(text: string, what: string, allowed: (value: number) => boolean): number {
  const value = Number(text.replace(/[^\d.eE+-]/g, ""));
  if (!/\d/.test(text) || !allowed(value)) throw new Error(`${what}; “${text}” is not`);
  return value;
}

/** Everything that can be asked. */
export function Controls() {
  return (
    <form class="controls" aria-label="What if" onSubmit={(event) => event.preventDefault()}>
      <ModelFields />
      <NetworkFields />
      <TierFields />
      <LoadFields />
      <AccuracyFields />
    </form>
  );
}

function ModelFields() {
  const { model, variants, operator, codec, base, topology } = scene.value;
  const operators = variants.map((variant) => variant.operator);
  return (
    <fieldset>
      <legend>Model and deployment</legend>
      <Select
        label="Model"
        value={model}
        options={modelsOf(catalogue.value).map((name) => ({ value: name, text: name }))}
        onChange={(name) => change({ model: name, operator: null, placement: null, cut: null })}
      />
      <Select
        label="Operator"
        value={operator ?? ANY}
        options={[
          {
            value: ANY,
            text: operators.length > 1 ? `best of ${operators.join(", ")}` : `${operators[0]}, all there is`,
          },
          ...operators.map((name) => ({ value: name, text: name })),
        ]}
        onChange={(name) => change({ operator: name || null, cut: null })}
      />
      <Select
        label="Codec"
        value={codec}
        options={variants[0]!.profiles[0]!.codecs.map(({ codec: name }) => ({
          value: name,
          text: CODECS[name] ?? name,
        }))}
        onChange={(name) => change({ codec: name === base.codec ? null : name })}
      />
      <Select
        label="Sessions"
        value={topology.session}
        options={[
          { value: "warm", text: "warm: loaded before" },
          { value: "cold", text: "cold: loaded each time" },
        ]}
        onChange={(name) => change({ session: name === base.session ? null : (name as "warm" | "cold") })}
      />
      <label class="open">
        <span>Open a profile or a topology, or drop it anywhere</span>
        <input
          type="file"
          multiple
          accept=".json,.yaml,.yml"
          onChange={(event) => {
            const { files } = event.currentTarget;
            if (files) void open(files);
          }}
        />
      </label>
    </fieldset>
  );
}

function NetworkFields() {
  const { topology, base } = scene.value;
  const { bandwidth_bps, delay_s } = state.value;
  const fresh = { bandwidth_bps: {}, delay_s: {}, speed: {}, cores: {} };
  return (
    <fieldset>
      <legend>Network</legend>
      <Select
        label="Topology"
        value={base.name}
        options={catalogue.value.topologies.map(({ name }) => ({ value: name, text: name }))}
        onChange={(name) =>
          change({ topology: name, placement: null, cut: null, sweep: null, codec: null, session: null, ...fresh })
        }
      />
      {pairs(topology).map((link) => {
        const name = linkName(link);
        const pair = `${link.from} → ${link.to}`;
        return (
          <div class="pair" key={`${base.name} ${name}`}>
            <Quantity
              label={`Bandwidth ${pair}`}
              value={link.bandwidth_bps}
              scale={BANDWIDTH}
              format={bitRate}
              parse={(text) => positive(parseQuantity(withUnit(text, "Mbit/s"), "bandwidth", "bandwidth"), "bandwidth")}
              onChange={(value) => changeOne("bandwidth_bps", name, value)}
              onReset={name in bandwidth_bps ? () => changeOne("bandwidth_bps", name, undefined) : undefined}
            />
            <Quantity
              label={`Delay ${pair}`}
              value={link.delay_s}
              scale={DELAY}
              format={duration}
              parse={(text) => parseQuantity(withUnit(text, "ms"), "duration", "delay")}
              onChange={(value) => changeOne("delay_s", name, value)}
              onReset={name in delay_s ? () => changeOne("delay_s", name, undefined) : undefined}
            />
          </div>
        );
      })}
      {topology.links.length > 0 && (
        <p class="hint">Delays are one way, the same to and fro. The way back keeps its proportion of bandwidth.</p>
      )}
    </fieldset>
  );
}

function TierFields() {
  const { topology, base } = scene.value;
  const { speed, cores } = state.value;
  return (
    <fieldset>
      <legend>Tiers</legend>
      {topology.tiers.map(({ name, speed: now, cpu_quota, threads, device }) => {
        const CORES = linear(0.05, threads, 19 * Math.max(1, Math.round(threads)));
        return (
          <div class="pair" key={`${base.name} ${name}`}>
            <Quantity
              label={`Speed of ${name} (${device})`}
              value={now}
              scale={SPEED}
              format={(value) => `${Number(value.toPrecision(3))}×`}
              parse={(text) => numberIn(text, "a speed is a number above 0", (value) => value > 0)}
              onChange={(value) => changeOne("speed", name, value)}
              onReset={name in speed ? () => changeOne("speed", name, undefined) : undefined}
            />
            <Quantity
              label={`CPU share of ${name}`}
              value={cpu_quota ?? threads}
              scale={CORES}
              format={(value) => (cpu_quota === null ? "no limit" : `${Number(value.toPrecision(3))} cores`)}
              parse={(text) => numberIn(text, "a share is a number of cores above 0", (value) => value > 0)}
              onChange={(value) => changeOne("cores", name, value >= threads ? null : value)}
              onReset={name in cores ? () => changeOne("cores", name, undefined) : undefined}
            />
          </div>
        );
      })}
      <p class="hint">Speeds are relative to the profiled host; what a topology says of them is its assumption.</p>
    </fieldset>
  );
}

function LoadFields() {
  const { rate, one_device, topology } = scene.value;
  return (
    <fieldset>
      <legend>Load</legend>
      <Quantity
        label="Requests per second"
        value={rate}
        scale={RATE}
        format={(value) => `${Number(value.toPrecision(3))}/s`}
        parse={(text) => numberIn(text.replace(/\/s$/, ""), "a rate is a number above 0", (value) => value > 0)}
        onChange={(value) => change({ rate: value })}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={one_device}
          onChange={(event) => change({ one_device: event.currentTarget.checked })}
        />
        All requests share one {topology.enters} device
      </label>
    </fieldset>
  );
}

function AccuracyFields() {
  const { model, variants, accuracy, floor } = scene.value;
  const unknown = variants.filter(({ operator }) => accuracy[operator] === undefined);
  return (
    <fieldset>
      <legend>Accuracy</legend>
      <Quantity
        label="Accuracy floor"
        value={floor ?? 0}
        scale={FLOOR}
        format={(value) => (floor === null ? "none" : percent(value))}
        parse={(text) =>
          text.trim() === "none"
            ? 0
            : numberIn(text, "a floor is from 0 to 100 %", (value) => value >= 0 && value <= 100) / 100
        }
        onChange={(value) => change({ floor: value === 0 ? null : value })}
      />
      <div class="accuracies">
        {variants.map(({ operator }) => (
          <label key={operator}>
            <span>{operator}</span>
            <input
              type="number"
              min={0}
              max={100}
              step="any"
              placeholder="unknown"
              aria-label={`Accuracy of ${operator}, per cent`}
              value={accuracy[operator] === undefined ? "" : Number((accuracy[operator] * 100).toPrecision(6))}
              onChange={(event) => {
                const { value, valueAsNumber } = event.currentTarget;
                if (value === "") changeOne("accuracy", operator, undefined);
                else if (valueAsNumber >= 0 && valueAsNumber <= 100)
                  changeOne("accuracy", operator, valueAsNumber / 100);
              }}
            />
            <span aria-hidden="true">%</span>
          </label>
        ))}
      </div>
      {unknown.length > 0 && (
        <p class="hint">
          {unknown.length === variants.length
            ? `No accuracy of ${model} is known`
            : `Of ${unknown.map(({ operator }) => operator).join(", ")} none is known`}
          : profiles hold times. Type what you measured (tierwise evaluate).
        </p>
      )}
    </fieldset>
  );
}

function positive(value: number, what: string): number {
  if (!(value > 0)) throw new Error(`${what}: must be above zero`);
  return value;
}

/** A bare number is in the unit that the field shows most. */
function withUnit(text: string, unit: string): string {
  return /^\s*[\d.]+\s*$/.test(text) ? `${text} ${unit}` : text;
}
