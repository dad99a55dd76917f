"""Habit: it reads page after page, and stops when the last one shows nothing open. The first ones are old by then."""

from vendor import MOST_POLLS, STATUSES, NoAnswer, Refused, all_are, page_of, pause, say, submit


def poll(project_id: str) -> None:
    seen, error = all_are("pending"), "not finished yet"
    for _ in range(MOST_POLLS):
        try:
            page, pages, stats = 0, 1, {}
            while page < pages:
                page += 1
                data = page_of(project_id, page)
                pages, stats = data["total_page"], data["data"]["stats"]
                for voucher in data["data"]["vouchers"] or []:
                    seen[voucher["voucher_code"]] = STATUSES[voucher["status"]]
            if not stats["pending"] + stats["process"]:
                say(seen)
                return
        except (NoAnswer, Refused) as failed:
            error = str(failed)
        pause()
    say(seen, error)


try:
    made = submit()
except Refused as error:
    say(all_are("refused"), str(error))
except NoAnswer as error:
    say(all_are("unknown"), str(error))
else:
    poll(made["project_id"])
