//! The kinds of value a key can have. Each is a checked type, so that every error blames one key and one source:
//! durations, byte sizes, counts and keywords, declared with range and default in one line; URLs, audiences, algorithms,
//! secrets, claims and the roles they give, API keys, moments, networks.

mod algorithm;
pub mod api_key;
pub mod audience;
pub mod claim;
pub mod claim_test;
pub mod client;
mod count;
mod declare;
mod domain;
mod duration;
mod error;
mod header;
pub mod issuer_name;
pub mod jwk_set;
mod keyword;
mod list;
mod login;
pub(in crate::config) mod moment;
mod name;
pub mod network;
pub mod page;
mod path;
pub mod pem_file;
mod raw;
mod role;
pub(in crate::config) mod scope;
pub(in crate::config) mod secret;
pub(in crate::config) mod sha256;
mod size;
mod socket;
pub(in crate::config) mod store_url;
mod upstream_name;
pub mod url;
mod words;

pub(super) use count::count;
pub(super) use declare::{schema, text_value};
pub(super) use duration::{duration, duration_range, parse_duration, seconds};
pub use error::ValueError;
pub use header::{CertificateHeader, ClientAddressHeader, TokenHeader, ToolHeader};
pub(super) use keyword::{keyword, not_one_of, words};
pub(super) use list::list;
pub use login::{AcrValue, LoginAge};
pub use name::{DisplayName, NonEmpty};
pub use path::EndpointPath;
pub(super) use raw::{One, Raw, one_or_many, read_text};
pub use role::RoleName;
pub use scope::{ScopeName, ScopePrefixText, ScopeToken};
pub(super) use size::{bytes, parse_size, size, size_text};
pub use socket::{AddressAndPort, HostName};
pub use upstream_name::UpstreamName;
pub(super) use words::{nearest, quoted};

pub(super) use mcp_auth_core::duration::duration_text;
