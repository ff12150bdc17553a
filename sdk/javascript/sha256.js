// SHA-256, which engines without a browser around them do not have.

/** The first 64 primes, whose roots are the constants of the algorithm. */
const PRIMES = [];
for (let candidate = 2; PRIMES.length < 64; candidate += 1) {
  if (PRIMES.every((prime) => candidate % prime !== 0)) {
    PRIMES.push(candidate);
  }
}

/** The first 32 bits behind the point of a root. */
const fraction = (root) => ((root - Math.floor(root)) * 2 ** 32) | 0;
const ROUNDS = PRIMES.map((prime) => fraction(Math.cbrt(prime)));
const START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));

const rotated = (word, by) => (word >>> by) | (word << (32 - by));

/** The digest of bytes, as 64 hex digits. */
export function sha256(bytes) {
  const state = [...START];
  const padded = padding(bytes);
  for (let at = 0; at < padded.byteLength; at += 64) {
    const mixed = block(state, padded, at);
    mixed.forEach((word, place) => {
      state[place] = (state[place] + word) | 0;
    });
  }
  return state.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/** The bytes, a one, zeros, and how many bits there are, in whole blocks. */
function padding(bytes) {
  const view = new DataView(new ArrayBuffer(Math.ceil((bytes.length + 9) / 64) * 64));
  bytes.forEach((byte, at) => view.setUint8(at, byte));
  view.setUint8(bytes.length, 0x80);
  view.setUint32(view.byteLength - 8, Math.floor((bytes.length * 8) / 2 ** 32));
  view.setUint32(view.byteLength - 4, (bytes.length * 8) >>> 0);
  return view;
}

function block(state, view, start) {
  const words = [];
  for (let at = 0; at < 16; at += 1) {
    words.push(view.getInt32(start + 4 * at));
  }
  for (let at = 16; at < 64; at += 1) {
    const [old, recent] = [words[at - 15], words[at - 2]];
    const s0 = rotated(old, 7) ^ rotated(old, 18) ^ (old >>> 3);
    const s1 = rotated(recent, 17) ^ rotated(recent, 19) ^ (recent >>> 10);
    words.push((words[at - 16] + s0 + words[at - 7] + s1) | 0);
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let at = 0; at < 64; at += 1) {
    const s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const one = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[at] + words[at]) | 0;
    const s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [a, b, c, d, e, f, g, h] = [(one + two) | 0, a, b, c, (d + one) | 0, e, f, g];
  }
  return [a, b, c, d, e, f, g, h];
}
