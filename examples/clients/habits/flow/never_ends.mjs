// Habit: it polls until every code is done, and one day one is not.
import { NoAnswer, Refused, allAre, poll, say, submit } from "./vendor.mjs";

try {
  const made = await submit();
  await poll(made.project_id, { most: Infinity });
} catch (error) {
  if (error instanceof Refused) say(allAre("refused"), error.message);
  else if (error instanceof NoAnswer) say(allAre("unknown"), error.message);
  else throw error;
}
