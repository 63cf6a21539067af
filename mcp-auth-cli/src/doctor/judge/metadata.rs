//! Protected resource metadata: whether a document can be read at each place where clients look, and the checks of
//! its members except `resource`.

use http::StatusCode;
use mcp_auth_core::net::{is_loopback, is_secure};
use serde_json::{Map, Value};
use url::Url;

use super::strings;
use crate::doctor::address;
use crate::doctor::checks::{
    AUTHORIZATION_SERVERS, BEARER_METHODS, METADATA_CHALLENGE, METADATA_PATH, METADATA_ROOT, SCOPES,
};
use crate::doctor::fetch::{Answer, Trouble};
use crate::doctor::quote::{quote, quote_all};
use crate::doctor::step::Step;

/// The answer to the request for a JSON document, or why there is none.
pub(crate) type Fetched = Result<Answer, Trouble>;
pub(crate) type Document = Map<String, Value>;

/// Why an answer is not a metadata document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// There is no document, for example because of a 404.
    Absent(String),
    /// There is an answer, but a client cannot read it as metadata.
    Wrong(String),
}

impl Unreadable {
    pub(crate) fn seen(&self) -> &str {
        match self {
            Self::Absent(seen) | Self::Wrong(seen) => seen,
        }
    }
}

/// Reads a document as RFC 9728 §3.2 and RFC 8414 §3.2 require: 200, `application/json`, an object.
pub(crate) fn read(fetched: &Fetched) -> Result<Document, Unreadable> {
    let answer = fetched.as_ref().map_err(|trouble| Unreadable::Wrong(trouble.to_string()))?;
    let status = answer.status;
    if matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::METHOD_NOT_ALLOWED) {
        return Err(Unreadable::Absent(status.to_string()));
    }
    if status.is_redirection() {
        let location = answer.header(http::header::LOCATION).unwrap_or("nowhere");
        return Err(Unreadable::Wrong(format!(
            "{status} to {}, where it should be answered",
            quote(location)
        )));
    }
    if matches!(status.as_u16(), 401 | 403) {
        return Err(Unreadable::Wrong(format!("{status}: it has to be readable without a token")));
    }
    if status != StatusCode::OK {
        return Err(Unreadable::Wrong(format!("{status}, with {}", answer.looks())));
    }
    if answer.is_cut {
        return Err(Unreadable::Wrong("longer than 1 MiB".to_owned()));
    }
    let media_type = answer.media_type();
    let document = serde_json::from_str(&answer.body);
    match document {
        Ok(Value::Object(document)) if media_type == "application/json" => Ok(document),
        Ok(Value::Object(_)) => Err(Unreadable::Wrong(format!(
            "JSON, but its content type is {} and not application/json",
            quote(&media_type)
        ))),
        _ => Err(Unreadable::Wrong(format!("200, but {} and no JSON object", answer.looks()))),
    }
}

/// The three places of the metadata, in the order in which clients look.
pub(crate) struct Places<'a> {
    /// The place that the challenge names, if it names one.
    pub(crate) challenge: Option<(&'a Url, &'a Fetched)>,
    pub(crate) path: (&'a Url, &'a Fetched),
    /// The place without a path; `None` if the URL has no path, because it is then the same place.
    pub(crate) root: Option<(&'a Url, &'a Fetched)>,
}

impl Places<'_> {
    /// The first document that a client can read, with its URL.
    pub(crate) fn document(&self) -> Option<(Url, Document)> {
        let places = [self.challenge, Some(self.path), self.root];
        places.into_iter().flatten().find_map(|(url, fetched)| Some((url.clone(), read(fetched).ok()?)))
    }

    /// Whether clients that derive the well-known URL from the path find it.
    pub(crate) fn has_path_form(&self) -> bool {
        read(self.path.1).is_ok()
    }

    /// Whether every place answers that it has no document.
    pub(crate) fn are_absent(&self) -> bool {
        let is_absent = |(_, fetched): (&Url, &Fetched)| matches!(read(fetched), Err(Unreadable::Absent(_)));
        [self.challenge, Some(self.path), self.root].into_iter().flatten().all(is_absent)
    }

    pub(crate) fn steps(&self) -> [Step; 3] {
        [self.at_challenge(), self.at_path(), self.at_root()]
    }

    fn at_challenge(&self) -> Step {
        let Some((url, fetched)) = self.challenge else {
            return METADATA_CHALLENGE.skipped("the challenge names no metadata");
        };
        match read(fetched) {
            Ok(_) => METADATA_CHALLENGE.ok(format!("{url}")),
            Err(problem) => METADATA_CHALLENGE.fail(
                format!("{url}: {}", problem.seen()),
                "let the challenge's resource_metadata name a URL that answers 200 with the JSON document, to everyone",
            ),
        }
    }

    fn at_path(&self) -> Step {
        let (url, fetched) = self.path;
        let problem = match read(fetched) {
            Ok(_) => return METADATA_PATH.ok(format!("{url}")),
            Err(problem) => problem,
        };
        let seen = format!("{url}: {}", problem.seen());
        let readable =
            |place: Option<(&Url, &Fetched)>| place.is_some_and(|(_, fetched)| read(fetched).is_ok());
        let at_root = readable(self.root);
        let fix = if at_root {
            format!(
                "serve the document at {url} too: the root form belongs to a resource without a path, and clients \
                 that keep to RFC 9728 refuse it for this one. A proxy has to forward /.well-known/ as well"
            )
        } else {
            format!(
                "serve protected resource metadata at {url} as application/json, without a token (mcp-auth does, unless \
                 API keys are all that it accepts; then a proxy does not forward /.well-known/ to the server)"
            )
        };
        if readable(self.challenge) {
            let seen = format!("{seen}; clients that do not read the challenge's URL look here");
            METADATA_PATH.warn(seen, fix)
        } else {
            METADATA_PATH.fail(if at_root { format!("{seen}; it is only at the root") } else { seen }, fix)
        }
    }

    fn at_root(&self) -> Step {
        let Some((url, fetched)) = self.root else {
            return METADATA_ROOT.skipped("the URL has no path: there is one place only");
        };
        match read(fetched) {
            Ok(_) => METADATA_ROOT.ok(format!("{url}")),
            Err(Unreadable::Absent(status)) => {
                METADATA_ROOT.ok(format!("{url}: {status}, which is fine for a URL with a path"))
            }
            Err(Unreadable::Wrong(seen)) => METADATA_ROOT.warn(
                format!("{url}: {seen}"),
                "answer 404 or the document: a few clients look here, and this answer confuses them",
            ),
        }
    }
}

/// The authorization servers to log in at, and those of them that a client can use.
pub(crate) fn authorization_servers(url: &Url, document: &Document) -> (Step, Vec<String>) {
    let example =
        "name the issuer in authorization_servers, as an array of URLs (mcp-auth: [[auth.issuers]] issuer)";
    let Some(issuers) = strings(document.get("authorization_servers")) else {
        let seen = match document.get("authorization_servers") {
            None => "authorization_servers is missing".to_owned(),
            Some(_) => "authorization_servers is not an array of strings".to_owned(),
        };
        return (AUTHORIZATION_SERVERS.fail(format!("{seen}: clients find no login"), example), Vec::new());
    };
    if issuers.is_empty() {
        return (
            AUTHORIZATION_SERVERS.fail("authorization_servers is empty: clients find no login", example),
            issuers,
        );
    }
    for issuer in &issuers {
        if let Some(step) = unusable(url, issuer) {
            return (step, issuers);
        }
    }
    (AUTHORIZATION_SERVERS.ok(quote_all(&issuers)), issuers)
}

fn unusable(url: &Url, issuer: &str) -> Option<Step> {
    let parsed = Url::parse(issuer).ok().filter(|parsed| matches!(parsed.scheme(), "http" | "https"));
    let Some(parsed) = parsed else {
        return Some(AUTHORIZATION_SERVERS.fail(
            format!("{} is not a URL", quote(issuer)),
            "write the issuer as an absolute https URL, exactly as its own metadata does",
        ));
    };
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Some(AUTHORIZATION_SERVERS.fail(
            format!("{} has a query or fragment (RFC 8414 §2)", quote(issuer)),
            "write the issuer identifier, not one of its endpoints",
        ));
    }
    if issuer.contains("/.well-known/") {
        return Some(AUTHORIZATION_SERVERS.fail(
            format!("{} is the address of a metadata document, not an issuer", quote(issuer)),
            "write the issuer identifier: the `issuer` of that document",
        ));
    }
    if is_loopback(&parsed) && !is_loopback(url) {
        return Some(AUTHORIZATION_SERVERS.fail(
            format!("{} is on each client's own machine", quote(issuer)),
            "name the issuer by the address that clients and their browsers reach",
        ));
    }
    if !is_secure(&parsed) && address::is_internal(&parsed) && address::is_internal(url) {
        return Some(AUTHORIZATION_SERVERS.warn(
            format!("{} is http: anyone in that network can read logins, and change keys", quote(issuer)),
            "serve the authorization server over https, unless you trust everyone in its network (mcp-auth: [[auth.issuers]] \
             allow_http)",
        ));
    }
    if !is_secure(&parsed) {
        return Some(AUTHORIZATION_SERVERS.fail(
            format!("{} is http: logins would travel readable", quote(issuer)),
            "serve the authorization server over https, and name it so here and in its own metadata",
        ));
    }
    if address::is_internal(&parsed) && !address::is_internal(url) {
        return Some(AUTHORIZATION_SERVERS.warn(
            format!("{} is a host that only the inside of a network reaches", quote(issuer)),
            "name the issuer by the address that clients and their browsers reach",
        ));
    }
    None
}

/// The scopes that a client will ask for.
pub(crate) fn scopes(document: &Document, challenged: Option<&[String]>) -> Step {
    let supported = strings(document.get("scopes_supported"));
    if document.contains_key("scopes_supported") && supported.is_none() {
        return SCOPES.fail("scopes_supported is not an array of strings", "write it as [\"one\", \"two\"]");
    }
    let supported = supported.unwrap_or_default();
    let challenged = challenged.unwrap_or_default();
    let has = |scopes: &[String]| scopes.iter().any(|scope| scope == "offline_access");
    let place = match (has(challenged), has(&supported)) {
        (true, true) => "the challenge's scope and scopes_supported",
        (true, false) => "the challenge's scope",
        (false, true) => "scopes_supported",
        (false, false) => {
            return SCOPES.ok(match (challenged, supported.as_slice()) {
                ([], []) => "none named: clients ask for none".to_owned(),
                ([], supported) => format!("clients ask for scopes_supported: {}", quote_all(supported)),
                (challenged, _) => format!("clients ask for the challenge's: {}", quote_all(challenged)),
            });
        }
    };
    SCOPES.warn(
        format!("offline_access in {place}: every client asks for refresh tokens, and issuers may refuse it"),
        "take offline_access out of the server's scopes: it is between client and issuer (the issuer's own \
         scopes_supported may have it)",
    )
}

/// The scopes that clients may ask for: those of the challenge and of the metadata.
pub(crate) fn asked_scopes(document: &Document, challenged: Option<&[String]>) -> Vec<String> {
    let mut asked = challenged.unwrap_or_default().to_vec();
    asked.extend(strings(document.get("scopes_supported")).unwrap_or_default());
    asked.sort();
    asked.dedup();
    asked
}

/// What is wrong where the issuer says which scopes it knows, and not all of the server's are there.
pub(crate) fn scopes_known(asked: &[String], issuer: &str, document: &Document) -> Option<Step> {
    let known = strings(document.get("scopes_supported"))?;
    let unknown: Vec<&String> = asked.iter().filter(|scope| !known.contains(scope)).collect();
    (!unknown.is_empty()).then(|| {
        SCOPES.warn(
            format!(
                "{} does not list {} in its scopes_supported: it may answer invalid_scope",
                quote(issuer),
                quote_all(&unknown)
            ),
            "add these scopes at the authorization server, or correct how the server writes them",
        )
    })
}

pub(crate) fn bearer_methods(document: &Document) -> Step {
    let Some(methods) = strings(document.get("bearer_methods_supported")) else {
        return BEARER_METHODS.ok("not stated: the Authorization header");
    };
    if !methods.iter().any(|method| method == "header") {
        return BEARER_METHODS.fail(
            format!("bearer_methods_supported is {}: MCP clients send the header only", quote_all(&methods)),
            "add \"header\"",
        );
    }
    if methods.iter().any(|method| method == "query") {
        return BEARER_METHODS.warn(
            "bearer_methods_supported has \"query\": tokens in URLs end up in logs, and MCP forbids them",
            "take \"query\" out",
        );
    }
    BEARER_METHODS.ok(quote_all(&methods))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::step::Verdict;

    #[test]
    fn an_issuer_over_plain_http_is_a_failure_and_inside_the_servers_own_network_a_warning() {
        for (server, issuer, verdict) in [
            ("http://localhost:8080/mcp", "http://keycloak:8080/realms/a", Verdict::Warn),
            ("http://todos:8080/mcp", "http://10.0.0.7:8080", Verdict::Warn),
            ("http://localhost:8080/mcp", "http://login.example.com", Verdict::Fail),
            ("https://todos.example.com/mcp", "http://keycloak:8080/realms/a", Verdict::Fail),
            ("https://todos.example.com/mcp", "http://login.example.com", Verdict::Fail),
        ] {
            let step = unusable(&Url::parse(server).unwrap(), issuer).expect("something to say");
            assert_eq!(step.verdict, verdict, "{server} {issuer}: {}", step.seen);
        }
    }
}
