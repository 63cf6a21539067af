//! What every page of the issuer has: its frame, and the line below it.

use axum::response::Response;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use maud::{Markup, html};
use mcp_auth_runtime::facade::{Frame, Script, said};

use super::speaking::{language, texts};
use crate::endpoint::PASSKEYS_SCRIPT;
use crate::issuer::Issuer;
use crate::request::oauth_error::UNAVAILABLE_FOR;

/// A whole page. `title` is the text of the browser tab.
pub(super) fn page(issuer: &Issuer, status: StatusCode, title: &str, body: &Markup) -> Response {
    shown(issuer, (status, title), body, Script::None)
}

/// A whole page with controls for passkeys. It runs the script of passkeys, by its whole URL: no other of this origin, which is also the
/// server's, and none in the page itself.
pub(super) fn page_with_passkeys(
    issuer: &Issuer,
    status: StatusCode,
    title: &str,
    body: &Markup,
) -> Response {
    let script = format!("{}{PASSKEYS_SCRIPT}", issuer.origin.as_str());
    shown(issuer, (status, title), body, Script::At(&script))
}

fn shown(
    issuer: &Issuer,
    (status, title): (StatusCode, &str),
    body: &Markup,
    script: Script<'_>,
) -> Response {
    let below =
        if issuer.origin.is_for_others() { texts().built_in_login } else { texts().built_in_login_here };
    let footer = said(below, &[("origin", &html! { code { (issuer.origin.as_str()) } })]);
    let (brand, language, footer) = (&issuer.brand, language(), &footer);
    let frame = Frame { brand, language, title, body, footer, script };
    let mut response = frame.response(status);
    // Who knows better says so: see `retry_after`.
    if status == StatusCode::SERVICE_UNAVAILABLE {
        retry_after(&mut response, UNAVAILABLE_FOR);
    }
    response
}

/// The title of a page, behind what happened to the one before it.
pub(super) fn titled(state: Option<&str>, title: &str) -> String {
    state.map_or_else(|| title.to_owned(), |state| format!("{state} {title}"))
}

/// Says after how many seconds the page may be asked for again (RFC 9110 §10.2.3).
pub(super) fn retry_after(page: &mut Response, seconds: u64) {
    page.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
}
