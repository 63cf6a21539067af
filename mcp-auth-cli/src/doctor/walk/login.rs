//! From the metadata to the keys: the documents that a client reads before it opens a browser.

use serde_json::{Map, Value};
use url::Url;

use super::visit::Visit;
use crate::doctor::checks::{self, between};
use crate::doctor::judge::clock::{Ahead, ahead};
use crate::doctor::judge::metadata::{Document, Fetched};
use crate::doctor::judge::{capabilities, issuer, jwks, metadata, resource};
use crate::doctor::step::{Step, Verdict};

/// The most authorization servers that are checked.
const MOST_ISSUERS: usize = 4;

/// The values that later steps compare the token with.
#[derive(Debug, Default)]
pub(super) struct Login {
    /// The `resource` member of the metadata.
    pub(super) resource: Option<String>,
    /// The authorization servers that the metadata names.
    pub(super) issuers: Vec<Issuer>,
    pub(super) issuer_ahead: Option<Ahead>,
}

/// One authorization server.
#[derive(Debug)]
pub(super) struct Issuer {
    /// Its identifier as the server's metadata lists it.
    pub(super) listed: String,
    /// Its identifier as its own metadata states it.
    pub(super) stated: Option<String>,
    pub(super) keys: Option<Vec<Map<String, Value>>>,
}

pub(super) async fn walk(
    visit: &Visit<'_>,
    document: Option<(Url, Document)>,
    challenged: Option<&[String]>,
    steps: &mut Vec<Step>,
) -> Login {
    let Some((at, document)) = document else {
        let why = "there is no protected resource metadata to read";
        steps.extend(between(checks::RESOURCE, checks::JWKS).map(|check| check.skipped(why)));
        return Login::default();
    };
    steps.push(resource::resource(visit.given, &at, &document));
    let (servers, issuers) = metadata::authorization_servers(visit.url, &document);
    steps.push(servers);
    steps.push(metadata::scopes(&document, challenged));
    steps.push(metadata::bearer_methods(&document));

    let resource = document.get("resource").and_then(Value::as_str).map(str::to_owned);
    let mut login = Login { resource, ..Login::default() };
    let asked = metadata::asked_scopes(&document, challenged);
    let is_one_of_several = issuers.len() > 1;
    for listed in issuers.iter().take(MOST_ISSUERS) {
        let before = steps.len();
        look_at(visit, listed, &asked, steps, &mut login).await;
        if is_one_of_several {
            for step in steps.drain(before..).collect::<Vec<_>>() {
                steps.push(step.about(listed));
            }
        }
    }
    if issuers.is_empty() {
        let why = "no authorization server is listed";
        steps.extend(between(checks::ISSUER_METADATA, checks::JWKS).map(|check| check.skipped(why)));
    }
    login
}

async fn look_at(
    visit: &Visit<'_>,
    listed: &str,
    asked: &[String],
    steps: &mut Vec<Step>,
    login: &mut Login,
) {
    let parsed = Url::parse(listed).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some(parsed) = parsed else {
        let why = "the authorization server is not named by a URL";
        steps.extend(between(checks::ISSUER_METADATA, checks::JWKS).map(|check| check.skipped(why)));
        return;
    };
    let mut fetched: Vec<(Url, Fetched)> = Vec::new();
    for place in issuer::places(&parsed) {
        let answer = visit.web.named_document(&place).await;
        fetched.push((place, answer));
    }
    let dates = fetched.iter().filter_map(|(_, answer)| answer.as_ref().ok());
    login.issuer_ahead = login.issuer_ahead.or(dates.filter_map(ahead).next());
    steps.push(issuer::metadata(listed, &fetched));
    let Some((_, document)) = issuer::document(&fetched) else {
        let why = "the authorization server's metadata was not read";
        steps.extend(between(checks::ISSUER, checks::JWKS).map(|check| check.skipped(why)));
        login.issuers.push(Issuer { listed: listed.to_owned(), stated: None, keys: None });
        return;
    };
    let known = metadata::scopes_known(asked, listed, &document);
    if let Some(step) = steps.iter_mut().find(|step| step.is(checks::SCOPES) && step.verdict == Verdict::Ok)
        && let Some(known) = known
    {
        *step = known;
    }
    steps.push(issuer::issuer(listed, &document));
    steps.push(issuer::endpoints(&document));
    steps.push(capabilities::pkce(&document));
    steps.push(capabilities::registration(&document));
    steps.push(capabilities::response_issuer(&document));
    let at = document.get("jwks_uri").and_then(Value::as_str).and_then(|text| Url::parse(text).ok());
    let set = match at.filter(|url| matches!(url.scheme(), "http" | "https")) {
        Some(url) => Some(visit.web.named_document(&url).await),
        None => None,
    };
    steps.push(jwks::jwks(set.as_ref()));
    login.issuers.push(Issuer {
        listed: listed.to_owned(),
        stated: document.get("issuer").and_then(Value::as_str).map(str::to_owned),
        keys: set.as_ref().and_then(jwks::keys),
    });
}
