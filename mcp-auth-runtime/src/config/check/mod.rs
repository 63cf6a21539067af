//! What each value allows and all together do not: every combination that is not safe stops the start, by name.

mod conflict;
mod run;
#[cfg(test)]
mod tests;

pub use conflict::Conflict;
pub use run::Checked;
