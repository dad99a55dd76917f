// The client that hey-api makes of both documents, used.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { client as adminClient } from "./sdk/admin-openapi/client.gen.js";
import { addMerchant, addProject, listRequests, moveVouchers, putFaults } from "./sdk/admin-openapi/index.js";
import { client } from "./sdk/openapi/client.gen.js";
import { projectDetail, redeemBulk } from "./sdk/openapi/index.js";

for (const one of [client, adminClient]) one.setConfig({ baseUrl: process.argv[2] });

const { data: merchant } = await addMerchant({ body: {}, throwOnError: true });
const path = { merchant_id: merchant.merchant_id };
const signature = createHash("md5").update(merchant.merchant_id + merchant.secret_key).digest("hex");
const { data: project } = await addProject({ path, body: { vouchers: { generate: { count: 3 } } }, throwOnError: true });
await moveVouchers({ path: { project_id: project.project_id }, body: { to: "success", count: 2 }, throwOnError: true });
// @ts-expect-error - misspelt
void (() => putFaults({ body: { faults: [{ fault: "html_520" }] } }));

const listed = await projectDetail({ path, body: { projectid: project.project_id, signature }, throwOnError: true });
assert.equal(listed.data.data.data.stats.success, 2);
const submitted = await redeemBulk({ path, body: { kode_voucher: "QUJDMTIz", signature }, throwOnError: true });
assert.equal(submitted.data.rc, 0);
const refused = await projectDetail({ path, body: { projectid: "DW", signature } });
assert.equal(refused.error?.error_msg, "Project ID tidak ditemukan");
const { data: arrived } = await listRequests({ query: { merchant_id: merchant.merchant_id }, throwOnError: true });
assert.equal(arrived.total, 3);
console.log("the sdk");
