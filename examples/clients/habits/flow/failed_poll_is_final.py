"""Habit: a status call fails, and it gives up. What becomes of the codes it never learns."""

from vendor import MOST_POLLS, NoAnswer, Refused, all_are, look, pause, say, submit


def poll(project_id: str) -> None:
    seen = all_are("pending")
    for _ in range(MOST_POLLS):
        try:
            seen, is_open = look(project_id)
        except NoAnswer as error:
            say(seen, str(error))
            return
        except Refused as error:
            if "tidak ditemukan" not in str(error):
                say(seen, str(error))
                return
            is_open = True
        if not is_open:
            say(seen)
            return
        pause()
    say(seen, "not finished yet")


try:
    made = submit()
except Refused as error:
    say(all_are("refused"), str(error))
except NoAnswer as error:
    say(all_are("unknown"), str(error))
else:
    poll(made["project_id"])
