// What the clients of this folder share: both calls, careful about everything. The habits are in the others.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const env = process.env;
const STATUSES = ["pending", "success", "process", "error_engine", "error_voucher"];
export const MOST_POLLS = 20;
export const codes = [...new Set(env.APIGAMES_VOUCHERS.split("\n").filter(Boolean))];

export class NoAnswer extends Error {}
export class Refused extends Error {}

/** Makes one call, and returns the reply as the vendor wrote it. */
export async function reply(path, fields) {
  const merchant = env.APIGAMES_MERCHANT_ID;
  const signature = createHash("md5").update(merchant + env.APIGAMES_SECRET_KEY).digest("hex");
  try {
    const response = await fetch(`${env.APIGAMES_BASE_URL}/merchant/${merchant}/kiosgamer/${path}`, {
      method: "POST",
      body: JSON.stringify({ session_key: env.APIGAMES_SESSION_KEY ?? "", ...fields, signature }),
      signal: AbortSignal.timeout(3000),
    });
    return JSON.parse(await response.text());
  } catch (error) {
    throw new NoAnswer(`no whole reply: ${error.cause?.message ?? error.message}`);
  }
}

async function call(path, rc, fields) {
  const got = await reply(path, fields);
  if (got.rc !== rc) throw new Refused(got.error_msg ?? "no error_msg");
  return got.data;
}

export const list = Buffer.from(codes.join("\n")).toString("base64");
export const submit = () => call("redem/bulk", 0, { kode_voucher: list });

/** Returns the status of each code, and whether any was open before all of them were read. */
export async function look(projectid) {
  const found = {};
  let isOpen = false;
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const data = await call("project/detail", 200, { projectid, status: "", page, limit: 30 });
    pages = data.total_page;
    if (page === 1) isOpen = data.data.stats.pending + data.data.stats.process > 0;
    for (const voucher of data.data.vouchers ?? []) found[voucher.voucher_code] = STATUSES[voucher.status];
  }
  return [found, isOpen];
}

export async function poll(projectId, { most = MOST_POLLS, pause = 1000 * Number(env.APIGAMES_POLL_SECONDS ?? 5) } = {}) {
  let seen = allAre("pending");
  let error = "not finished yet";
  for (let polls = 0; polls < most; polls += 1) {
    try {
      let isOpen;
      [seen, isOpen] = await look(projectId);
      if (!isOpen) return say(seen);
      error = "not finished yet";
    } catch (failed) {
      if (!(failed instanceof NoAnswer || failed instanceof Refused)) throw failed;
      error = failed.message;
    }
    await sleep(pause);
  }
  return say(seen, error);
}

export const allAre = (word) => Object.fromEntries(codes.map((code) => [code, word]));
export const say = (codes, error = null) => console.log(JSON.stringify({ codes, error }));
