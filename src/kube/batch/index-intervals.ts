/** Index lists of Indexed Jobs: `1,3-5,7`, increasing, below the number of completions. */

/** How many indexes the list names. @throws Error that says what is wrong, as upstream words it. */
export function countIndexes(text: string, completions: number): number {
  return intervalsOf(text, completions).reduce((total, [first, last]) => total + last - first + 1, 0);
}

/** The indexes themselves. @throws as `countIndexes` */
export function indexesOf(text: string, completions: number): Set<number> {
  const indexes = new Set<number>();
  for (const [first, last] of intervalsOf(text, completions)) for (let index = first; index <= last; index++) indexes.add(index);
  return indexes;
}

function intervalsOf(text: string, completions: number): [number, number][] {
  if (text === "") return [];
  const intervals: [number, number][] = [];
  let previous: number | undefined;
  for (const interval of text.split(",")) {
    const parts = interval.split("-");
    if (parts.length > 2) {
      throw new Error(`the fragment ${JSON.stringify(interval)} violates the requirement that an index interval can have at most two parts separated by '-'`);
    }
    const [first, last = first] = parts.map((part) => indexOf(part, completions)) as [number, number?];
    checkOrder(previous, first);
    if (parts.length === 2) checkOrder(first, last);
    intervals.push([first, last]);
    previous = last;
  }
  return intervals;
}

function indexOf(text: string, completions: number): number {
  if (!/^[-+]?\d+$/.test(text)) throw new Error(`cannot convert string to integer for index: ${JSON.stringify(text)}`);
  const index = Number(text);
  if (index >= completions) throw new Error(`too large index: ${JSON.stringify(text)}`);
  return index;
}

function checkOrder(previous: number | undefined, current: number): void {
  if (previous === undefined || previous < current) return;
  throw new Error(`non-increasing order, previous: ${previous}, current: ${current}`);
}
