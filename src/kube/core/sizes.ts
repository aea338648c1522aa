/** Byte sizes of encoded values, for the limits that validation counts in bytes. */

/** How many bytes a (valid, padded) base64 text stands for. */
export function base64Bytes(text: string): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return Math.floor(text.length / 4) * 3 - padding;
}
