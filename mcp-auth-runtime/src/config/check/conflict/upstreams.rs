//! `[upstreams]`: the providers that people log in at or connect accounts at.

use std::borrow::Cow;

use super::hint::hint;

/// What is not safe in `[upstreams]`. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamConflict {
    /// `issuer.login` names none of them.
    #[error("login is {login:?}, and there is no [upstreams.{login}]{}; {there}: {at}", hint(nearest.as_deref()))]
    Unknown {
        /// What it names.
        login: String,
        /// Which word was most likely meant.
        nearest: Option<String>,
        /// Those that are there, and what else can be written.
        there: String,
        /// Key and source.
        at: String,
    },
    /// One that nobody logs in at, and no tool acts at.
    #[error(
        "nobody logs in at the upstream {name:?}, and no tool acts there: write login = {name:?} in [issuer], or name it in a tool (upstream = {name:?}), which needs [issuer], or remove the table: {at}"
    )]
    Unused {
        /// Its name.
        name: String,
        /// Key and source.
        at: String,
    },
    /// What is said of one does not suffice, or not fit together.
    #[error("upstream {name:?}: {why}: {at}")]
    Unfit {
        /// Its name.
        name: String,
        /// What is missing or wrong, and what to write.
        why: Cow<'static, str>,
        /// Key and source.
        at: String,
    },
}
