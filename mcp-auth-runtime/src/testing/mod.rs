//! For your own tests: your server in this process on a free port, a throwaway issuer, clients of every
//! protocol era. What they meet is the real thing: a socket, the whole gate, real signatures.
//!
//! In reading order: `server` (start one), `issuer` (mint tokens for it), `deny` (what is denied), `page` (where its person confirms a call), `client` (call it as a client
//! would), `answer` (what came back), `messages` (while it comes).

mod answer;
mod client;
mod deny;
mod issuer;
mod messages;
mod page;
mod server;
mod texts;

pub use crate::call::upstream::{
    NoUpstreamToken, UpstreamConnection, UpstreamConnectionFuture, UpstreamToken, UpstreamTokenFuture,
    UpstreamTokens,
};
pub use answer::Answer;
pub use client::{Client, Era};
pub use deny::TestDenyList;
pub use issuer::{TestIssuer, Token};
pub use mcp_auth_core::challenge::ReceivedChallenge;
pub use messages::Messages;
#[doc(hidden)]
pub use texts::untranslated;

pub use server::{TestServer, TestServerBuilder};
