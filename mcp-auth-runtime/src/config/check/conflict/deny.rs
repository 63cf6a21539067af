//! `[[auth.deny]]`: who is refused all the same.

/// What is not safe in `[[auth.deny]]`. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DenyConflict {
    /// A table of `[[auth.deny]]` that is about nothing.
    #[error("the table denies nothing: say whom, or remove it: {at}")]
    DeniesNothing {
        /// Key and source.
        at: String,
    },
    /// A name in `[[auth.deny]]` that another issuer may have given to somebody else.
    #[error("{key} is denied without issuer: say whose {key} it is: {at}")]
    DenyWithoutIssuer {
        /// The key.
        key: &'static str,
        /// Key and source.
        at: String,
    },
    /// A table of `[[auth.deny]]` that can be true of no credential.
    #[error("api_key and a condition on tokens cannot both hold: write two tables: {at}")]
    DenyKeyAndToken {
        /// Key and source.
        at: String,
    },
}
