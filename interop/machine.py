"""Programs without a person, by the official Python SDK: each gets a token by itself and calls a tool.

    machine.py --url URL --issuer ISSUER --revision 2026-07-28|2025-11-25 --kind secret|key|id-jag --keys DIRECTORY

The kinds are those of machine.mjs.
"""

import argparse
import asyncio
import json
import os
import sys
import time
import traceback
import urllib.parse
import uuid
from pathlib import Path

import httpx2
import jwt
from mcp import Client
from mcp.client.auth.extensions.client_credentials import (
    ClientCredentialsOAuthProvider,
    PrivateKeyJWTOAuthProvider,
    SignedJWTParameters,
)
from mcp.client.auth.extensions.identity_assertion import IdentityAssertionOAuthProvider
from mcp.client.streamable_http import streamable_http_client

arguments = argparse.ArgumentParser()
for name in ["url", "issuer", "revision", "kind", "keys"]:
    arguments.add_argument(f"--{name}", required=True)
options = arguments.parse_args()
SECRET = os.environ["INTEROP_SECRET"]
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def pem(name):
    return Path(options.keys, f"{name}.pem").read_text()


class Store:
    """What the client remembers."""

    tokens = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return None

    async def set_client_info(self, client):
        raise AssertionError("nothing is registered here")


async def assertion(audience, resource):
    """What an identity provider says of alice to the client `agent` (ID-JAG)."""
    now = int(time.time())
    said = {"iss": "https://provider.example", "sub": "alice", "aud": audience, "client_id": "agent", "resource": resource}
    said |= {"scope": "todos.read", "jti": str(uuid.uuid4()), "iat": now, "exp": now + 120}
    headers = {"typ": "oauth-id-jag+jwt", "kid": "provider"}
    return jwt.encode(said, pem("provider"), algorithm="ES256", headers=headers)


def provider(store):
    """The client of this kind, and its grant."""
    where = {"server_url": options.url, "storage": store, "issuer": options.issuer}
    if options.kind == "secret":
        return ClientCredentialsOAuthProvider(client_id="robot", client_secret=SECRET, **where), "client_credentials"
    if options.kind == "key":
        name = "robot-with-a-key"
        signed = SignedJWTParameters(issuer=name, subject=name, signing_key=pem("robot"), signing_algorithm="ES256")
        by_key = PrivateKeyJWTOAuthProvider(client_id=name, assertion_provider=signed.create_assertion_provider(), **where)
        return by_key, "client_credentials"
    agent = {"client_id": "agent", "client_secret": SECRET, "assertion_provider": assertion}
    return IdentityAssertionOAuthProvider(**agent, **where), JWT_BEARER


def report(step, ok, seen=""):
    print(json.dumps({"step": step, "ok": ok, "seen": str(seen)}), flush=True)


def expect(holds, what, got):
    if not holds:
        raise AssertionError(f"expected {what}; got {got}")


# Every exchange: the URL, the form, the status and the challenge. No token is in it.
wire = []


async def record(response):
    body = response.request.content.decode()
    form = {} if body.startswith("{") else dict(urllib.parse.parse_qsl(body))
    said = (str(response.request.url), form.get("grant_type"), response.status_code, response.headers.get("www-authenticate", ""))
    wire.append(said)
    print(*said, file=sys.stderr)


async def main():
    store = Store()
    auth, grant = provider(store)
    mode = "legacy" if options.revision == "2025-11-25" else options.revision
    at = "token"
    try:
        async with httpx2.AsyncClient(auth=auth, timeout=30, event_hooks={"response": [record]}) as http:
            async with Client(streamable_http_client(options.url, http_client=http), mode=mode) as client:
                await client.list_tools()
                exchange = next((said for said in wire if said[1]), None)
                expect(exchange and exchange[1:3] == (grant, 200), f"200 for {grant}", exchange)
                expect(store.tokens.scope == "todos.read", "todos.read", store.tokens.scope)
                expect(store.tokens.refresh_token is None, "no refresh token", "one")
                expect(client.session.protocol_version == options.revision, options.revision, client.session.protocol_version)
                report(at, True, client.session.protocol_version)

                at = "call"
                listed = await client.call_tool("list_todos", {})
                expect(not listed.is_error and isinstance(listed.structured_content["todos"], list), "a list of todos", listed)
                report(at, True)

                at = "403"
                await client.call_tool("add_todo", {"title": "not for a program"})
                expect(False, "an error", "a result")
    except Exception as error:
        # The SDK asks for the scope of the challenge, does not get it, and ends the whole session with that. A client is refused what it may
        # not have; with an ID-JAG it is given what that has, which is no more than before.
        if at == "403" and (denied := next((said for said in wire if said[2] == 403), None)):
            answers = [said[2] for said in wire[wire.index(denied) :] if said[1] == grant]
            asked = answers == [200 if options.kind == "id-jag" else 400] and store.tokens.scope == "todos.read"
            named = "insufficient_scope" in denied[3]
            report(at, asked and named, "" if asked and named else f"{denied}, {answers}, {wire[-1]}")
            sys.exit(0 if asked and named else 1)
        traceback.print_exc()
        report(at, False, repr(error))
        sys.exit(1)


asyncio.run(main())
