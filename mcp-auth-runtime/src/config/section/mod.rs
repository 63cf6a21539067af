//! The sections of `mcp.toml`, a file each: `document` (the whole), `server`, `tls`, `auth`, `issuers`, `introspection`, `api_keys`,
//! `issuer`, `issuer_login`, `issuer_client`, `issuer_assertions`, `upstreams`, `upstream_allow`, `accounts`, `client_documents`, `registration`, `scopes`, `roles`, `operations` (tools, prompts, resources),
//! `stdio`, `limits`, `pages`, `cors`, `store`, `log`. `schema` is the JSON Schema of all of them.

pub mod accounts;
pub mod api_keys;
pub mod auth;
pub mod client_documents;
pub mod cors;
pub mod deny;
pub mod document;
pub mod introspection;
pub mod issuer;
pub mod issuer_assertions;
pub mod issuer_client;
mod issuer_login;
pub mod issuers;
pub mod limits;
pub mod log;
pub mod operations;
pub mod own_login;
pub mod pages;
pub mod registration;
pub mod roles;
pub mod schema;
pub mod scopes;
pub mod server;
pub mod stdio;
pub mod store;
pub mod tls;
mod upstream_allow;
pub mod upstreams;
pub mod users;
