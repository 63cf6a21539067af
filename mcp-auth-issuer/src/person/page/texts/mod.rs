//! What the pages of the issuer say.
//!
//! - `each`: every text, and what it is for. A text that a language does not have does not compile.
//! - `errors`: what the pages say on which something ended.
//! - `en`, `de`: a file for each language.

mod de;
mod each;
mod en;
mod errors;

pub(crate) use each::Texts;
pub(crate) use errors::Errors;
