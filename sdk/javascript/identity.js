// What makes two tasks the same work: a stable hash of what matters about them. The same parts have
// the same hash in the SDKs of all languages.

import { sha256 } from "./sha256.js";
import { encoded } from "./text.js";

export function identity(...parts) {
  const bytes = [];
  for (const part of parts) {
    if (part === undefined) {
      bytes.push(...encoded("-"));
      continue;
    }
    const framed = encoded(typeof part === "string" ? part : canonical(part));
    bytes.push(...encoded(`${framed.length}:`), ...framed);
  }
  return sha256(Uint8Array.from(bytes)).slice(0, 32);
}

/** JSON without spaces, with sorted names; whole numbers are written as such anyway. */
export function canonical(value) {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(",")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const names = Object.keys(value).sort(byBytes);
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** As bytes are sorted. Halves of a character beyond 2^16 would come too early. */
function byBytes(one, other) {
  const [a, b] = [[...one], [...other]];
  const at = a.findIndex((letter, at) => letter !== b[at]);
  if (at < 0) {
    return a.length - b.length;
  }
  return at >= b.length ? 1 : a[at].codePointAt(0) - b[at].codePointAt(0);
}
