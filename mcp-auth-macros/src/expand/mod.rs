//! Writes the generated code. In reading order: `server` (the two impls), `declaration` (what lists show and who may
//! call), `route` (how a method is called), `guard` (how one is asked), `types` (types of a signature, where its lifetimes have no names).
//! Nothing here can fail, and every path is named through the facade or `::core`.

mod declaration;
mod guard;
mod route;
mod server;
mod types;

pub(crate) use server::tokens;
