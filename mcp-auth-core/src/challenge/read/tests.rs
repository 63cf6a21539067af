use http::HeaderValue;

use super::super::{BearerError, Challenge};
use super::*;
use crate::{LoginTerms, ScopeSet};

fn read(fields: &[&'static str]) -> Result<Vec<ReceivedChallenge>, Malformed> {
    let mut headers = HeaderMap::new();
    for field in fields {
        headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(field));
    }
    Reading::of(&headers).strictly()
}

#[test]
fn what_we_write_we_read() {
    const METADATA: &str = "https://todos.example.com/.well-known/oauth-protected-resource/mcp";
    let description = "say \"no\", \\ or\r\nscope=\"admin\" é";
    let errors = [
        BearerError::InvalidRequest,
        BearerError::InvalidToken,
        BearerError::InsufficientScope,
        BearerError::InsufficientUserAuthentication,
        BearerError::InvalidDpopProof,
        BearerError::UseDpopNonce,
    ];
    for error in errors.map(Some).into_iter().chain([None]) {
        for scopes in ["", "todos.read", "a b https://x/y !#"] {
            for scheme in [Scheme::Bearer, Scheme::Dpop { algs: "ES256 EdDSA".to_owned() }] {
                let written = Challenge {
                    scheme: scheme.clone(),
                    error: error.map(|error| (error, description.to_owned())),
                    scopes: ScopeSet::parse_lossy(scopes),
                    login: LoginTerms::NONE,
                };
                let header = written.header(Some(METADATA));
                let all = Reading::of_field(header.to_str().unwrap()).strictly().unwrap();
                let [read] = all.as_slice() else { panic!("{all:?}") };
                assert_eq!(read.scheme(), scheme.name());
                assert_eq!(read.error(), error.map(BearerError::code));
                assert_eq!(read.get("error_description").is_some(), error.is_some());
                assert_eq!(
                    read.scopes().into_iter().collect::<Vec<_>>().join(" "),
                    written.scopes.to_string()
                );
                assert_eq!(read.resource_metadata(), Some(METADATA));
                assert_eq!(read.get("algs"), (scheme != Scheme::Bearer).then_some("ES256 EdDSA"));
            }
        }
    }
}

#[test]
fn several_challenges_in_one_field_and_in_several_are_told_apart() {
    let all = read(&[
        r#"Basic realm="a, b", Bearer scope="a  b", resource_metadata="https://x/y""#,
        "Negotiate YWJj==, DPoP algs=\"ES256\"",
    ])
    .unwrap();
    let schemes: Vec<&str> = all.iter().map(ReceivedChallenge::scheme).collect();
    assert_eq!(schemes, ["Basic", "Bearer", "Negotiate", "DPoP"]);
    assert_eq!(all[0].get("realm"), Some("a, b"));
    assert_eq!(all[1].scopes(), ["a", "b"]);
    assert_eq!(all[1].get("Resource_Metadata"), Some("https://x/y"));
    assert_eq!(all[2].parameters, []);
}

#[test]
fn a_scheme_alone_spaces_around_the_sign_and_escapes_are_fine() {
    let all = read(&[r#"bearer , Basic realm = "say \"hi\"""#]).unwrap();
    assert!(all[0].is_bearer());
    assert_eq!(all[1].get("realm"), Some("say \"hi\""));
    assert_eq!(read(&[]).unwrap(), []);
    assert_eq!(read(&["Bearer scope=todos.read"]).unwrap()[0].scopes(), ["todos.read"]);
}

#[test]
fn what_is_malformed_is_named() {
    for (field, what) in [
        ("Bearer resource_metadata=https://x/y", "needs quotation marks"),
        (r#"Bearer scope="a", scope="b""#, "twice"),
        (r#"Bearer scope="a", SCOPE="b""#, "twice"),
        (r#"Bearer scope="a"#, "does not end"),
        (r#"Bearer scope="a\"#, "does not end"),
        (r#"scope="a""#, "before any scheme"),
        (r#"Bearer error="a" scope="b""#, "without a comma"),
        ("Bearer: x", "ends no scheme name"),
        ("Bearer realm=\"x\", scope=", "no value"),
        ("{}", "begins no name"),
    ] {
        let error = read(&[field]).unwrap_err().to_string();
        assert!(error.contains(what), "{field}: {error}");
        assert_eq!(ReceivedChallenge::parse(field), None, "{field}");
    }
    let mut headers = HeaderMap::new();
    headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_bytes(b"Bearer realm=\"\xe9\"").unwrap());
    assert!(Reading::of(&headers).strictly().unwrap_err().to_string().contains("printable ASCII"));
}

#[test]
fn reading_goes_on_behind_what_is_malformed() {
    for (field, name, value) in [
        ("Bearer resource_metadata=https://x/y, scope=\"a\"", "resource_metadata", "https://x/y"),
        ("Bearer resource_metadata=https://x/y, scope=\"a\"", "scope", "a"),
        (r#"Bearer scope="a", scope="b", error="c""#, "scope", "a"),
        (r#"Bearer scope="a", scope="b", error="c""#, "error", "c"),
        (r#"Bearer error="a" scope="b""#, "scope", "b"),
        (r#"{}, Bearer scope="a"#, "scope", "a"),
        (r#"x="y", Bearer scope="a""#, "scope", "a"),
    ] {
        let reading = Reading::of_field(field);
        assert!(reading.malformed.is_some(), "{field}");
        assert_eq!(reading.bearer().and_then(|bearer| bearer.get(name)), Some(value), "{field}");
    }
}

#[test]
fn of_several_bearer_challenges_the_one_that_names_the_metadata_counts() {
    let reading = Reading::of_field(r#"Bearer, Basic realm="x", BEARER resource_metadata="https://x/y""#);
    assert_eq!(reading.bearer().and_then(|bearer| bearer.resource_metadata()), Some("https://x/y"));
    assert_eq!(Reading::of_field("Bearer, Bearer").bearer().map(ReceivedChallenge::scheme), Some("Bearer"));
    assert_eq!(Reading::of_field(r#"Basic realm="Bearer resource_metadata""#).bearer(), None);
    assert_eq!(ReceivedChallenge::parse("Bearer, Basic realm=\"x\""), None, "one challenge is one");
}

#[test]
fn hostile_fields_neither_panic_nor_take_long() {
    let many: String = (0..20_000).map(|number| format!("p{number}=x,")).collect();
    let reading = Reading::of_field(&format!("Bearer {many}"));
    assert_eq!(reading.challenges[0].parameters.len(), MAX_PARAMETERS);
    assert!(reading.malformed.is_some());

    let alphabet: Vec<char> = "Bearer=\"\\, \t=,\"aé\u{0}{}~+/".chars().collect();
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let field: String = (0..40)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                alphabet[usize::try_from(state >> 33).unwrap() % alphabet.len()]
            })
            .collect();
        let reading = Reading::of_field(&field);
        let characters: usize = reading
            .challenges
            .iter()
            .flat_map(|challenge| &challenge.parameters)
            .map(|(name, value)| name.len() + value.len())
            .sum();
        assert!(characters <= field.len(), "nothing is made up: {field:?}");
    }
}
