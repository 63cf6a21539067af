use mcp_auth::prelude::*;
use mcp_auth::{schemars, serde};

struct Files;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Place {
    bucket: String,
}

#[server(scope = "files.list")]
impl Files {
    #[tool(any_of = [["files:{bucket}:read"], ["files.admin"]], role = "staff")]
    async fn read(&self, Parameters(place): Parameters<Place>) -> String {
        place.bucket
    }

    #[prompt(scopes = ["files.list", "files:{bucket}:read"])]
    async fn explain(&self, Parameters(place): Parameters<Place>) -> String {
        place.bucket
    }

    #[resource(uri = "bucket://{bucket}", any_scope = ["files:{bucket}:read", "files.admin"])]
    async fn bucket(&self, bucket: String) -> String {
        bucket
    }
}

fn main() {}
