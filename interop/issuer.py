"""A second authorization server from outside this project: Authlib, set up as an MCP server wants it.

    python issuer.py       prints {"issuer": "http://127.0.0.1:...", "key": a JWK} once it answers; ends when its standard input does

It signs access tokens (RFC 9068), or makes opaque ones, answers about both (RFC 7662) and revokes them (RFC 7009). It
knows the clients of issuer.mjs, gives tokens to `robot` only (client credentials), and has the same `POST /control`.
"""

import json
import os
import sys
import threading
import time

from authlib.common.security import generate_token
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from flask import Flask, jsonify, request
from joserfc.jwk import ECKey, RSAKey
from werkzeug.serving import make_server

SCOPES = ["todos.read", "todos.write"]
settings = {"alg": "RS256", "format": "jwt", "lifetime": int(os.environ.get("LIFETIME", "300"))}
tokens = {}
seen_jtis = set()
generation = 0


def new_keys():
    """A key of each kind. Authlib signs with the algorithms that joserfc recommends, EdDSA is none of them."""

    def named(alg):
        return {"kid": f"{alg}-{generation}", "use": "sig", "alg": alg}

    return [
        RSAKey.generate_key(2048, named("RS256"), private=True),
        ECKey.generate_key("P-256", named("ES256"), private=True),
    ]


keys = new_keys()
server_key = ECKey.generate_key("P-256", {"kid": "todos", "alg": "ES256", "use": "sig"}, private=True)


class Client(ClientMixin):
    def __init__(self, client_id, method, secret=None, grants=()):
        self.client_id, self.method, self.secret, self.grants = client_id, method, secret, grants

    def get_client_id(self):
        return self.client_id

    def get_allowed_scope(self, scope):
        return " ".join(one for one in (scope or "").split() if one in SCOPES)

    def check_client_secret(self, client_secret):
        return self.secret is not None and client_secret == self.secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method == self.method

    def check_grant_type(self, grant_type):
        return grant_type in self.grants


class Token(TokenMixin):
    def __init__(self, client_id, audience, token):
        self.client_id, self.audience, self.scope = client_id, audience, token.get("scope", "")
        self.issued_at, self.expires_in, self.revoked = int(time.time()), token["expires_in"], False

    def check_client(self, client):
        return self.client_id == client.get_client_id()

    def get_scope(self):
        return self.scope

    def get_expires_in(self):
        return self.expires_in

    def is_expired(self):
        return self.issued_at + self.expires_in <= time.time()

    def is_revoked(self):
        return self.revoked


SERVER_AUTH = "client_assertion_jwt"
clients = {
    client.client_id: client
    for client in [
        Client("robot", "client_secret_basic", "the secret of a test", ["client_credentials"]),
        Client("todos", "client_secret_basic", "the secret of a server: 100 %"),
        Client("todos-with-a-key", SERVER_AUTH),
    ]
}


class Signed(JWTBearerTokenGenerator):
    def get_jwks(self):
        return {"keys": [next(key for key in keys if key.alg == settings["alg"]).as_dict(private=True)]}

    def get_audiences(self, client, user, scope):
        return request.form["resource"]


def generate(*arguments, **named):
    """Either kind, as it is set now."""

    def lifetime(client, grant_type):
        return settings["lifetime"]

    if settings["format"] == "opaque":
        opaque = BearerTokenGenerator(lambda **_: generate_token(42), expires_generator=lifetime)
        return opaque(*arguments, **named)
    return Signed(issuer, alg=settings["alg"], expires_generator=lifetime)(*arguments, **named)


class Introspection(IntrospectionEndpoint):
    CLIENT_AUTH_METHODS = ["client_secret_basic", SERVER_AUTH]

    def query_token(self, token_string, token_type_hint):
        return tokens.get(token_string)

    def check_permission(self, token, client, request):
        return client.get_client_id().startswith("todos")

    def introspect_token(self, token):
        return {
            "active": True,
            "client_id": token.client_id,
            "sub": token.client_id,
            "token_type": "Bearer",
            "scope": token.scope,
            "aud": token.audience,
            "iss": issuer,
            "exp": token.issued_at + token.expires_in,
            "iat": token.issued_at,
        }


class Revocation(RevocationEndpoint):
    def query_token(self, token_string, token_type_hint):
        return tokens.get(token_string)

    def revoke_token(self, token, request):
        token.revoked = True


class Assertion(JWTBearerClientAssertion):
    CLIENT_AUTH_METHOD = SERVER_AUTH

    def get_audiences(self):
        return [issuer, f"{issuer}/token"]

    def resolve_client_public_key(self, client):
        return server_key.as_dict(private=False)

    def validate_jti(self, claims, jti):
        is_new = jti not in seen_jtis
        seen_jtis.add(jti)
        return is_new


def save_token(token, asked):
    tokens[token["access_token"]] = Token(asked.client.get_client_id(), request.form["resource"], token)


app = Flask(__name__)
server = AuthorizationServer(app, query_client=clients.get, save_token=save_token)
server.register_token_generator("default", generate)
server.register_client_auth_method(SERVER_AUTH, Assertion())
server.register_grant(ClientCredentialsGrant)
server.register_endpoint(Introspection)
server.register_endpoint(Revocation)


@app.get("/.well-known/oauth-authorization-server")
def metadata():
    return jsonify(
        issuer=issuer,
        authorization_endpoint=f"{issuer}/authorize",
        token_endpoint=f"{issuer}/token",
        jwks_uri=f"{issuer}/jwks",
        introspection_endpoint=f"{issuer}/token/introspection",
        revocation_endpoint=f"{issuer}/token/revocation",
        response_types_supported=["code"],
        code_challenge_methods_supported=["S256"],
        scopes_supported=SCOPES,
    )


@app.get("/jwks")
def jwks():
    return jsonify(keys=[key.as_dict(private=False) for key in keys])


@app.post("/token")
def token():
    return server.create_token_response()


@app.post("/token/introspection")
def introspection():
    return server.create_endpoint_response(Introspection.ENDPOINT_NAME)


@app.post("/token/revocation")
def revocation():
    return server.create_endpoint_response(Revocation.ENDPOINT_NAME)


@app.post("/control")
def control():
    global keys, generation
    change = json.loads(request.get_data())
    how = change.pop("keys", None)
    settings.update(change)
    if how:
        generation += how != "same-kid"
        keys = new_keys() + (keys if how == "rotate" else [])
    return ""


def end_with_parent():
    """Ends this process when the process that started it is gone, however that ended."""
    sys.stdin.buffer.read()
    os._exit(0)


listening = make_server("127.0.0.1", 0, app, threaded=True)
issuer = f"http://127.0.0.1:{listening.server_port}"
threading.Thread(target=end_with_parent, daemon=True).start()
print(json.dumps({"issuer": issuer, "key": server_key.as_dict(private=True)}, separators=(",", ":")), flush=True)
listening.serve_forever()
