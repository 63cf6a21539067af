//! The document: what was measured of the built-in issuer, how, and how far to trust it.

use super::clock::CONNECTIONS;
use super::options::Options;
use super::table::{self, Cell};
use super::weight::Weight;
use crate::bench::machine;
use crate::stores::Kind;

/// The whole of `docs/src/issuer-performance.md`.
pub(super) fn render(options: &Options, cells: &[Cell], weights: &[(Kind, Weight)]) -> String {
    format!(
        "# Performance of the issuer\n\n\
         What the built-in issuer answers on each store: a whole server, a process of its own, asked over real sockets.\n\
         `cargo xtask bench issuer` made this page, all of it.\n\n\
         ## How to read it\n\n\
         - **ratio** is how many there are a second, divided by those of the same row with the store in memory, in the same\n\
         \x20 run: what the store costs.\n\
         - **p50**, **p99** are what a client waits for its answer, in a closed loop: each connection asks again when it has\n\
         \x20 its answer. **CPU** is user and system time of the issuer's process for each; the process of a database is not\n\
         \x20 in it.\n\
         - **a whole login** is `/authorize` with the development login, the consent page, its form, and the redirect with\n\
         \x20 the code. No password is hashed: argon2id costs the same on each store, on purpose much.\n\
         - The databases run on the same machine, with the settings of their packages and with each write on the disk\n\
         \x20 before it is acknowledged. Server, database and load share its cores.\n\
         - A process asks its store again and again for what must not be stale. A connection that waits for the disk does not\n\
         \x20 hold up the others: more connections are more a second.\n\n\
         {}## What clients and grants weigh\n\n\
         Registered clients and grants put into an empty store, sixteen at a time. Memory is that of the process that uses the\n\
         store: with a database, what its driver holds.\n\n\
         {}\n\
         ## How it was made\n\n\
         <!-- needs: a machine where nothing else runs; run by hand with its load in mind -->\n\
         ```sh\n{}\n```\n\n\
         {} s on the clock for each row, store and number of connections.\n\n{}",
        table::asked(cells, &CONNECTIONS),
        table::weighed(weights),
        format!("cargo xtask bench issuer {}", options.typed).trim(),
        options.seconds,
        machine(),
    )
}
