/** RFC 3339 in whole seconds, as metav1.Time is written. */
export function timestamp(now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}
