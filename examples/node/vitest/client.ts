// A small client: yours, in a real project.
import { createHash } from "node:crypto";

export type Voucher = { voucher_code: string; status: number };

export class RedeemError extends Error {}

export class Client {
  private readonly signature: string;

  constructor(private readonly url: string, private readonly merchantId: string, secretKey: string) {
    this.signature = createHash("md5").update(merchantId + secretKey).digest("hex");
  }

  /** Submit codes; return the project_id, or null when no reply says whether they were taken: then never submit again. */
  async submit(codes: string[]): Promise<string | null> {
    const kode_voucher = Buffer.from(codes.join("\n")).toString("base64");
    try {
      return (await this.ask("redem/bulk", { kode_voucher })).project_id;
    } catch (error) {
      if (error instanceof RedeemError) throw error;
      return null;
    }
  }

  async vouchers(projectid: string): Promise<Voucher[]> {
    const found: Voucher[] = [];
    for (let page = 1, pages = 1; page <= pages; page++) {
      const listed = await this.ask("project/detail", { projectid, status: "", page, limit: 30 });
      found.push(...(listed.data.vouchers ?? []));
      pages = listed.total_page;
    }
    return found;
  }

  private async ask(call: string, fields: object): Promise<any> {
    const reply = await fetch(`${this.url}/merchant/${this.merchantId}/kiosgamer/${call}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...fields, signature: this.signature }),
      signal: AbortSignal.timeout(10_000),
    });
    const { status, data, error_msg } = await reply.json();
    if (status !== 1) throw new RedeemError(error_msg);
    return data;
  }
}
