"""The official Python SDK's client through the complete flow, each step checked on the wire.

    client.py --url URL --revision 2026-07-28|2025-11-25 --registration dcr|cimd|known --skew SECONDS [--login here|elsewhere]

`known` is a client that the authorization server knows already, with the secret in INTEROP_SECRET.
NODE in the environment is the Node.js that runs person.mjs. This client refreshes when it knows that its token has
expired, so --skew, which the server allows on top, is not waited for. `--login elsewhere`: people log in at another provider, and decide before
that; at the end they take back what they allowed.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import time
import traceback
import urllib.parse
import uuid
from pathlib import Path

import httpx2
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata

REDIRECT = "http://127.0.0.1:33418/callback"  # nothing listens there: the person hands the URL over
CLIENT_METADATA_URL = "https://client.example/oauth.json"  # the document that issuer.mjs and outside.py know
TOOLS = ["add_todo", "complete_todo", "delete_todo", "list_todos", "ping"]

arguments = argparse.ArgumentParser()
for name in ["url", "revision", "registration", "skew"]:
    arguments.add_argument(f"--{name}", required=True)
arguments.add_argument("--login", choices=["here", "elsewhere"], default="here")
options = arguments.parse_args()
elsewhere = options.login == "elsewhere"
# The pages of a login: elsewhere the person decides first, logs in there, and is named before they decide once more.
PAGES = ["decide", "login", "consent", "consent"] if elsewhere else ["login", "consent"]
by_document = options.registration == "cimd"
known = options.registration == "known"


class Stopped(Exception):
    """A step failed; it was reported already."""


def report(step, ok, seen=""):
    print(json.dumps({"step": step, "ok": ok, "seen": str(seen or "")}), flush=True)


async def step(name, work):
    try:
        result = work()
        seen = await result if asyncio.iscoroutine(result) else result
    except Exception as error:
        traceback.print_exc()
        report(name, False, repr(error))
        raise Stopped from error
    report(name, True, seen)


def expect(holds, what, got):
    if not holds:
        raise AssertionError(f"expected {what}; got {got}")


class Store:
    """What the client remembers."""

    tokens = None
    client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


class Exchange:
    """One request and its answer. Tokens are in it; it is never printed as it is."""

    def __init__(self, response):
        request = response.request
        self.method, self.url, self.status = request.method, str(request.url), response.status_code
        self.authorized = "authorization" in request.headers
        body = request.content.decode()
        self.rpc = json.loads(body).get("method", "") if body.startswith("{") and self.url == options.url else ""
        self.form = {} if body.startswith("{") else dict(urllib.parse.parse_qsl(body))
        header = response.headers.get("www-authenticate", "")
        self.challenge = dict(re.findall(r'(\w+)="([^"]*)"', header))
        self.answered = {}

    def __repr__(self):
        what = self.rpc or self.form.get("grant_type", "")
        return f"{self.method} {self.url} {what} -> {self.status} {self.challenge or ''}"


wire = []
logins = []


async def record(response):
    exchange = Exchange(response)
    if exchange.url != options.url and response.headers.get("content-type", "").startswith("application/json"):
        exchange.answered = json.loads(await response.aread())
    wire.append(exchange)
    print(exchange, file=sys.stderr)


async def browse(url):
    person = await asyncio.create_subprocess_exec(
        os.environ["NODE"], str(Path(__file__).with_name("person.mjs")), url, REDIRECT, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await person.communicate()
    expect(person.returncode == 0, "the person to get through", f"exit code {person.returncode}")
    said = json.loads(output)
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    answer = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(said["url"]).query))
    logins.append({"asked": asked, "answer": answer, "pages": said["pages"]})


async def callback():
    answer = logins[-1]["answer"]
    expect("code" in answer, "a code", list(answer))
    return AuthorizationCodeResult(code=answer["code"], state=answer.get("state"), iss=answer.get("iss"))


def last(matches):
    return next((exchange for exchange in reversed(wire) if matches(exchange)), None)


def posted(grant):
    return last(lambda exchange: exchange.form.get("grant_type") == grant)


def refused():
    first = next((exchange for exchange in wire if exchange.url == options.url), None)
    expect(first and first.status == 401 and not first.authorized, "401 for the first message", first)
    named = "resource_metadata" in first.challenge and first.challenge.get("scope") == "todos.read"
    expect(named, "a challenge with resource_metadata and the scope todos.read", first)
    expect("error" not in first.challenge, "no error where no token was sent", first)
    return f"{first.rpc}: {first.challenge['scope']}"


def metadata():
    resource = next((e for e in wire if "/.well-known/oauth-protected-resource" in e.url), None)
    described = resource and resource.status == 200 and resource.answered.get("resource") == options.url
    expect(described, f"metadata of the resource {options.url}", resource)
    issuer = resource.answered["authorization_servers"][0]
    server = next((e for e in wire if "token_endpoint" in e.answered), None)
    expect(server and server.answered["issuer"] == issuer, f"metadata of the issuer {issuer}", server)
    return issuer


def registration():
    used = logins[0]["asked"].get("client_id")
    registered = [exchange for exchange in wire if "client_id" in exchange.answered]
    if by_document or known:
        expected = "known" if known else CLIENT_METADATA_URL
        expect(used == expected and not registered, f"{expected} as client_id, no registration", used)
    else:
        once = len(registered) == 1 and registered[0].status == 201 and registered[0].answered["client_id"] == used
        expect(once, "one registration", registered)


def consent():
    asked, answer, pages = (logins[0][part] for part in ("asked", "answer", "pages"))
    expect(asked.get("code_challenge_method") == "S256", "PKCE with S256", asked.get("code_challenge_method"))
    expect(asked.get("resource") == options.url, f"the resource indicator {options.url}", asked.get("resource"))
    expect(pages == PAGES, f"the pages {PAGES}", pages)
    expect(answer.get("iss") == metadata(), "iss to be the issuer (RFC 9207)", answer.get("iss"))


def token(client, store):
    exchange = posted("authorization_code")
    expect(exchange and exchange.status == 200, "200 from the token endpoint", exchange)
    expect(exchange.form.get("resource") == options.url, "resource in the request", sorted(exchange.form))
    expect(exchange.authorized == known, "the secret as Basic" if known else "no secret", exchange)
    scopes = store.tokens.scope.split()
    expect("todos.read" in scopes and "todos.write" not in scopes, "todos.read and not todos.write", scopes)
    expect(store.tokens.refresh_token, "a refresh token", "none")
    expect(client.session.protocol_version == options.revision, options.revision, client.session.protocol_version)
    return f"{store.tokens.scope}; {client.session.protocol_version}"


async def titles(client):
    result = await client.call_tool("list_todos", {})
    content = result.structured_content or {}
    expect(not result.is_error and isinstance(content.get("todos"), list), "a list of todos", result)
    return [todo["title"] for todo in content["todos"]]


async def flow(client, store):
    await step("401", refused)
    await step("metadata", metadata)
    await step("registration", registration)
    await step("consent", consent)
    await step("token", lambda: token(client, store))

    async def listed():
        names = sorted(tool.name for tool in (await client.list_tools()).tools)
        expect(names == TOOLS, "the five tools", names)

    async def called():
        return f"{len(await titles(client))} todos"

    await step("list", listed)
    await step("call", called)

    # One call for the application: the SDK is refused, steps up and calls again inside of it.
    title = f"bought by {uuid.uuid4()}"
    added = await asyncio.gather(client.call_tool("add_todo", {"title": title}), return_exceptions=True)

    def denied():
        exchange = last(lambda e: e.status == 403)
        insufficient = exchange and exchange.challenge.get("error") == "insufficient_scope"
        expect(insufficient, "403 insufficient_scope", exchange or added)
        scope = exchange.challenge.get("scope")
        expect(scope == "todos.read todos.write", "both scopes in the challenge", scope)
        return scope

    def stepped_up():
        expect(len(logins) == 2, "a second authorization", len(logins))
        expect("todos.write" in logins[1]["asked"]["scope"].split(), "todos.write asked for", logins[1]["asked"]["scope"])
        expect(logins[1]["pages"][-1] == "consent", "a consent page", logins[1]["pages"])
        expect("todos.write" in store.tokens.scope.split(), "todos.write", store.tokens.scope)
        return store.tokens.scope

    def called_again():
        content = getattr(added[0], "structured_content", None) or {}
        expect(content.get("title") == title, "the todo that was added", added)

    async def refreshed():
        before = store.tokens
        await asyncio.sleep(before.expires_in + 1.5 - (time.monotonic() - stepped_up_at))
        expect(title in await titles(client), "the todo that was added", "a list without it")
        exchange = posted("refresh_token")
        expect(exchange and exchange.status == 200, "200 for grant_type=refresh_token", exchange)
        expect(store.tokens.access_token != before.access_token, "a new access token", "the old one")
        expect(len(logins) == 2, "no further login", len(logins))
        return f"after {before.expires_in} s"

    await step("403", denied)
    await step("step-up", stepped_up)
    stepped_up_at = time.monotonic()
    await step("call again", called_again)
    await step("refresh", refreshed)
    if elsewhere:
        await step("taken back", lambda: taken_back(store))
        await step("refused", lambda: refused_now(store))


async def taken_back(store):
    origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(options.url))
    script = str(Path(__file__).with_name("person.mjs"))
    person = await asyncio.create_subprocess_exec(os.environ["NODE"], script, "--end", origin, store.client.client_id)
    expect(await person.wait() == 0, "the access to be ended", person.returncode)


async def refused_now(store):
    """With the tokens themselves: the SDK would log in again."""
    tokens, by_secret = store.tokens, None
    fields = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token, "client_id": store.client.client_id}
    if known:
        by_secret = tuple(urllib.parse.quote_plus(part) for part in (fields.pop("client_id"), store.client.client_secret))
    headers = {"Authorization": f"Bearer {tokens.access_token}", "Accept": "application/json, text/event-stream"}
    async with httpx2.AsyncClient(timeout=30) as http:
        called = await http.post(options.url, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=headers)
        invalid = 'error="invalid_token"' in called.headers.get("www-authenticate", "")
        expect(called.status_code == 401 and invalid, "401 invalid_token", called.status_code)
        endpoint = urllib.parse.urljoin(options.url, "/token")
        refreshed = await (http.post(endpoint, data=fields, auth=by_secret) if by_secret else http.post(endpoint, data=fields))
        error = refreshed.json().get("error")
        expect(refreshed.status_code == 400 and error == "invalid_grant", "400 invalid_grant", f"{refreshed.status_code} {error}")


async def main():
    store = Store()
    if known:
        store.client = OAuthClientInformationFull(
            client_id="known",
            client_secret=os.environ["INTEROP_SECRET"],
            token_endpoint_auth_method="client_secret_basic",
            redirect_uris=[REDIRECT],
        )
    client_metadata = OAuthClientMetadata(
        client_name="interop (Python)",
        redirect_uris=[REDIRECT],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        token_endpoint_auth_method="none",
        application_type="native",
    )
    document = CLIENT_METADATA_URL if by_document else None
    auth = OAuthClientProvider(options.url, client_metadata, store, browse, callback, client_metadata_url=document)
    mode = "legacy" if options.revision == "2025-11-25" else options.revision
    try:
        async with httpx2.AsyncClient(auth=auth, timeout=30, event_hooks={"response": [record]}) as http:
            async with Client(streamable_http_client(options.url, http_client=http), mode=mode) as client:
                await client.list_tools()  # with a pinned revision nothing was sent until here
                await flow(client, store)
    except Exception as error:
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        if not isinstance(error, Stopped):
            traceback.print_exception(error)
            report("connect", False, repr(error))
        sys.exit(1)


asyncio.run(main())
