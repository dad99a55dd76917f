// A careful client of the whole journey: it submits codes once, polls, and says what became of each.
// Node 18 or newer, no packages.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const TIMEOUT = 3000; // milliseconds that one call may take
const MOST_POLLS = 20; // what is open then is reported as open
const env = process.env;
const PAUSE = 1000 * Number(env.APIGAMES_POLL_SECONDS ?? 5);
// The numbers behind the names of `stats`, in their order.
const STATUSES = ["pending", "success", "process", "error_engine", "error_voucher"];

class NoAnswer extends Error {} // no whole reply: the call may have been carried out, or not
class Refused extends Error {} // the vendor said no: the message is its error_msg

async function call(path, rc, fields) {
  const merchant = env.APIGAMES_MERCHANT_ID;
  const signature = createHash("md5").update(merchant + env.APIGAMES_SECRET_KEY).digest("hex");
  let status, text;
  try {
    const response = await fetch(`${env.APIGAMES_BASE_URL}/merchant/${merchant}/kiosgamer/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ session_key: env.APIGAMES_SESSION_KEY ?? "", ...fields, signature }),
      signal: AbortSignal.timeout(TIMEOUT), // for the whole call, body included
    });
    status = response.status;
    text = await response.text(); // whatever the status: a refusal has its envelope under HTTP 500
  } catch (error) {
    throw new NoAnswer(`no reply: ${error.cause?.message ?? error.message}`);
  }
  let reply;
  try {
    reply = JSON.parse(text);
  } catch {
    throw new NoAnswer(`HTTP ${status} without a whole JSON body`);
  }
  if (reply?.rc === undefined) throw new NoAnswer(`HTTP ${status} without the vendor's envelope`);
  if (reply.rc !== rc) throw new Refused(reply.error_msg ?? "no error_msg");
  return reply.data;
}

const pageOf = (projectid, page) => call("project/detail", 200, { projectid, status: "", page, limit: 30 });

async function poll(projectId, codes) {
  const seen = new Map(codes.map((code) => [code, "pending"]));
  let error = null;
  for (let polls = 0; polls < MOST_POLLS; polls += 1) {
    try {
      let data = await pageOf(projectId, 1);
      const { pending, process: inProcess } = data.data.stats;
      for (let page = 1; ; ) {
        for (const voucher of data.data.vouchers ?? []) seen.set(voucher.voucher_code, STATUSES[voucher.status]);
        if (page >= data.total_page) break;
        page += 1;
        data = await pageOf(projectId, page);
      }
      if (pending + inProcess === 0) return [seen, null]; // every page was read after nothing was open any more
      error = "not finished yet";
    } catch (failed) {
      // Says nothing of the codes, also where the project is not known yet.
      if (!(failed instanceof NoAnswer || failed instanceof Refused)) throw failed;
      error = failed.message;
    }
    await sleep(PAUSE);
  }
  return [seen, error];
}

async function main() {
  const codes = [...new Set(env.APIGAMES_VOUCHERS.split("\n").filter(Boolean))];
  const all = (word) => new Map(codes.map((code) => [code, word]));
  const list = Buffer.from(codes.join("\n")).toString("base64");
  let made;
  try {
    made = await call("redem/bulk", 0, { kode_voucher: list });
  } catch (error) {
    if (error instanceof Refused) return [all("refused"), error.message];
    // Never again: the list may have been taken. A person asks the vendor.
    if (error instanceof NoAnswer) return [all("unknown"), error.message];
    throw error;
  }
  console.log(`project_id ${made.project_id}`); // kept before anything else
  return poll(made.project_id, codes);
}

const [codes, error] = await main();
console.log(JSON.stringify({ codes: Object.fromEntries(codes), error }));
