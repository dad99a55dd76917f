"""Habit: no reply, so once more. The first list may have been taken, and then its codes count twice."""

from vendor import NoAnswer, Refused, all_are, poll, say, submit


def submitted() -> str:
    try:
        return str(submit()["project_id"])
    except NoAnswer:
        return str(submit()["project_id"])  # money spent twice, if the vendor takes it


try:
    project_id = submitted()
except (NoAnswer, Refused) as error:
    refused = isinstance(error, Refused) and "double" not in str(error)
    say(all_are("refused" if refused else "unknown"), str(error))
else:
    poll(project_id)
