//! Each identity provider that a preset knows, as an issuer that behaves as its documentation says: its metadata where it
//! has it, its keys, the shape of its tokens or of its answers. One token is accepted, and others of the same provider, which it signed
//! or calls active as well, are not. In reading order: `fixture` (such an issuer, and a server that is set to it by
//! `provider = "…"`); `hosted`, `self_hosted`, `clouds` (those whose tokens are verified by their keys); `asked` (those that are
//! asked about each token); `hints` (what the log says of those that are refused).

mod asked;
mod clouds;
mod fixture;
mod hints;
mod hosted;
mod self_hosted;
