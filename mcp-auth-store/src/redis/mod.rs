//! The rows of a store in Redis or Valkey.
//!
//! - `place`: what the URL says: where, as whom, and under which prefix.
//! - `link`: the connection, which is made again when it was cut; TLS.
//! - `scripts`: the scripts that the server runs, each one step.
//! - `connect`: [`RedisRows`], the version of a store and of a server.
//! - `rows`: reads rows, and has the scripts change them.
//! - `trouble`: settings of the server by which a store could lose something.

mod connect;
mod link;
mod place;
mod rows;
mod scripts;
mod trouble;

pub use connect::RedisRows;
