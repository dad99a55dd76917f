// Habit: it asks again as soon as it has the reply, hundreds of times until the codes are done.
import { NoAnswer, Refused, allAre, poll, say, submit } from "./vendor.mjs";

try {
  const made = await submit();
  await poll(made.project_id, { pause: 0, most: 300 });
} catch (error) {
  if (error instanceof Refused) say(allAre("refused"), error.message);
  else if (error instanceof NoAnswer) say(allAre("unknown"), error.message);
  else throw error;
}
