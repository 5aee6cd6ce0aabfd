/** Resolves when `condition` holds. It has no timeout of its own: the test's is the bound. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
