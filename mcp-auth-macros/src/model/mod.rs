//! What the attributes mean, checked: every rule and every mistake. In reading order: `server` (the block),
//! `operation` (one method), `rule` (who may call), `guard` (what is asked besides), `inputs` (what the method takes), `tool`, `prompt`,
//! `resource` with `template`, `method` (what each kind says besides), `time` (how times are written).

mod filled;
pub(crate) mod guard;
pub(crate) mod inputs;
mod method;
pub(crate) mod operation;
pub(crate) mod prompt;
pub(crate) mod resource;
pub(crate) mod rule;
pub(crate) mod server;
mod template;
mod time;
pub(crate) mod tool;

pub(crate) use server::check;
