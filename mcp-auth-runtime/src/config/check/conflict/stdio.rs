//! `[stdio]`: who the caller is there.

/// What is not safe in `[stdio]`. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StdioConflict {
    /// A credential that could be for any server.
    #[error(
        "a stdio credential needs server.public_url or stdio.audience, or it could be for any server: {at}"
    )]
    StdioAudienceMissing {
        /// Key and source.
        at: String,
    },
    /// Which of two credentials would count?
    #[error("credential and credential_command are both set: remove one of them: {at}")]
    TwoStdioCredentials {
        /// Key and source.
        at: String,
    },
}
