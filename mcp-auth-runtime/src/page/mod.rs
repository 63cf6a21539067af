//! Pages for people: plain HTML and one style sheet; nothing is loaded from elsewhere, and every page can be used without JavaScript.
//!
//! - `frame`: what is around every page, and the headers that protect it. The pages of the built-in issuer have the same.
//! - `brand` with `color` and `logo`: what an operator makes their own.
//! - `language`: which language a page is in. `texts`: a file for each. `said`: a sentence with what stands in it.
//! - `connect` with `ways`: the page that says what this server is, and how applications are connected to it.

mod brand;
mod color;
mod connect;
mod frame;
mod language;
mod logo;
mod said;
mod texts;
mod ways;

pub use brand::{Brand, PAGE_STYLE};
pub(crate) use color::Color;
pub(crate) use connect::{ConnectPage, Needs, Operation};
pub(crate) use frame::Page;
pub use frame::{Frame, Script};
pub use language::Language;
pub(crate) use logo::{LARGEST_LOGO, Logo};
pub(crate) use said::placeholders;
pub use said::{said, said_plainly};
