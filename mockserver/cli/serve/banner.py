"""What `serve` says when it is ready: the base URL for programs, the rest for people."""

from __future__ import annotations

import json
import shlex
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from mockserver.cli.serve.request_log import notice
from mockserver.cli.shared.configuration import Configuration
from mockserver.cli.shared.outputs import STANDARD_OUTPUT, write_output
from mockserver.contract.foreign_text import printable
from mockserver.contract.operation import SIGNATURE, Operation, Operations
from mockserver.contract.operations import OPERATIONS
from mockserver.contract.project_detail import PROJECT_DETAIL
from mockserver.contract.readings import REGISTER, Readings
from mockserver.contract.redeem_bulk import REDEEM_BULK
from mockserver.contract.signature import sign
from mockserver.provider.state.world import Merchant, World

_LONGEST_PATH = 4096
# The address that binds all, its family, and an address of documentation that lies beyond this machine.
_ANY_ADDRESS = {"0.0.0.0": (socket.AF_INET, "192.0.2.1"), "::": (socket.AF_INET6, "2001:db8::1")}  # noqa: S104


@dataclass(frozen=True)
class Served:
    """What a server serves. `merchant` is that of `--merchant`, or any that not everybody knows the secret key of,
    `state` the URL of what outlives it, `admin_token` one that was made for this run.

    `elsewhere` is the base URL from other machines, None when bound to one address.
    """

    url: str
    world: World
    readings: Readings
    world_file: Path | None = None
    merchant: str | None = None
    state: str | None = None
    admin_token: str | None = None
    configuration: Configuration = field(default_factory=Configuration)
    elsewhere: str | None = None
    operations: Operations = OPERATIONS

    @property
    def is_built_in(self) -> bool:
        """Whether it is the built-in world under its own ids, whose secret key everybody may know."""
        return self.world_file is None and self.merchant is None

    @property
    def admin(self) -> str:
        """Where the page is."""
        return f"{self.url}/__admin/"

    @property
    def changed_readings(self) -> dict[str, str]:
        """The readings that are not the defaults."""
        return {key: value for key, value in self.readings.as_dict().items() if value != REGISTER[key].default}

    @property
    def headline(self) -> str:
        """Say what is served and where."""
        also = f", from other machines at {self.elsewhere}" if self.elsewhere else ""
        merchants = _count(len(self.world.merchants), "merchant")
        return f"Serving {merchants} at {self.url}{also}. Ctrl-C stops it."


def write_banner(served: Served, tell: Callable[[str], object], log_format: str) -> None:
    """Write the base URL, alone, to standard output, and `tell` what is served in the format of the log.

    Raises:
        OSError: the URL cannot be written, and whoever waits for it would wait for good.
    """
    write_output(STANDARD_OUTPUT, f"{served.url}\n")
    tell(_for_programs(served) if log_format == "json" else _for_people(served))


def url_elsewhere(host: str, port: int) -> str | None:
    """Return the base URL from other machines of a server bound to every address; else, or without a network, None."""
    if host not in _ANY_ADDRESS:
        return None
    family, somewhere = _ANY_ADDRESS[host]
    try:
        # Nothing is sent: this asks only which address of this machine the way out begins at.
        with socket.socket(family, socket.SOCK_DGRAM) as way_out:
            way_out.connect((somewhere, 9))
            address = way_out.getsockname()[0]
    except OSError:
        return None
    return f"http://[{address}]:{port}" if family == socket.AF_INET6 else f"http://{address}:{port}"


def _for_programs(served: Served) -> str:
    configuration = served.configuration
    return notice(
        "json",
        served.headline,
        "info",
        url=served.url,
        url_elsewhere=served.elsewhere,
        admin=served.admin,
        admin_token=served.admin_token,
        state=served.state,
        readings_changed=served.changed_readings,
        configuration=configuration.file and str(configuration.file),
        configuration_left_aside=[str(path) for path in configuration.left_aside],
    )


def _for_people(served: Served) -> str:
    readings = served.readings
    lines = [served.headline, "", *(f"  {one.call}: {one.summary}" for one in served.operations)]
    for one in served.world.merchants[:10]:
        secret = f", secret key {one.secret_key}" if served.is_built_in else ""
        lines.append(f"  merchant {printable(one.merchant_id)}{secret}")
        lines += [
            f"    project {printable(project.project_id)}: {_count(len(project.vouchers), 'voucher')}"
            for project in one.projects[:10]
        ]
    if served.is_built_in and readings.project_match == "project_id":
        lines.append('    "DW", the projectid in the page\'s example, names no project: the page replies with')
        lines.append("    R240815XPQR000012. Ask for that, or serve with --reading project_match=project_id_or_name.")
    if served.changed_readings:
        pairs = (f"{key}={value}" for key, value in served.changed_readings.items())
        lines += ["", f"  readings changed: {' '.join(pairs)}"]
    if served.state is not None:
        lines += ["", f"  everything is kept in {printable(served.state, _LONGEST_PATH)}, secrets too"]
    lines += _about(served.configuration)
    lines += ["", f"Look at it, move vouchers, set faults: {served.admin}"]
    if served.admin_token is not None:
        lines.append(f"  admin token, made for this run: {served.admin_token}")
    lines += _try_it(served)
    return "\n".join([*lines, "", ""])


def _about(configuration: Configuration) -> Iterator[str]:
    if configuration.file is not None:
        yield ""
        yield f"  options taken from {printable(str(configuration.file), _LONGEST_PATH)}"
    for path in configuration.left_aside:
        yield ""
        yield f"  {printable(str(path), _LONGEST_PATH)} was left aside: anybody can write it or its folder."
        yield "  Move it to a folder that only you can write, or give its options on the command line."


def _try_it(served: Served) -> Iterator[str]:
    merchants = served.world.merchants
    caller = next((one for one in merchants if one.projects), next(iter(merchants), None))
    if caller is None:
        return
    journey_of = {PROJECT_DETAIL.name, REDEEM_BULK.name}
    is_journey = journey_of <= {one.name for one in served.operations}
    lines = [
        curl_line(served, one, caller)
        for one in served.operations
        if (caller.projects or one.project_field is None) and not (is_journey and one.name == REDEEM_BULK.name)
    ]
    if lines:
        yield from ("", "Try it:", *lines)
    if is_journey:
        yield from ("", "Submit codes, then ask what became of them:", *journey(served, caller))


def journey(served: Served, merchant: Merchant) -> Iterator[str]:
    """Yield lines for a shell that submit new codes and ask for the project that comes back."""
    codes = "A%s" if served.readings.most_codes == 1 else r"A%s\nB%s"
    # No code is taken twice, and one that is this short has its base64 on one line.
    yield f"list=$(printf {shlex.quote(codes)}{' $(date +%s)' * codes.count('%s')} | base64)"
    submit = curl_line(served, REDEEM_BULK, merchant, {"kode_voucher": "$list"})
    yield f"reply=$({submit}); printf '%s\\n' \"$reply\""
    yield """project_id=$(printf %s "$reply" | sed 's/.*"project_id":"\\([^"]*\\)".*/\\1/')"""
    yield curl_line(served, PROJECT_DETAIL, merchant, {"projectid": "$project_id"})


def curl_line(
    served: Served, operation: Operation, merchant: Merchant, given: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return one line for a shell that calls the operation, for the merchant's first project where it asks for one.

    Only the built-in world's signature is in it; for any other the shell computes it. What is `given` for a field is
    what the shell puts there, as `$list`.
    """
    sent = operation.example(served.readings)
    if operation.project_field is not None and operation.project_field not in given:
        sent[operation.project_field] = merchant.projects[0].project_id
    in_shell = dict(given)
    if SIGNATURE in sent and served.is_built_in:
        sent[SIGNATURE] = sign(merchant.merchant_id, merchant.secret_key)
    elif SIGNATURE in sent:
        in_shell[SIGNATURE] = f"$({_sign_command(merchant.merchant_id, served.world_file)})"
    address = served.url + operation.path_of(merchant.merchant_id)
    return f"curl -sS {shlex.quote(address)} -H 'Content-Type: application/json' -d {_body_word(sent, in_shell)}"


def _body_word(sent: Mapping[str, object], in_shell: Mapping[str, str]) -> str:
    """Return a JSON object as one word for a shell; what is `in_shell` it puts in the place of a field's value."""
    words, literal = [], "{"
    for place, (name, value) in enumerate(sent.items()):
        literal += f"{',' if place else ''}{json.dumps(name)}:"
        if name in in_shell:
            words += [shlex.quote(f'{literal}"'), f'"{in_shell[name]}"']
            literal = '"'
        else:
            literal += json.dumps(value)
    return "".join([*words, shlex.quote(literal + "}")])


def _sign_command(merchant_id: str, world_file: Path | None) -> str:
    command = ["apigames-mock"] if shutil.which("apigames-mock") else [sys.executable, "-m", "mockserver"]
    world = [] if world_file is None else ["--world", str(world_file.resolve())]
    return shlex.join([*command, "sign", *world, merchant_id])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
