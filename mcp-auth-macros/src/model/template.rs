//! The URI of `#[resource]`: fixed, or an RFC 6570 level 1 template. The runtime reads the same grammar.

/// The variables of a URI, in order; none of a fixed one.
///
/// # Errors
/// What is wrong, and what would do.
pub(crate) fn variables(uri: &str) -> Result<Vec<String>, String> {
    if !has_scheme(uri) {
        return Err("a URI begins with a scheme, like `todo://{id}` (RFC 3986 §3.1)".to_owned());
    }
    let unpaired = || "`{` and `}` in a URI template come in pairs, like `{id}`".to_owned();
    let mut variables: Vec<String> = Vec::new();
    // Whether some character since the last variable can be in no value.
    let mut separated = true;
    let mut rest = uri;
    while let Some(first) = rest.chars().next() {
        match first {
            '{' => {
                let end = rest[1..].find(['{', '}']).ok_or_else(unpaired)? + 1;
                if !rest[end..].starts_with('}') {
                    return Err(unpaired());
                }
                let name = &rest[1..end];
                if !is_variable_name(name) {
                    return Err(format!(
                        "`{{{name}}}` is not a plain variable; only RFC 6570 level 1 is served, like `{{id}}`"
                    ));
                }
                if variables.iter().any(|known| known == name) {
                    return Err(format!("the variable `{name}` is in the URI twice; name each once"));
                }
                if let Some(previous) = variables.last().filter(|_| !separated) {
                    return Err(format!(
                        "where `{{{previous}}}` ends and `{{{name}}}` begins is not certain; put a character between \
                         them that no value holds, like `/`"
                    ));
                }
                variables.push(name.to_owned());
                separated = false;
                rest = &rest[end + 1..];
            }
            '}' => return Err(unpaired()),
            c if c.is_ascii_alphanumeric() || "-._~%".contains(c) => rest = &rest[1..],
            c if ":/?#[]@!$&'()*+,;=".contains(c) => {
                separated = true;
                rest = &rest[1..];
            }
            c => {
                return Err(format!("a URI cannot contain {c:?} (RFC 3986 §2); percent-encode it"));
            }
        }
    }
    Ok(variables)
}

fn has_scheme(uri: &str) -> bool {
    uri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

fn is_variable_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
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

    /// The cases of the runtime's own test: a URI that passes here must pass there.
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
