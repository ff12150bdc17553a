// Text as bytes and back, for engines that have no TextEncoder.

/** The bytes of a text, in UTF-8. */
export function encoded(text) {
  const escaped = encodeURIComponent(text.toWellFormed());
  const bytes = [];
  for (let at = 0; at < escaped.length; at += 1) {
    if (escaped[at] === "%") {
      bytes.push(Number.parseInt(escaped.slice(at + 1, at + 3), 16));
      at += 2;
    } else {
      bytes.push(escaped.charCodeAt(at));
    }
  }
  return Uint8Array.from(bytes);
}

/** The text of bytes in UTF-8. Throws when they are none. */
export function decoded(bytes) {
  let escaped = "";
  for (const byte of bytes) {
    escaped += `%${byte.toString(16).padStart(2, "0")}`;
  }
  return decodeURIComponent(escaped);
}

/** A JSON document as text; text counts as one already. */
export function document(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}
