// What an operator tells a plugin, and how to refuse it well.

/** Enough characters of a text to recognise it. */
const SHOWN_MAX = 80;

export class SettingError extends Error {
  static of(key, value, expected) {
    return new SettingError(`setting \`${key}\` is ${shown(value)}, expected ${expected}`);
  }
}

export class Settings {
  #values;

  constructor(values = {}) {
    this.#values = new Map(Object.entries(values));
  }

  get(key) {
    return this.#values.get(key);
  }

  keys() {
    return [...this.#values.keys()];
  }

  denyUnknown(...known) {
    const isKnown = (key) =>
      known.some((name) => key === name || (name.endsWith("*") && key.startsWith(name.slice(0, -1))));
    const key = this.keys().find((key) => !isKnown(key));
    if (key !== undefined) {
      const expected = known.length ? `expected one of \`${known.join("`, `")}\`` : "there are none";
      throw new SettingError(`setting \`${key}\` is unknown, ${expected}`);
    }
  }

  integer(key, { absent = 0, least, most } = {}) {
    return this.#bounded(key, absent, least, most, "an integer", Number.isSafeInteger);
  }

  number(key, { absent = 0, least, most } = {}) {
    return this.#bounded(key, absent, least, most, "a number", Number.isFinite);
  }

  text(key, absent = "") {
    return this.#typed(key, absent, "text", (value) => typeof value === "string");
  }

  flag(key, absent = false) {
    return this.#typed(key, absent, "true or false", (value) => typeof value === "boolean");
  }

  list(key) {
    return this.#typed(key, [], "a list", Array.isArray);
  }

  table(name) {
    const start = `${name}.`;
    const found = [...this.#values].filter(([key]) => key.startsWith(start));
    return Object.fromEntries(found.map(([key, value]) => [key.slice(start.length), value]));
  }

  #bounded(key, absent, least, most, what, isFine) {
    const isWithin = (value) =>
      isFine(value) && (least === undefined || value >= least) && (most === undefined || value <= most);
    return this.#typed(key, absent, bounds(what, least, most), isWithin);
  }

  #typed(key, absent, expected, isFine) {
    const value = this.#values.has(key) ? this.#values.get(key) : absent;
    if (!isFine(value)) {
      throw SettingError.of(key, value, expected);
    }
    return value;
  }
}

function bounds(what, least, most) {
  if (least === undefined && most === undefined) {
    return what;
  }
  if (most === undefined) {
    return `${what} of at least ${least}`;
  }
  return least === undefined ? `${what} of at most ${most}` : `${what} from ${least} to ${most}`;
}

/** A value as people write it. */
function shown(value) {
  const text = JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? `${inner}` : inner));
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}
