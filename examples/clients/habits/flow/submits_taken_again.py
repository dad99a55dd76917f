"""Habit: a project that is not found at once was lost, it thinks, and sends the same list again."""

from vendor import MOST_POLLS, NoAnswer, Refused, all_are, look, pause, say, submit


def poll(project_id: str) -> None:
    seen, error = all_are("pending"), "not finished yet"
    for _ in range(MOST_POLLS):
        try:
            seen, is_open = look(project_id)
            if not is_open:
                say(seen)
                return
        except Refused as refused:
            error = str(refused)
            project_id = submit()["project_id"]
        except NoAnswer as lost:
            error = str(lost)
        pause()
    say(seen, error)


try:
    made = submit()
except Refused as error:
    say(all_are("refused"), str(error))
except NoAnswer as error:
    say(all_are("unknown"), str(error))
else:
    try:
        poll(made["project_id"])
    except (NoAnswer, Refused) as error:
        say(all_are("refused"), str(error))
