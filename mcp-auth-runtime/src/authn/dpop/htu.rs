//! Which URI a proof is for (RFC 9449 §4.3, check 9): ours as the configuration says it, never as `Host` does.

use url::Url;

/// The longest `htu` that is looked at, in bytes.
const MAX_BYTES: usize = 2048;

/// The URI of this server: no query, no fragment, in normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Htu(String);

impl Htu {
    /// Reads a URI, its query and fragment left out, in the normal form of RFC 3986 §6.2.2 and §6.2.3.
    pub(super) fn read(text: &str) -> Option<Self> {
        // `Url` forgives what another reader does not.
        let is_plain = text.len() <= MAX_BYTES && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        let scheme = text.split_once("://")?.0;
        let is_http = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
        if !is_plain || !is_http {
            return None;
        }
        let mut url: Url = text.parse().ok()?;
        if !url.username().is_empty() || url.password().is_some() || text.split('/').nth(2)?.contains('@') {
            return None;
        }
        url.set_query(None);
        url.set_fragment(None);
        let path = unreserved_decoded(url.path());
        url.set_path(&path);
        Some(Self(url.into()))
    }
}

/// A path in which unreserved characters stand as themselves, and escapes in upper case.
fn unreserved_decoded(path: &str) -> String {
    let mut parts = path.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let escaped = part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                out.push(char::from(byte));
                out.push_str(&part[2..]);
            }
            Some(_) => {
                out.push('%');
                out.push_str(&part[..2].to_ascii_uppercase());
                out.push_str(&part[2..]);
            }
            None => {
                out.push('%');
                out.push_str(part);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_spellings_of_one_uri_are_equal_and_other_uris_are_not() {
        let own = Htu::read("https://todos.example/mcp").unwrap();
        for same in [
            "https://todos.example:443/mcp",
            "HTTPS://Todos.Example/mcp",
            "https://todos.example/mcp?x=1",
            "https://todos.example/mcp#f",
            "https://todos.example/%6dcp",
            "https://todos.example/a/../mcp",
        ] {
            assert_eq!(Htu::read(same).as_ref(), Some(&own), "{same}");
        }
        for other in [
            "http://todos.example/mcp",
            "https://todos.example:8443/mcp",
            "https://todos.example/mcp/",
            "https://todos.example/MCP",
            "https://todos.example/",
            "https://todos.example",
            "https://todos.example/mcp%2f",
            "https://evil.example/mcp",
            "https://todos.example.evil/mcp",
        ] {
            assert!(Htu::read(other).is_some_and(|other| other != own), "{other}");
        }
    }

    #[test]
    fn what_only_a_forgiving_reader_takes_for_a_uri_is_refused() {
        for bad in [
            "",
            "/mcp",
            "todos.example/mcp",
            "https:todos.example/mcp",
            "https:\\\\todos.example\\mcp",
            " https://todos.example/mcp",
            "https://todos.example/m\tcp",
            "https://a@todos.example/mcp",
            "https://a:b@todos.example/mcp",
            "https://@todos.example/mcp",
            "ftp://todos.example/mcp",
            "https://tödos.example/mcp",
        ] {
            assert_eq!(Htu::read(bad), None, "{bad}");
        }
    }
}
