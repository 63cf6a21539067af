//! What an operation may answer, by its kind: `tool`, `prompt`, `resource`, `method`. `schema` is what lists
//! say of a tool's answer, and to whom.

mod asked;
mod method;
mod prompt;
mod resource;
pub(crate) mod schema;
mod tool;

pub use asked::Asked;
pub use method::IntoMethodAnswer;
pub use prompt::IntoPromptAnswer;
pub use resource::IntoResourceAnswer;
pub use tool::IntoToolAnswer;
