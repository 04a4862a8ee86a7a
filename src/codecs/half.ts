const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

/**
 * Converts float32 to float16 bits, rounding to nearest, ties to even (IEEE 754-2019, 3.6 and 4.3.1). Values of 65520
 * and more become infinite; values below 2^-14 become subnormal; NaN stays NaN.
 */
export function toHalf(source: Float32Array, target: Uint16Array): void {
  const words = new Uint32Array(source.buffer, source.byteOffset, source.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const magnitude = word & 0x7fffffff;
    let half: number;
    if (magnitude >= 0x47800000) {
      half = magnitude > 0x7f800000 ? 0x7e00 : 0x7c00;
    } else if (magnitude <= 0x33000000) {
      // Up to half of the least subnormal: zero, which activations are full of.
      half = 0;
    } else if (magnitude < 0x38800000) {
      // Adding 0.5 aligns the subnormal's last bit with the last bit of a float32, and the addition rounds to even.
      bits[0] = magnitude;
      floats[0]! += 0.5;
      half = bits[0]! - 0x3f000000;
    } else {
      // Rebias the exponent by 15 - 127, then round: half of the dropped bits, less one where the kept bit is even.
      half = (magnitude + 0xc8000fff + ((magnitude >>> 13) & 1)) >>> 13;
    }
    target[i] = ((word >>> 16) & 0x8000) | half;
  }
}

/** Converts float16 bits to float32, exactly. */
export function fromHalf(source: Uint16Array, target: Float32Array): void {
  const words = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let i = 0; i < source.length; i++) {
    const half = source[i]!;
    const sign = (half & 0x8000) << 16;
    const exponent = half & 0x7c00;
    if ((half & 0x7fff) === 0) {
      words[i] = sign;
    } else if (exponent === 0) {
      floats[0] = (half & 0x3ff) * 2 ** -24;
      words[i] = sign | bits[0]!;
    } else {
      const rebias = exponent === 0x7c00 ? 0x70000000 : 0x38000000;
      words[i] = sign | (((half & 0x7fff) << 13) + rebias);
    }
  }
}
