//! The frame of every page, and the headers that guard it.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use axum::response::{Html, IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::issuer::Issuer;
use crate::request::oauth_error::NO_STORE;

const STYLE: &str = include_str!("style.css");

/// Nothing is loaded, run, framed or based elsewhere; the one style sheet counts by its hash.
///
/// `form-action` is missing on purpose. It could only say `'self'`, yet Chromium applies it to every redirect that
/// follows a form, so it would stop the way back to the client, and even a list that named the redirect URI would stop
/// clients whose callback redirects on (`https://vscode.dev/redirect` does, to `vscode:`). It guards against injected
/// forms, and there is nothing here to inject with: every value is escaped, and no page holds a secret but a CSRF
/// token that fits one browser and one request.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'none'; base-uri 'none'");
    // The closed policy is a constant; should the hash ever not fit a header, pages lose their style, not their guard.
    HeaderValue::try_from(policy)
        .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'"))
});

/// A whole page. `title` is what the tab says.
pub(super) fn page(issuer: &Issuer, status: StatusCode, title: &str, body: &Markup) -> Response {
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
                    "Built-in login of mcp-auth, for development on this computer only: "
                    code { (issuer.origin.as_str()) }
                }
            }
        }
    };
    let headers = [
        (CONTENT_SECURITY_POLICY, POLICY.clone()),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // Others are told nothing. Not `no-referrer`: browsers then send `Origin: null` with our own forms too, and
        // we could not tell them from another site's.
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (CACHE_CONTROL, NO_STORE),
    ];
    (status, headers, Html(document.into_string())).into_response()
}
