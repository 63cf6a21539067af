//! Clients that describe themselves: their `client_id` is the https URL of a document, which is fetched when it is needed
//! (Client ID Metadata Documents, draft-ietf-oauth-client-id-metadata-document).
//!
//! Strangers choose the URL, so a fetch must not reach what strangers cannot reach themselves, nor cost much.
//!
//! - `url`: which URLs are a `client_id`. `rules`: which documents describe a client.
//! - `fetch`: how a document is fetched, passed in; `https`: over the network; `guard`: which addresses are connected to.
//! - `kept`: documents that are still fresh. `flight`: each URL once at a time. `room`: how many at once.
//! - `documents`: all of it together, and how often strangers may cause a fetch. `error`: why there is no client.
//! - `keys`: the keys of clients that authenticate by one, where they are at a URL.
//! - `options`: what the operator decides.

mod documents;
mod error;
mod fetch;
mod flight;
mod guard;
mod https;
mod kept;
mod keys;
mod options;
mod room;
mod rules;
mod url;

pub(crate) use documents::{Documents, lists_redirect_uri};
pub(crate) use error::DocumentError;
pub(crate) use https::HttpsFetch;
pub(crate) use keys::KeysAt;
pub use options::{ClientDocuments, UnreadableAuthorities};
pub(crate) use url::ClientIdUrl;
pub(crate) use url::{host_of, is_url};
