//! The error of a server's `main`: any error by `?`, printed for people.

use std::error::Error as StdError;
use std::fmt;

/// What a server's `main` returns.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Any error, by `?`. Its `Debug` is the message for people, with the causes below it, so that
/// `fn main() -> mcp_auth::Result` prints well; the exit code is then 1.
///
/// # Example
/// ```
/// fn start() -> mcp_auth_runtime::facade::Result {
///     let _port: u16 = "http".parse()?;
///     Ok(())
/// }
/// assert_eq!(format!("{:?}", start().unwrap_err()), "invalid digit found in string");
/// ```
pub struct Error(Box<dyn StdError + Send + Sync>);

impl Error {
    /// The error behind it, for one who wants to know more.
    pub fn inner(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0
    }
}

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for Error {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(next) = cause {
            write!(f, "\n  because: {next}")?;
            cause = next.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the door is closed")]
    struct Closed(#[source] std::num::ParseIntError);

    #[test]
    fn debug_is_the_message_with_its_causes() {
        let error = Error::from(Closed("x".parse::<u8>().unwrap_err()));
        assert_eq!(format!("{error:?}"), "the door is closed\n  because: invalid digit found in string");
        assert_eq!(error.to_string(), "the door is closed");
        assert!(error.inner().is::<Closed>());
    }

    #[test]
    fn text_and_boxes_are_errors_too() {
        fn text() -> Result {
            Err("no luck")?
        }
        fn boxed() -> Result {
            Err(Box::<dyn StdError + Send + Sync>::from("no luck"))?
        }
        assert_eq!(format!("{:?}", text().unwrap_err()), "no luck");
        assert_eq!(format!("{:?}", boxed().unwrap_err()), "no luck");
    }
}
