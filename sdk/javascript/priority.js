// What a priority may be.

export const PRIORITY_MAX = Number.MAX_SAFE_INTEGER;
export const PRIORITY_MIN = -PRIORITY_MAX;

export function roundPriority(score) {
  if (Number.isNaN(score)) {
    return PRIORITY_MAX;
  }
  const bounded = Math.min(Math.max(score, PRIORITY_MIN), PRIORITY_MAX);
  const whole = Math.trunc(bounded);
  // Halves go away from zero, as in the SDKs of other languages. Exact, unlike adding a half.
  return Math.abs(bounded - whole) >= 0.5 ? whole + Math.sign(bounded) : whole + 0;
}
