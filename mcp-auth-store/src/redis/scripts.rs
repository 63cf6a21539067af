//! The scripts that the server runs, each one step: nothing else happens while one runs.

use redis::Script;

/// They are sent by their hash, and whole where the server does not know them.
pub(super) struct Scripts {
    pub(super) commit: Script,
    pub(super) listed: Script,
    pub(super) open: Script,
    pub(super) sweep: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            commit: Script::new(include_str!("commit.lua")),
            listed: Script::new(include_str!("listed.lua")),
            open: Script::new(include_str!("open.lua")),
            sweep: Script::new(include_str!("sweep.lua")),
        }
    }
}
