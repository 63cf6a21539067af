//! In which language the pages of one request are: `ui_locales`, else `Accept-Language`, else English.
//!
//! It goes with the request and not through every function: an answer becomes a page where no request is at hand, such as when an extractor
//! refuses one, and what is decided does not depend on it.

use std::cell::Cell;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use mcp_auth_runtime::facade::Language;

use super::texts::{Errors, Texts};
use crate::request::Params;

tokio::task_local! {
    static SPOKEN: Cell<Language>;
}

/// Middleware: the pages that answer this request are in the language that its browser asks for.
pub(crate) async fn speaking(request: Request, next: Next) -> Response {
    let language = Language::of_headers(request.headers());
    SPOKEN.scope(Cell::new(language), next.run(request)).await
}

/// Prefers what the application asks for in its request (`ui_locales`, OpenID Connect Core 1.0 §3.1.2.1), where pages are written in one of these languages.
pub(crate) fn speak(params: &Params) {
    if let Some(language) = params.get("ui_locales").and_then(Language::of_locales) {
        // Outside of a request nothing is shown to anybody.
        let _ = SPOKEN.try_with(|spoken| spoken.set(language));
    }
}

/// The language of this request's pages.
pub(super) fn language() -> Language {
    SPOKEN.try_with(Cell::get).unwrap_or_default()
}

/// What its pages say.
pub(crate) fn texts() -> &'static Texts {
    Texts::of(language())
}

/// What its pages say on which something ended.
pub(crate) fn errors() -> &'static Errors {
    Errors::of(language())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_is_answered_in_its_own_language_and_without_one_in_english() {
        assert_eq!(language(), Language::English);
        let asks = |locales: &str| speak(&Params::parse(&format!("ui_locales={locales}")).unwrap());
        asks("de");
        assert_eq!(language(), Language::English);
        let spoken = async |locales: &str| {
            SPOKEN
                .scope(Cell::new(Language::English), async {
                    asks(locales);
                    texts().deny
                })
                .await
        };
        assert_eq!(spoken("fr+de").await, "Ablehnen");
        assert_eq!(spoken("fr").await, "Deny");
        assert_eq!(language(), Language::English);
    }
}
