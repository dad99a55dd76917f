// Habit: the first voucher of the page is the first code that it sent. The page lists the newest first.
import { MOST_POLLS, NoAnswer, Refused, allAre, codes, look, say, submit } from "./vendor.mjs";
import { setTimeout as sleep } from "node:timers/promises";

async function poll(projectId) {
  let error = "not finished yet";
  for (let polls = 0; polls < MOST_POLLS; polls += 1) {
    try {
      const [found, isOpen] = await look(projectId);
      const statuses = Object.values(found);
      if (!isOpen) return say(Object.fromEntries(codes.map((code, place) => [code, statuses[place]])));
    } catch (failed) {
      if (!(failed instanceof NoAnswer || failed instanceof Refused)) throw failed;
      error = failed.message;
    }
    await sleep(1000 * Number(process.env.APIGAMES_POLL_SECONDS ?? 5));
  }
  say(allAre("pending"), error);
}

try {
  await poll((await submit()).project_id);
} catch (error) {
  if (error instanceof Refused) say(allAre("refused"), error.message);
  else if (error instanceof NoAnswer) say(allAre("unknown"), error.message);
  else throw error;
}
