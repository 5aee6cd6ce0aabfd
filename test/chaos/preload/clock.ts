// Loaded into a daemon by `node --import`: SIGUSR2 puts its clock PACELINE_TEST_CLOCK_SECONDS ahead (behind where negative), and back.
const RealDate = Date;
const ahead = Number(process.env.PACELINE_TEST_CLOCK_SECONDS ?? "0") * 1000;
let offset = 0;

const now = (): number => RealDate.now() + offset;

globalThis.Date = new Proxy(RealDate, {
  get: (target, key) => (key === "now" ? now : (Reflect.get(target, key, target) as unknown)),
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
});
process.on("SIGUSR2", () => (offset = offset === 0 ? ahead : 0));
