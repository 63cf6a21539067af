//! What an operation may answer, by its kind: `tool`, `prompt`, `resource`, `method`; `media` makes content of bytes.
//! `schema` is what lists say of a tool's answer, and to whom.

mod asked;
mod media;
mod method;
mod prompt;
mod resource;
pub(crate) mod schema;
mod tool;

pub use asked::Asked;
pub use media::{audio, image};
pub use method::IntoMethodAnswer;
pub use prompt::IntoPromptAnswer;
pub use resource::IntoResourceAnswer;
pub use tool::IntoToolAnswer;
