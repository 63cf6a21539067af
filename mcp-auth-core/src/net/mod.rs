//! Hosts and URLs. In reading order: `host` (a name or an address), `loopback` (which of them are this machine),
//! `private` (which are inside a network of one's own), `global` (which addresses the internet has), `network` (addresses that begin alike), `authority` (a host with
//! or without a port), `origin` (a scheme and an authority), `http_url` (a URL with its original text).

mod authority;
mod global;
mod host;
mod http_url;
mod loopback;
mod network;
mod origin;
mod private;

pub use authority::Authority;
pub use global::is_global;
pub use host::{Host, InvalidHost};
pub use http_url::{HttpUrl, InvalidUrl};
pub use loopback::{LOOPBACK_NAMES, is_loopback, is_secure};
pub use network::{InvalidNetwork, Network};
pub use origin::{InvalidOrigin, Origin};
