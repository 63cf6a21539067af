"""What a server with the built-in issuer meets outside: the site of a client's document, and who holds which key.

    outside.py DIRECTORY      prints {"address": "127.0.0.1:…"} once it answers; ends when its standard input does

The site is `client.example` by HTTPS, with a certificate of an authority of its own, `authority.pem`. For each name below there is the
private key `NAME.pem`, and the JWK Set with its public half, `NAME.jwks.json`.
"""

import datetime
import http.server
import json
import ssl
import sys
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey

HOST = "client.example"
DOCUMENT = {
    "client_id": f"https://{HOST}/oauth.json",
    "client_name": "interop (document)",
    # Of http on loopback the port may be any (RFC 8252 §7.3). The second is MCP Inspector's.
    "redirect_uris": ["http://127.0.0.1/callback", "http://127.0.0.1/oauth/callback"],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
    "application_type": "native",
}
# A program that authenticates with a key, and an identity provider.
KEYS = ["robot", "provider"]

directory = Path(sys.argv[1])
directory.mkdir(parents=True, exist_ok=True)


def write(name, data):
    file = directory / name
    file.touch(mode=0o600)
    file.write_bytes(data)


def in_pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


for name in KEYS:
    key = ec.generate_private_key(ec.SECP256R1())
    write(f"{name}.pem", in_pem(key))
    public = ECKey.import_key(in_pem(key)).as_dict(private=False, kid=name, alg="ES256", use="sig")
    write(f"{name}.jwks.json", json.dumps({"keys": [public]}).encode())


def certified(name, key, by, by_key, extensions):
    now = datetime.datetime.now(datetime.timezone.utc)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = x509.CertificateBuilder(issuer_name=by or subject, subject_name=subject, public_key=key.public_key())
    certificate = certificate.serial_number(x509.random_serial_number())
    certificate = certificate.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=1))
    for extension, critical in extensions:
        certificate = certificate.add_extension(extension, critical)
    return certificate.sign(by_key, hashes.SHA256())


authority_key, site_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
is_authority = [(x509.BasicConstraints(ca=True, path_length=0), True)]
authority = certified("interop", authority_key, None, authority_key, is_authority)
is_site = [(x509.SubjectAlternativeName([x509.DNSName(HOST)]), False)]
site = certified(HOST, site_key, authority.subject, authority_key, is_site)
write("authority.pem", authority.public_bytes(Encoding.PEM))
write("site.pem", site.public_bytes(Encoding.PEM) + in_pem(site_key))


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.path == "/oauth.json" and self.headers["Host"] == HOST
        body = json.dumps(DOCUMENT).encode() if known else b""
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(directory / "site.pem")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
server.socket = tls.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"address": f"127.0.0.1:{server.server_port}"}), flush=True)
sys.stdin.read()
