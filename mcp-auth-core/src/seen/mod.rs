//! Text from outside, made visible and short. All of it is treated alike: a request, a server's answer, a token, a
//! file name.
//!
//! - `effect`: the one list of characters that do something to the text around them.
//! - `show`: on a terminal, in a log, in JSON, in quotation marks, as a name on a page.
//! - `exact`: in JSON, for a person who says yes to exactly this.
//! - `short`: cut to a length.
//! - `excerpt`: both, kept for the log.

mod effect;
mod exact;
mod excerpt;
mod short;
mod show;

pub use exact::exact_json;
pub use excerpt::Excerpt;
pub use short::{cut, cut_to_bytes, echoed, excerpt, head};
pub use show::{deceives, plain, quote, shown, shown_json, shown_line, shown_lines};
