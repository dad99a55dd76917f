// Habit: no reply is a failure to it. The list may have been taken, and nobody looks.
import { NoAnswer, Refused, allAre, poll, say, submit } from "./vendor.mjs";

try {
  const made = await submit();
  await poll(made.project_id);
} catch (error) {
  if (!(error instanceof NoAnswer || error instanceof Refused)) throw error;
  say(allAre("refused"), error.message);
}
