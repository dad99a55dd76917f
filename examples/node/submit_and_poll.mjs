// Submits voucher codes, then polls until each is finished, with fetch (Node 18 or newer, nothing to install).
//
//     APIGAMES_BASE_URL=http://127.0.0.1:8787 node submit_and_poll.mjs CODE1 CODE2
//
// The mock finishes them within seconds when it is started as `apigames-mock serve --plan timed`.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const env = process.env;
const baseUrl = env.APIGAMES_BASE_URL ?? "https://v1.apigames.id";
const merchantId = env.APIGAMES_MERCHANT_ID ?? "M240315GAME2847K";
const secretKey = env.APIGAMES_SECRET_KEY ?? "apigames-mock-secret";
const signature = createHash("md5").update(merchantId + secretKey).digest("hex");
const pause = 1000 * Number(env.APIGAMES_POLL_SECONDS ?? 5);
const mostPolls = 60;
// The numbers behind the names of `stats`, in their order.
const statuses = ["pending", "success", "process", "error_engine", "error_voucher"];

class Refused extends Error {}

// Returns `data` of a success, which is rc 0 for a submission and rc 200 for a status.
async function call(path, rc, fields) {
  const response = await fetch(`${baseUrl}/merchant/${merchantId}/kiosgamer/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...fields, signature }),
    signal: AbortSignal.timeout(10_000),
  });
  const reply = await response.json();
  // The HTTP status says nothing that is documented: rc and error_msg do.
  if (reply.rc !== rc) throw new Refused(`${reply.rc}: ${reply.error_msg}`);
  return reply.data;
}

async function submit(codes) {
  const kode_voucher = Buffer.from(codes.join("\n")).toString("base64");
  try {
    return (await call("redem/bulk", 0, { kode_voucher })).project_id;
  } catch (error) {
    if (error instanceof Refused) throw error;
    // Never submit again: the list may have been taken, and its codes would count twice.
    throw new Error(`no reply (${error.name}): ask the vendor what became of these codes`);
  }
}

// Returns the status of each code, and whether any was open before all of them were read.
async function look(projectid) {
  const found = {};
  let isOpen = false;
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const data = await call("project/detail", 200, { projectid, status: "", page, limit: 30 });
    pages = data.total_page;
    if (page === 1) isOpen = data.data.stats.pending + data.data.stats.process > 0;
    for (const voucher of data.data.vouchers ?? []) found[voucher.voucher_code] = statuses[voucher.status];
  }
  return [found, isOpen];
}

const projectId = await submit(process.argv.slice(2));
console.log(`project ${projectId}`); // kept before anything else
let found = {};
for (let polls = 0; polls < mostPolls; polls += 1) {
  try {
    let isOpen;
    [found, isOpen] = await look(projectId);
    if (!isOpen) break;
  } catch (error) {
    console.error(`one status call failed, and says nothing of the codes: ${error.message}`);
  }
  await sleep(pause);
}
for (const [code, status] of Object.entries(found)) console.log(code, status);
