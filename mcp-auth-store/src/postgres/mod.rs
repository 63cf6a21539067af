//! The rows of a store in a PostgreSQL database, for several processes on several machines.
//!
//! - `address`: what the URL says, and which connections may be without TLS.
//! - `tls`: TLS, with the certificate and the name of the server verified.
//! - `connections`: a few connections that are used again and again, and how long each thing may take.
//! - `schema`: the tables, and who may use them.
//! - `rows`: reads them: [`PostgresRows`].
//! - `commit`: does each change as one transaction, in one round trip.
//! - `trouble`: settings by which a store could lose something or be seen by others.

mod address;
mod commit;
mod connections;
mod rows;
mod schema;
mod tls;
mod trouble;

pub use rows::PostgresRows;
