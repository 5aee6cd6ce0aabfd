import type { Deployment } from "../chain/accounts.ts";
import type { Address } from "../core/bytes.ts";
import type { RecordedCall } from "./record.ts";

/** Where a job stands, and what it stands among. */
export interface AuditedJob extends Pick<Deployment, "court" | "registry" | "treasury"> {
  readonly job: Address;
  /** In which the factory made it. */
  readonly fromBlock: number;
}

/** Which of the contracts that act on the job an address is. */
export function targetOf({ job, court, treasury }: AuditedJob, to: string): RecordedCall["target"] | undefined {
  const address = to.toLowerCase();
  if (address === job) return "job";
  if (address === court) return "court";
  return address === treasury ? "treasury" : undefined;
}
