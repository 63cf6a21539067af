//! The URI of `#[resource]`: fixed, or an RFC 6570 level 1 template, read as the runtime reads it.

use mcp_auth_core::{InvalidTemplate, UriTemplate};

/// The variables of a URI, in order; empty if the URI is fixed.
///
/// # Errors
/// A message that says what is wrong and how to correct it.
pub(crate) fn variables(uri: &str) -> Result<Vec<String>, String> {
    match UriTemplate::parse(uri) {
        Ok(template) => Ok(template.variables().map(str::to_owned).collect()),
        Err(wrong) => Err(message(&wrong)),
    }
}

/// The message for a compile error, which speaks about the text in the attribute.
fn message(wrong: &InvalidTemplate) -> String {
    match wrong {
        InvalidTemplate::NoScheme => {
            "a URI begins with a scheme, like `todo://{id}` (RFC 3986 §3.1)".to_owned()
        }
        InvalidTemplate::RepeatedVariable(name) => {
            format!("the variable `{name}` is in the URI twice; name each once")
        }
        InvalidTemplate::Character(c) => {
            format!("a URI cannot contain {c:?} (RFC 3986 §2); percent-encode it")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::variables;

    #[test]
    fn variables_are_named_in_order() {
        assert_eq!(variables("todo://{list}/{id}").unwrap_or_default(), ["list", "id"]);
        assert_eq!(variables("todo://all?x=%20").unwrap_or_default(), [""; 0]);
        assert!(variables("t://{name}.txt").is_ok());
    }

    #[test]
    fn what_the_runtime_refuses_does_not_compile() {
        for wrong in [
            "t://{+x}",
            "t://{/x}",
            "t://{?x}",
            "t://{a,b}",
            "t://{x*}",
            "t://{x:3}",
            "t://{}",
            "t://{1}",
            "t://{x",
            "t://x}",
            "t://{{x}}",
            "t://{a{b}",
            "",
            "{id}",
            "{s}://x",
            "//x/{id}",
            "1t://x",
            ":x",
            "t://{a}/{a}",
            "t://{a}{b}",
            "t://{a}-{b}",
            "t://a b",
            "t://é{x}",
        ] {
            assert!(variables(wrong).is_err(), "{wrong}");
        }
    }
}
