//! What the pages of a server say.
//!
//! - `each`: every text, and what it is for. A text that a language does not have does not compile.
//! - `en`, `de`: a file for each language.

mod de;
mod each;
mod en;

pub(super) use each::Texts;
