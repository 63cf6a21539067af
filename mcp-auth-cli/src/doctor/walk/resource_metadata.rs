//! The protected resource metadata of the server.

use mcp_auth_core::resource::WELL_KNOWN;
use url::Url;

use super::visit::Visit;
use crate::doctor::fetch::Answer;
use crate::doctor::judge::metadata::{Document, Places};
use crate::doctor::judge::{self, metadata};

/// Protected resource metadata, from every place where clients look.
pub(super) struct ResourceMetadata {
    challenge: Option<(Url, metadata::Fetched)>,
    pub(super) path: (Url, metadata::Fetched),
    root: Option<(Url, metadata::Fetched)>,
}

impl ResourceMetadata {
    pub(super) async fn fetch(visit: &Visit<'_>, refusal: Option<&Answer>) -> Self {
        let well_known = |path: &str| {
            let mut url = visit.url.clone();
            url.set_path(&format!("{WELL_KNOWN}{path}"));
            url.set_fragment(None);
            url
        };
        let path = match visit.url.path() {
            "/" => "",
            path => path,
        };
        let named = refusal.and_then(judge::challenge::bearer);
        let named = named.and_then(|challenge| Url::parse(challenge.get("resource_metadata")?).ok());
        let challenge = match named.filter(|url| matches!(url.scheme(), "http" | "https")) {
            Some(url) => Some((url.clone(), visit.web.named_document(&url).await)),
            None => None,
        };
        let at = well_known(path);
        let path_form = (at.clone(), visit.web.document(&at).await);
        let root = if path.is_empty() {
            None
        } else {
            let mut at = well_known("");
            at.set_query(None);
            Some((at.clone(), visit.web.document(&at).await))
        };
        Self { challenge, path: path_form, root }
    }

    pub(super) fn places(&self) -> Places<'_> {
        Places {
            challenge: self.challenge.as_ref().map(|(url, fetched)| (url, fetched)),
            path: (&self.path.0, &self.path.1),
            root: self.root.as_ref().map(|(url, fetched)| (url, fetched)),
        }
    }

    pub(super) fn document(&self) -> Option<(Url, Document)> {
        self.places().document()
    }
}
