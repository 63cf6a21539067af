//! The frame of every page, and the headers that protect it.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use axum::response::{Html, IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::endpoint::PASSKEYS_SCRIPT;
use crate::issuer::Issuer;
use crate::request::oauth_error::{NO_STORE, UNAVAILABLE_FOR};

/// The one style sheet of the pages.
pub const STYLE: &str = include_str!("style.css");

/// The page loads nothing, runs no script and cannot be framed; its one style sheet is allowed by its hash.
///
/// `form-action` is missing on purpose. It could only say `'self'`, but Chromium applies it to every redirect that
/// follows a form, so it would block the redirect to the client. Even a list with the redirect URI would block
/// clients whose callback redirects again (`https://vscode.dev/redirect` does, to `vscode:`). It protects against
/// injected forms, which are not possible here: every value is escaped, and the only secret in a page is a CSRF token
/// that is valid for one browser and one request.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| policy(""));

/// The same, and it runs the script of passkeys, by its whole URL: no other of this origin, which is also the server's, and none in the page
/// itself. A hash would name it more narrowly, but not every browser takes one for a script that has a URL.
fn with_passkeys(issuer: &Issuer) -> HeaderValue {
    policy(&format!("script-src {}{PASSKEYS_SCRIPT}; ", issuer.origin.as_str()))
}

fn policy(scripts: &str) -> HeaderValue {
    let hash = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; {scripts}style-src 'sha256-{hash}'; frame-ancestors 'none'; base-uri 'none'"
    );
    // The fallback policy is a constant: if the hash does not fit into a header, pages lose their style but not their
    // protection.
    HeaderValue::try_from(policy)
        .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'"))
}

/// A whole page. `title` is the text of the browser tab.
pub(super) fn page(issuer: &Issuer, status: StatusCode, title: &str, body: &Markup) -> Response {
    shown(issuer, status, title, body, &POLICY)
}

/// A whole page with controls for passkeys, which the script of the issuer works.
pub(super) fn page_with_passkeys(
    issuer: &Issuer,
    status: StatusCode,
    title: &str,
    body: &Markup,
) -> Response {
    shown(issuer, status, title, body, &with_passkeys(issuer))
}

fn shown(issuer: &Issuer, status: StatusCode, title: &str, body: &Markup, policy: &HeaderValue) -> Response {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main { (body) }
                footer {
                    "Built-in login of mcp-auth"
                    @if !issuer.origin.is_for_others() { ", for this computer only" }
                    ": "
                    code { (issuer.origin.as_str()) }
                }
            }
        }
    };
    let headers = [
        (CONTENT_SECURITY_POLICY, policy.clone()),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // Other sites get no referrer. It is not `no-referrer`, because browsers then send `Origin: null` with our
        // own forms too, and these could not be told from another site's.
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (CACHE_CONTROL, NO_STORE),
    ];
    let mut response = (status, headers, Html(document.into_string())).into_response();
    // Who knows better says so: see `retry_after`.
    if status == StatusCode::SERVICE_UNAVAILABLE {
        retry_after(&mut response, UNAVAILABLE_FOR);
    }
    response
}

/// Says after how many seconds the page may be asked for again (RFC 9110 §10.2.3).
pub(super) fn retry_after(page: &mut Response, seconds: u64) {
    page.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
}
