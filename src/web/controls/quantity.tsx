import { useId, useRef, useState } from "preact/hooks";
import type { Scale } from "./scales.ts";

export interface QuantityProps {
  readonly label: string;
  readonly value: number;
  readonly scale: Scale;
  /** The value as people write it. */
  readonly format: (value: number) => string;
  /** The value of what was typed; throws with a message where it is none. */
  readonly parse: (text: string) => number;
  readonly onChange: (value: number) => void;
  /** Undoes the change; left out where there is none. */
  readonly onReset?: (() => void) | undefined;
  readonly disabled?: boolean;
}

/** A quantity to drag, or to type with its unit. */
export function Quantity({ label, value, scale, format, parse, onChange, onReset, disabled = false }: QuantityProps) {
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const written = useRef<HTMLInputElement>(null);
  const shown = format(value);
  const take = () => {
    if (typed === null) return;
    try {
      onChange(parse(typed));
      setFault(null);
      setTyped(null);
    } catch (error) {
      setFault((error as Error).message);
    }
  };
  return (
    <div class="quantity">
      <label for={`${id}-slider`}>{label}</label>
      {onReset && (
        <button
          type="button"
          class="reset"
          aria-label={`Reset ${label}`}
          title="Back to the topology's own"
          onClick={onReset}
        >
          ↺
        </button>
      )}
      <input
        ref={written}
        class="written"
        type="text"
        aria-label={`${label}, written`}
        aria-invalid={fault !== null}
        aria-describedby={fault === null ? undefined : `${id}-fault`}
        disabled={disabled}
        value={typed ?? shown}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === "Enter") take();
          if (event.key !== "Escape") return;
          setTyped(null);
          setFault(null);
        }}
      />
      <input
        id={`${id}-slider`}
        type="range"
        min={0}
        max={scale.steps}
        step={1}
        disabled={disabled}
        value={scale.toStep(value)}
        aria-valuetext={shown}
        onInput={(event) => {
          setTyped(null);
          setFault(null);
          onChange(scale.toValue(Number(event.currentTarget.value)));
        }}
      />
      {fault !== null && (
        <p class="fault" id={`${id}-fault`} role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}
