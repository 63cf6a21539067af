//! A password from standard input: arguments are kept by shells and shown in process lists.

use std::io::Read;

use mcp_auth_core::SecretText;

use crate::Failure;

/// The longest that is read, in bytes.
const LONGEST: u64 = 4096;

/// One line. Spaces in it belong to the password, the end of the line does not.
///
/// # Errors
/// More than one line, or what is not text.
pub(super) fn read(from: impl Read) -> Result<SecretText, Failure> {
    let mut text = String::new();
    from.take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(|_| "the password on standard input cannot be read as text")?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    match line.is_empty() || line.contains('\n') || text.len() as u64 > LONGEST {
        true => Err("standard input has to be one line, which is the password".into()),
        false => Ok(SecretText::new(line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line_with_its_spaces() {
        for (text, password) in [("a b ", "a b "), (" a\n", " a"), ("a\r\n", "a"), ("\u{e4}", "\u{e4}")] {
            assert_eq!(read(text.as_bytes()).unwrap().expose(), password, "{text:?}");
        }
        for bad in ["", "\n", "a\nb", "a\n\n", &"a".repeat(5000)] {
            assert!(read(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(read([0xff_u8].as_slice()).is_err());
    }
}
