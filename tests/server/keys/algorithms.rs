//! Algorithms: bound to each key, and only those that it says or the issuer is set to.

use jsonwebtoken::Algorithm;
use serde_json::Value;

use super::trust::{assert_invalid, assert_read, read_note, token, trusting};
use crate::authorization_server::{AuthorizationServer, Key};
use crate::everything::Everything;

const EVERY_ALGORITHM: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Which algorithms pass.
type Accepts = fn(Algorithm) -> bool;

fn key_of_each_algorithm() -> Vec<Key> {
    EVERY_ALGORITHM.into_iter().map(|alg| Key::new(alg, &format!("{alg:?}"))).collect()
}

#[tokio::test]
async fn t17_every_algorithm_is_accepted_and_only_with_a_key_that_is_bound_to_it() {
    let keys = key_of_each_algorithm();
    let issuer = AuthorizationServer::with_keys(&keys.iter().collect::<Vec<_>>()).await;
    let everything = Everything::default();
    let all = "algorithms = [\"RS256\", \"RS384\", \"RS512\", \"PS256\", \"PS384\", \"PS512\", \"ES256\", \"ES384\", \"EdDSA\"]";
    let server = trusting(&everything, &issuer, all).await;
    for key in &keys {
        assert_read(&read_note(&server, token(&server, &issuer, key)).await, &key.kid);
    }
    let ran = everything.ran();
    assert_eq!(ran, keys.len());
    for key in &keys {
        for other in keys.iter().filter(|other| other.kid != key.kid) {
            let confused = token(&server, &issuer, &key.called(&other.kid));
            let case = format!("{:?} with the kid of {}", key.alg, other.kid);
            assert_invalid(&read_note(&server, confused).await, &case);
        }
    }
    assert_eq!(everything.ran(), ran);
}

#[tokio::test]
async fn t03_algorithms_that_neither_the_issuer_is_set_to_nor_its_key_says_are_refused() {
    let keys = key_of_each_algorithm();
    let said: Vec<Value> = keys.iter().map(Key::jwk).collect();
    let silent: Vec<Value> = keys.iter().map(Key::bare_jwk).collect();
    let default: Accepts = |alg| matches!(alg, Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA);
    let listed: Accepts = |alg| matches!(alg, Algorithm::PS256 | Algorithm::ES384);
    let cases: [(&[Value], &str, Accepts); 4] = [
        (&said, "", |_| true),
        (&silent, "", default),
        (&said, "algorithms = [\"PS256\", \"ES384\"]", listed),
        (&silent, "algorithms = [\"PS256\", \"ES384\"]", listed),
    ];
    for (published, settings, is_accepted) in cases {
        let issuer = AuthorizationServer::with_keys(&[]).await;
        issuer.publish_jwks(published.to_vec());
        let everything = Everything::default();
        let server = trusting(&everything, &issuer, settings).await;
        for key in &keys {
            let answer = read_note(&server, token(&server, &issuer, key)).await;
            match is_accepted(key.alg) {
                true => assert_read(&answer, &key.kid),
                false => assert_invalid(&answer, &key.kid),
            }
        }
        assert_eq!(everything.ran(), keys.iter().filter(|key| is_accepted(key.alg)).count(), "{settings}");
    }
}
