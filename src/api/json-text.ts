/** Indents JSON text as Go's encoder does, without reading its values: numbers keep every digit. */
export function indentJson(text: string): string {
  const out: string[] = [];
  let depth = 0;
  let copied = 0;
  const flush = (end: number) => {
    if (end > copied) out.push(text.slice(copied, end));
  };
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22: // "
        i = endOfString(text, i);
        break;
      case 0x7b: // {
      case 0x5b: {
        // [
        const next = text[i + 1];
        if (next === "}" || next === "]") {
          i++;
          break;
        }
        depth++;
        flush(i + 1);
        out.push(newline(depth));
        copied = i + 1;
        break;
      }
      case 0x7d: // }
      case 0x5d: // ]
        depth--;
        flush(i);
        out.push(newline(depth));
        copied = i;
        break;
      case 0x2c: // ,
        flush(i + 1);
        out.push(newline(depth));
        copied = i + 1;
        break;
      case 0x3a: // :
        flush(i + 1);
        out.push(" ");
        copied = i + 1;
        break;
    }
  }
  flush(text.length);
  return out.join("");
}

/** Index of the closing quote of the string that opens at `from`. */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (end >= 0) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

function newline(depth: number): string {
  return `\n${"  ".repeat(depth)}`;
}
