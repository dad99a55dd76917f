// Copy this file into your tests. It makes a merchant for each test on one mock server, over its admin API.
import { createHash } from "node:crypto";

export type Fault =
  | "delay" | "slow_body" | "close_before" | "close_middle" | "truncated_json" | "empty_body" | "html_502" | "html_503" | "html_504"
  | "wrong_content_type" | "wrong_length" | "rate_limit" | "maintenance" | "merchant_config" | "account" | "project_storage" | "voucher_storage";
export type Status = "pending" | "success" | "process" | "error_engine" | "error_voucher";
export type Rule = { fault: Fault; times?: number; seconds?: number; retry_after?: number; carried_out?: boolean; operation?: string };
export type Call = { n: number; operation: string | null; http_status: number; rc: number; role: string | null; fields: Record<string, unknown> | null };

export class Merchant {
  private constructor(readonly url: string, readonly id: string, readonly secretKey: string) {}

  static async make(url: string): Promise<Merchant> {
    const made = await admin<{ merchant_id: string; secret_key: string }>(url, "POST", "/merchants", {});
    return new Merchant(url, made.merchant_id, made.secret_key);
  }

  get signature(): string {
    return createHash("md5").update(this.id + this.secretKey).digest("hex");
  }

  /** Make a project of so many pending vouchers; return its project_id. */
  async project(count: number): Promise<string> {
    const body = { vouchers: { generate: { count } } };
    return (await admin<{ project_id: string }>(this.url, "POST", `/merchants/${this.id}/projects`, body)).project_id;
  }

  /** Move vouchers of a project: all of them, or the oldest `count` of those in the status `from`. */
  move(projectId: string, to: Status, which: { from?: Status; count?: number } = {}): Promise<unknown> {
    return admin(this.url, "PATCH", `/projects/${projectId}/vouchers`, { to, ...which });
  }

  /** Put these faults in place of those before; none clears them. */
  faults(...faults: Rule[]): Promise<unknown> {
    return admin(this.url, "PUT", `/faults?merchant_id=${this.id}`, { faults });
  }

  /** Put this merchant's clock forward. */
  advance(seconds: number): Promise<unknown> {
    return admin(this.url, "POST", `/clock?merchant_id=${this.id}`, { advance: seconds });
  }

  /** Wait until so many calls of this merchant have arrived, at most so many seconds; return them, the newest first. */
  async calls(count = 0, seconds = 5): Promise<Call[]> {
    const wait = count > 0 ? `&count=${count}&wait=${seconds}` : "";
    return (await admin<{ requests: Call[] }>(this.url, "GET", `/requests?merchant_id=${this.id}${wait}`)).requests;
  }

  remove(): Promise<unknown> {
    return admin(this.url, "DELETE", `/merchants/${this.id}`);
  }
}

async function admin<Reply>(url: string, method: string, path: string, body?: object): Promise<Reply> {
  const headers = { "Content-Type": "application/json" };
  const reply = await fetch(`${url}/__admin${path}`, { method, headers, body: body && JSON.stringify(body) });
  const answered = await reply.json();
  if (!reply.ok) throw new Error(`${method} ${path}: ${answered.detail}`);
  return answered;
}
