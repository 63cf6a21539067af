//! `state`: what the client gets back with the answer (OAuth 2.1 §4.1.1).

use crate::request::Params;

/// The state. One that is repeated has no single value that could be sent back.
pub(in super::super) fn read(params: &Params) -> Option<String> {
    params.get("state").filter(|_| params.count("state") == 1).map(str::to_owned)
}
