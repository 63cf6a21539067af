//! {{description}}
//!
//! `notes.rs` says what the server offers and who may call it, `store.rs` keeps the notes, `main.rs` starts it.

mod notes;
mod store;

pub use notes::Notes;
