// Attention in two passes over the keys: scores and their maximum, then the sums.
import { serve } from "./attnspec.mjs";

function flash({ query, key, value, mask, causal = false, scale }, { output, lse }) {
  const [B, Hq, L, E] = query.shape;
  const [, Hkv, S, Ev] = value.shape;
  scale ??= 1 / Math.sqrt(E);
  mask?.broadcast();
  for (let row = 0; row < B * Hq * L; row++) {
    const i = row % L;
    const h = Math.floor(row / L) % Hq;
    const b = Math.floor(row / L / Hq);
    const shared = Math.floor(h / (Hq / Hkv)); // the key head
    const scores = new Float64Array(S).fill(-Infinity); // hidden, until it is seen
    const visible = [];
    for (let j = 0; j < S; j++) {
      if (causal && j > i + S - L) break;
      if (mask && !mask.at(b, h, i, j)) continue;
      let score = 0;
      for (let e = 0; e < E; e++)
        score += query.at(b, h, i, e) * key.at(b, shared, j, e);
      scores[j] = score * scale;
      visible.push(j);
    }
    const highest = visible.reduce((most, j) => Math.max(most, scores[j]), -Infinity);
    const weights = visible.map((j) => Math.exp(scores[j] - highest));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (let e = 0; e < Ev; e++) {
      let sum = 0;
      visible.forEach((j, n) => (sum += weights[n] * value.at(b, shared, j, e)));
      output[row * Ev + e] = visible.length > 0 ? sum / total : 0;
    }
    if (lse) lse[row] = highest + Math.log(total);
  }
}

serve(
  {
    name: "flash.mjs",
    dtypes: ["float32"],
    claims: [
      ...["mask", "head_mask", "causal", "scale", "nonpositive_scale", "return_lse"],
      ...["grouped_query", "value_width", "empty_keys"],
    ],
  },
  flash,
);
