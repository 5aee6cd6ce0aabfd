/** Resolves when `work` settles, or after `seconds`, whichever comes first; of the machine's time, for what really runs. */
export async function atMost(seconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, seconds * 1000)));
  await Promise.race([work.then(nothing, nothing), late]);
  clearTimeout(timer);
}

const nothing = (): void => undefined;
