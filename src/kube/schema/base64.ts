/** Base64 as Go's encoding/json reads and writes []byte: the standard alphabet, line breaks ignored, padding required. */

const CANONICAL = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * The text as Go would write the same bytes again, or, when it is not base64, the offset of the byte that Go names
 * (`illegal base64 data at input byte <offset>`).
 */
export function canonicalBase64(text: string): string | number {
  if (!CANONICAL.test(text)) {
    const broken = firstIllegalByte(text);
    if (broken !== undefined) return broken;
    text = text.replace(/[\r\n]/g, "");
  }
  if (text.endsWith("==")) return clearLastBits(text, 3, 0b110000);
  return text.endsWith("=") ? clearLastBits(text, 2, 0b111100) : text;
}

/** Bits beyond the last byte are ignored in reading and zero in writing. */
function clearLastBits(text: string, fromEnd: number, mask: number): string {
  const at = text.length - fromEnd;
  const letter = ALPHABET.indexOf(text[at] ?? "");
  const cleared = letter & mask;
  return cleared === letter ? text : text.slice(0, at) + ALPHABET[cleared] + text.slice(at + 1);
}

/** Walks quads of letters as Go's decoder does; undefined when the text is whole. */
function firstIllegalByte(text: string): number | undefined {
  const bytes = new TextEncoder().encode(text);
  const isBreak = (byte: number | undefined) => byte === 10 || byte === 13;
  let at = 0;
  while (at < bytes.length) {
    for (let place = 0; place < 4; place++) {
      while (isBreak(bytes[at])) at++;
      if (at >= bytes.length) return place === 0 ? undefined : at - place;
      const byte = bytes[at++] ?? 0;
      if (byte < 128 && ALPHABET.includes(String.fromCharCode(byte))) continue;
      if (byte !== 61) return at - 1;
      if (place < 2) return at - 1;
      if (place === 2) {
        while (isBreak(bytes[at])) at++;
        if (at >= bytes.length) return bytes.length;
        if (bytes[at] !== 61) return at - 1;
        at++;
      }
      while (isBreak(bytes[at])) at++;
      return at < bytes.length ? at : undefined;
    }
  }
  return undefined;
}
