"""Admin calls on the world: as a whole, its merchants, new projects."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, request

from mockserver.contract.foreign_text import printable
from mockserver.contract.readings import Readings
from mockserver.provider.provider import Provider
from mockserver.provider.state.clock import Clock
from mockserver.provider.state.new_ids import Identities
from mockserver.provider.state.world import World, WorldError
from mockserver.provider.state.world_document import world_to_json
from mockserver.provider.state.world_file import world_from_plain_document
from mockserver.web.admin.access import ADMIN, Access, Problem
from mockserver.web.admin.lookup import merchant_named, one_merchant, settle_all
from mockserver.web.admin.views import merchant_view, project_view
from mockserver.web.admin.wire import admit, body_as, reply


def world_routes(admin: Blueprint, provider: Provider, access: Access) -> None:
    """Add the routes."""

    @admin.get("/world")
    def get_world() -> Response:
        with_secrets = "with_secrets" in request.args
        if with_secrets and request.args["with_secrets"].lower() not in {"1", "true"}:
            raise Problem(400, "with_secrets: expected 1 or true, or leave it out")
        if with_secrets:
            admit(access, access.check_token)
        return _world_reply(provider, with_secrets=with_secrets)

    @admin.put("/world")
    def put_world() -> Response:
        # Not named here: a large one takes more room than the world that is made of it, and the reply needs some too.
        _serve_world(body_as("world", most_bytes=access.most_bytes), provider)
        return _world_reply(provider)

    @admin.post("/reset")
    def reset() -> Response:
        body_as("reset", or_empty=True)
        with provider.changing:
            merchant_id = one_merchant(provider)
            if merchant_id is None:
                provider.reset()
            else:
                provider.reset_merchant(merchant_id)
        return reply({})

    _merchant_routes(admin, provider, access)


def _merchant_routes(admin: Blueprint, provider: Provider, access: Access) -> None:
    @admin.get("/merchants")
    def get_merchants() -> Response:
        settle_all(provider)
        return reply({"merchants": [merchant_view(merchant) for merchant in provider.store.merchants()]})

    @admin.post("/merchants")
    def post_merchant() -> Response:
        document = body_as("merchant", most_bytes=access.most_bytes, or_empty=True)
        with provider.changing:
            made_up = _made_up(document, provider)
            merchant_id = document["merchant_id"]
            if provider.store.merchant(merchant_id) is not None:
                raise Problem(409, f"There is a merchant '{printable(merchant_id)}' already; choose another id")
            world = _new_world(document, provider)
            _refuse_clash(world, provider)
            shown = merchant_view(provider.add_merchant(world.merchants[0]))
        location = f"{ADMIN}/merchants/{quote(merchant_id, safe='')}"
        return reply({**shown, **made_up}, 201, Location=location)

    @admin.get("/merchants/<merchant_id>")
    def get_merchant(merchant_id: str) -> Response:
        merchant = merchant_named(provider, merchant_id)
        settle_all(provider)
        return reply(merchant_view(merchant))

    @admin.patch("/merchants/<merchant_id>")
    def patch_merchant(merchant_id: str) -> Response:
        document = body_as("merchant-change")
        with provider.changing:
            merchant = merchant_named(provider, merchant_id)
            provider.set_vendor_state(merchant, document["vendor_state"])
            settle_all(provider)
            return reply(merchant_view(merchant))

    @admin.delete("/merchants/<merchant_id>")
    def delete_merchant(merchant_id: str) -> Response:
        with provider.changing:
            provider.remove_merchant(merchant_named(provider, merchant_id).merchant_id)
        return reply({})

    @admin.post("/merchants/<merchant_id>/projects")
    def post_project(merchant_id: str) -> Response:
        document = body_as("project", most_bytes=access.most_bytes, or_empty=True)
        with provider.changing:
            merchant = merchant_named(provider, merchant_id)
            document.setdefault("project_id", Identities().project_id())
            # The secret is only there to fit the form; the merchant keeps its own.
            wrapped = {"merchant_id": merchant_id, "secret_key": "unused", "projects": [document]}
            world = _new_world(wrapped, provider)
            _refuse_clash(world, provider)
            project = provider.add_project(merchant, world.merchants[0].projects[0])
            shown = project_view(merchant, project)
        location = f"{ADMIN}/projects/{quote(project.project_id, safe='')}"
        return reply(shown, 201, Location=location)


def _serve_world(document: Any, provider: Provider) -> None:
    with provider.changing:
        for merchant in document["merchants"]:
            _keep_secrets(merchant, provider)
        own = {one.merchant_id: provider.served_under(one.merchant_id) for one in provider.store.merchants()}
        provider.put_world(_world(document, provider.readings, provider.clock, own=own))


def _keep_secrets(merchant: Any, provider: Provider) -> None:
    known = provider.store.merchant(merchant["merchant_id"])
    if "secret_key" not in merchant and known is not None:
        merchant["secret_key"] = known.secret_key
    if "session_key" not in merchant and known is not None and known.session_key is not None:
        merchant["session_key"] = known.session_key
    if "secret_key" not in merchant:
        raise Problem(422, f"merchant '{printable(merchant['merchant_id'])}' is new and needs a secret_key")


def _made_up(merchant: Any, provider: Provider) -> dict[str, str]:
    """Give a new merchant what it leaves out; return the secrets among it."""
    made = Identities()
    if "merchant_id" not in merchant:
        merchant["merchant_id"] = made.merchant_id()
        while provider.store.merchant(merchant["merchant_id"]) is not None:
            merchant["merchant_id"] = made.merchant_id()
    for project in merchant.get("projects", []):
        project.setdefault("project_id", made.project_id())
    if "secret_key" in merchant:
        return {}
    secrets = {"secret_key": made.secret(), **({} if "session_key" in merchant else {"session_key": made.secret()})}
    merchant.update(secrets)
    return secrets


def _new_world(merchant: Any, provider: Provider) -> World:
    """Return a world of this merchant alone, read as it is served, its ids above those there are."""
    merchant_id = merchant["merchant_id"]
    readings, clock = provider.served_under(merchant_id)
    return _world({"merchants": [merchant]}, readings, clock, above=provider.store.highest_ids())


def _world_reply(provider: Provider, *, with_secrets: bool = False) -> Response:
    with provider.up_to_date():
        settle_all(provider)
        own = {one.merchant_id: provider.readings_of(one.merchant_id) for one in provider.store.merchants()}
        world, readings = provider.store.snapshot(), provider.readings
    return reply(world_to_json(world, readings, own=own, with_secrets=with_secrets))


def _world(document: Any, readings: Readings, clock: Clock, **more: Any) -> World:
    try:
        return world_from_plain_document(document, readings, clock, **more)
    except WorldError as error:
        raise Problem(422, str(error)) from None


def _refuse_clash(world: World, provider: Provider) -> None:
    clash = provider.store.clash(world.merchants[0])
    if clash is not None:
        raise Problem(
            409, f"{clash} is in this world already; choose another, or leave out ids and seeds to be given some"
        )
