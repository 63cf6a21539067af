//! A browser that came without a session identifier gets one with the page that it is shown.

use axum::response::Response;
use http::HeaderMap;
use http::header::SET_COOKIE;

use crate::issuer::Issuer;
use crate::secret::secret;

/// The identifier of a browser that came with none: it is not stored, and only ties a form to the browser.
pub(super) struct Seen(Option<String>);

impl Seen {
    /// The browser that sent these.
    pub(super) fn of(issuer: &Issuer, headers: &HeaderMap) -> Self {
        Self(issuer.cookie.read(headers).is_none().then(|| secret(&*issuer.ambient.random)))
    }

    /// The identifier that it has from now on.
    pub(super) fn id<'a>(&'a self, issuer: &Issuer, headers: &'a HeaderMap) -> &'a str {
        self.0.as_deref().or(issuer.cookie.read(headers)).unwrap_or_default()
    }

    /// Tells it a new one.
    pub(super) fn tell(self, issuer: &Issuer, response: &mut Response) {
        if let Some(cookie) = self.0.and_then(|id| issuer.cookie.set(&id)) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
}
