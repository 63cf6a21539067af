//! The stores that need a server of their own, and these servers: PostgreSQL, Redis and Valkey, on loopback, in a directory of their own.
//!
//! In reading order: `redis` (Redis, and Valkey which is like it), `postgres`, `check` (the tests that need them), `place` (where a store is for one run).

mod check;
mod place;
mod postgres;
mod redis;

pub(crate) use check::check;
pub(crate) use place::{Kind, Place, Servers};
