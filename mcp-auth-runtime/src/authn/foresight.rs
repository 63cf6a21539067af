//! What can be said of a credential before anyone is asked about it, for those who check a configuration.

use super::error::TokenError;
use super::identity::Identity;
use super::principal::Via;

/// What a server would say of a credential, as far as that can be told without asking anyone. It allows nothing: only a server
/// that has started does.
#[derive(Debug)]
pub(crate) enum Foresight {
    /// Only a server that has started can tell: whoever judges this kind of credential has to be asked.
    Asks(Via),
    /// It would be refused: everything that is wrong with it.
    Refused(Vec<TokenError>),
    /// It would be accepted.
    Accepted {
        /// As whom.
        who: Identity,
        /// Whether nothing is left to check. Else its signature is, by keys that are yet to be fetched.
        is_whole: bool,
        /// Whether each request brings a proof (DPoP) beside it, which is supposed to be good.
        owes_proof: bool,
    },
}
